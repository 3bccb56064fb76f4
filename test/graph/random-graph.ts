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
  for (const step of network) maps.push(takeStep(builder, step, maps));
  const joined = builder.add('concat', maps.slice(-3), {});
  const pooled = builder.add('global_pool', [joined], {});
  const weights = { kernel: key('head'), bias: key('head bias') };
  const logits = builder.add('linear', [pooled], { out: 3, bias: true }, weights);
  const loss = builder.add('cross_entropy', [logits, builder.input('labels', [])], { smoothing: 0.1 });
  return builder.build({ logits, loss });
}

function takeStep(builder: GraphBuilder, step: Step, maps: readonly NodeId[]): NodeId {
  const { op, variant } = step;
  const inputs = step.from.map((i) => maps[i % maps.length]!);
  const first = inputs[0]!;
  switch (op) {
    case 'max_pool':
    case 'avg_pool':
      return builder.add(op, [first], WINDOW);
    case 'shift':
      return builder.add(op, [first], { rows: variant, columns: -1 });
    case 'zero':
      return builder.add(op, [first], { stride: 1 });
    case 'mul':
    case 'sub':
      return builder.add(op, [first, inputs.at(-1)!], {});
    case 'add':
    case 'mean':
      return builder.add(op, inputs, {});
    case 'relu':
    case 'tanh':
    case 'sigmoid':
      return builder.add(op, [first], {});
    case 'conv':
    case 'depthwise':
    case 'batch_norm':
      return takeWeightedStep(builder, op, first, variant);
  }
}

function takeWeightedStep(
  builder: GraphBuilder,
  op: 'conv' | 'depthwise' | 'batch_norm',
  input: NodeId,
  variant: number,
): NodeId {
  const name = `${op} ${variant}`;
  if (op === 'batch_norm') {
    const weights = { gamma: key(`${name} γ`), beta: key(`${name} β`), statistics: key(`${name} s`) };
    return builder.add(op, [input], { affine: true, epsilon: 1e-2 }, weights);
  }
  const weights = { kernel: key(name) };
  if (op === 'depthwise') return builder.add(op, [input], { ...WINDOW, padding: 2, dilation: 2 }, weights);
  return builder.add(op, [input], { ...WINDOW, dilation: 1, out: 2, bias: false }, weights);
}

const WINDOW = { kernel: 3, stride: 1, padding: 1 };
