import fc from 'fast-check';
import { GraphBuilder } from '../../src/graph/builder.js';
import type { NetworkGraph, NodeId, WeightKey } from '../../src/graph/network-graph.js';

export const key = (name: string): WeightKey => name as WeightKey;

/** One step of a random network: an op, where it reads and which of two weights it takes. */
export interface Step {
  readonly op: (typeof STEP_OPS)[number];
  readonly from: readonly number[];
  readonly variant: number;
}

const STEP_OPS = [
  'conv',
  'depthwise',
  'batch_norm',
  'relu',
  'tanh',
  'sigmoid',
  'max_pool',
  'avg_pool',
  'shift',
  'zero',
  'add',
  'mul',
  'sub',
  'mean',
] as const;

export const MAP = [4, 5, 2] as const;

export const steps: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.record({
    op: fc.constantFrom(...STEP_OPS),
    from: fc.array(fc.nat(99), { minLength: 1, maxLength: 3 }),
    variant: fc.nat(1),
  }),
  { minLength: 1, maxLength: 12 },
);

/** A classifier of 3 classes whose maps all have the shape `MAP`; the last steps are joined. Loss: output `loss`. */
export function networkOf(network: readonly Step[]): NetworkGraph {
  const builder = new GraphBuilder();
  const maps = [builder.input('x', MAP)];
  for (const { op, from, variant } of network) {
    const inputs = from.map((i) => maps[i % maps.length]!);
    maps.push(TAKE[op](builder, inputs, variant));
  }
  const joined = builder.add('concat', maps.slice(-3), {});
  const pooled = builder.add('global_pool', [joined], {});
  const weights = { kernel: key('head'), bias: key('head bias') };
  const logits = builder.add('linear', [pooled], { out: 3, bias: true }, weights);
  const loss = builder.add('cross_entropy', [logits, builder.input('labels', [])], { smoothing: 0.1 });
  return builder.build({ logits, loss });
}

const WINDOW = { kernel: 3, stride: 1, padding: 1 };

type Take = (builder: GraphBuilder, inputs: readonly NodeId[], variant: number) => NodeId;

const TAKE: Readonly<Record<Step['op'], Take>> = {
  conv: (b, [x], variant) =>
    b.add('conv', [x!], { ...WINDOW, dilation: 1, out: 2, bias: false }, { kernel: key(`conv ${variant}`) }),
  depthwise: (b, [x], variant) =>
    b.add('depthwise', [x!], { ...WINDOW, padding: 2, dilation: 2 }, { kernel: key(`depthwise ${variant}`) }),
  batch_norm: (b, [x], variant) => {
    const weights = {
      gamma: key(`γ ${variant}`),
      beta: key(`β ${variant}`),
      statistics: key(`s ${variant}`),
    };
    return b.add('batch_norm', [x!], { affine: true, epsilon: 1e-2 }, weights);
  },
  max_pool: (b, [x]) => b.add('max_pool', [x!], WINDOW),
  avg_pool: (b, [x]) => b.add('avg_pool', [x!], WINDOW),
  shift: (b, [x], variant) => b.add('shift', [x!], { rows: variant, columns: -1 }),
  zero: (b, [x]) => b.add('zero', [x!], { stride: 1 }),
  relu: (b, [x]) => b.add('relu', [x!], {}),
  tanh: (b, [x]) => b.add('tanh', [x!], {}),
  sigmoid: (b, [x]) => b.add('sigmoid', [x!], {}),
  mul: (b, inputs) => b.add('mul', [inputs[0]!, inputs.at(-1)!], {}),
  sub: (b, inputs) => b.add('sub', [inputs[0]!, inputs.at(-1)!], {}),
  add: (b, inputs) => b.add('add', inputs, {}),
  mean: (b, inputs) => b.add('mean', inputs, {}),
};
