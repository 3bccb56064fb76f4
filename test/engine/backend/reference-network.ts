import type { NetworkGraph, NodeId, WeightKey } from '../../../src/graph/network-graph.js';
import { GraphBuilder } from '../../../src/graph/builder.js';

const OPS = ['sep3', 'dil3', 'sep5', 'skip', 'max', 'sep3', 'avg', 'dil5'] as const;
const INPUTS = [
  [0, 1],
  [0, 2],
  [1, 2],
  [2, 4],
] as const;

export interface ReferenceNetwork {
  readonly channels: number;
  readonly cells: number;
  readonly size: number;
  /** Ops of the 8 edges of every cell. */
  readonly ops?: readonly string[];
  readonly stemMultiplier?: number;
}

/**
 * A DARTS-like network (4 nodes a cell, two inputs each), as the speed measurements of the project use it: 272,506
 * parameters at 16 channels, 8 cells. Batch norms are affine.
 */
export function referenceNetwork(options: ReferenceNetwork): NetworkGraph {
  return new Builder(options).build();
}

class Builder {
  readonly #graph = new GraphBuilder();
  readonly #options: ReferenceNetwork;

  constructor(options: ReferenceNetwork) {
    this.#options = options;
  }

  build(): NetworkGraph {
    const graph = this.#graph;
    const { channels, cells, size, stemMultiplier = 3 } = this.#options;
    const image = graph.input('image', [size, size, 3]);
    const labels = graph.input('labels', []);
    const stem = this.#norm(this.#conv(image, 'stem', { out: channels * stemMultiplier, kernel: 3 }), 'stem');
    let [before, last] = [stem, stem];
    let out = channels;
    let wasReduction = false;
    for (let i = 0; i < cells; i++) {
      const reduces = i === Math.floor(cells / 3) || i === Math.floor((2 * cells) / 3);
      if (reduces) out *= 2;
      const next = this.#cell(`c${i}`, { before, last, out, reduces, wasReduction });
      [before, last] = [last, next];
      wasReduction = reduces;
    }
    const pooled = graph.add('global_pool', [last], {});
    const logits = graph.add(
      'linear',
      [pooled],
      { out: 10, bias: true },
      { kernel: key('fc/w'), bias: key('fc/b') },
    );
    const loss = graph.add('cross_entropy', [logits, labels], { smoothing: 0 });
    return graph.build({ logits, loss });
  }

  #cell(
    name: string,
    cell: { before: NodeId; last: NodeId; out: number; reduces: boolean; wasReduction: boolean },
  ): NodeId {
    const { before, last, out, reduces, wasReduction } = cell;
    const ops = this.#options.ops ?? OPS;
    const states = [
      this.#reluConvNorm(before, `${name}/pre0`, out, wasReduction ? 2 : 1),
      this.#reluConvNorm(last, `${name}/pre1`, out, 1),
    ];
    let edge = 0;
    for (const inputs of INPUTS) {
      const results = inputs.map((from) => {
        const stride = reduces && from < 2 ? 2 : 1;
        const op = ops[edge]!;
        return this.#op(op, states[from]!, `${name}/e${edge++}/${op}`, stride);
      });
      states.push(this.#graph.add('add', results, {}));
    }
    return this.#graph.add('concat', states.slice(2), {});
  }

  #op(op: string, x: NodeId, name: string, stride: number): NodeId {
    const kernel = op.endsWith('5') ? 5 : 3;
    if (op.startsWith('sep'))
      return this.#half(this.#half(x, `${name}/a`, kernel, stride, 1), `${name}/b`, kernel, 1, 1);
    if (op.startsWith('dil')) return this.#half(x, name, kernel, stride, 2);
    if (op === 'max')
      return this.#norm(this.#graph.add('max_pool', [x], { kernel: 3, stride, padding: 1 }), name);
    if (op === 'avg')
      return this.#norm(this.#graph.add('avg_pool', [x], { kernel: 3, stride, padding: 1 }), name);
    if (op === 'none') return this.#graph.add('zero', [x], { stride });
    return stride === 1 ? x : this.#reluConvNorm(x, name, this.#graph.shape(x)[2]!, stride);
  }

  #half(x: NodeId, name: string, kernel: number, stride: number, dilation: number): NodeId {
    const relu = this.#graph.add('relu', [x], {});
    const padding = (dilation * (kernel - 1)) / 2;
    const window = { kernel, stride, padding, dilation };
    const filtered = this.#graph.add('depthwise', [relu], window, { kernel: key(`${name}/dw`) });
    return this.#norm(this.#conv(filtered, name, { out: this.#graph.shape(x)[2]!, kernel: 1 }), name);
  }

  #reluConvNorm(x: NodeId, name: string, out: number, stride: number): NodeId {
    const relu = this.#graph.add('relu', [x], {});
    return this.#norm(this.#conv(relu, name, { out, kernel: 1, stride }), name);
  }

  #conv(x: NodeId, name: string, conv: { out: number; kernel: number; stride?: number }): NodeId {
    const { out, kernel, stride = 1 } = conv;
    const attributes = { out, kernel, stride, padding: (kernel - 1) / 2, dilation: 1, bias: false };
    return this.#graph.add('conv', [x], attributes, { kernel: key(`${name}/w`) });
  }

  #norm(x: NodeId, name: string): NodeId {
    const weights = { gamma: key(`${name}/g`), beta: key(`${name}/be`), statistics: key(`${name}/s`) };
    return this.#graph.add('batch_norm', [x], { affine: true, epsilon: 1e-5 }, weights);
  }
}

function key(name: string): WeightKey {
  return name as WeightKey;
}
