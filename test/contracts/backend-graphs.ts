import { GraphBuilder } from '../../src/graph/builder.js';
import type { NetworkGraph, NodeId, Shape, WeightKey } from '../../src/graph/network-graph.js';

export const key = (name: string): WeightKey => name as WeightKey;

/** Adds the op under test behind `x`. */
export type Build = (builder: GraphBuilder, x: NodeId) => NodeId;

export const conv =
  (
    name: string,
    out: number,
    window: { kernel: number; stride?: number; padding?: number; dilation?: number; bias?: boolean },
  ): Build =>
  (builder, x) => {
    const {
      kernel,
      stride = 1,
      dilation = 1,
      padding = (dilation * (kernel - 1)) / 2,
      bias = false,
    } = window;
    const weights = bias ? { kernel: key(name), bias: key(`${name} bias`) } : { kernel: key(name) };
    return builder.add('conv', [x], { kernel, stride, padding, dilation, out, bias }, weights);
  };

export const depthwise =
  (name: string, window: { kernel: number; stride?: number; padding?: number; dilation?: number }): Build =>
  (builder, x) => {
    const { kernel, stride = 1, dilation = 1, padding = (dilation * (kernel - 1)) / 2 } = window;
    return builder.add('depthwise', [x], { kernel, stride, padding, dilation }, { kernel: key(name) });
  };

export const norm =
  (name: string, affine = true): Build =>
  (builder, x) => {
    const trained = affine ? { gamma: key(`${name} γ`), beta: key(`${name} β`) } : {};
    return builder.add(
      'batch_norm',
      [x],
      { affine, epsilon: 1e-3 },
      { ...trained, statistics: key(`${name} s`) },
    );
  };

export const relu: Build = (builder, x) => builder.add('relu', [x], {});

export const chain =
  (...builds: readonly Build[]): Build =>
  (builder, x) =>
    builds.reduce((node, build) => build(builder, node), x);

export const sum =
  (...builds: readonly Build[]): Build =>
  (builder, x) =>
    builder.add(
      'add',
      builds.map((build) => build(builder, x)),
      {},
    );

export const concat =
  (...builds: readonly Build[]): Build =>
  (builder, x) =>
    builder.add(
      'concat',
      builds.map((build) => build(builder, x)),
      {},
    );

/** Feed `image` → op → global pool → 3 classes → loss. A convolution in front makes `x` depend on a weight. */
export function classifier(shape: Shape, build: Build): NetworkGraph {
  const builder = new GraphBuilder();
  const image = builder.input('image', shape);
  const labels = builder.input('labels', []);
  const x = conv('front', shape[2]!, { kernel: 1 })(builder, image);
  const y = build(builder, x);
  const pooled = builder.shape(y).length === 3 ? builder.add('global_pool', [y], {}) : y;
  const head = { kernel: key('head'), bias: key('head bias') };
  const logits = builder.add('linear', [pooled], { out: 3, bias: true }, head);
  const loss = builder.add('cross_entropy', [logits, labels], { smoothing: 0.1 });
  return builder.build({ logits, loss, y });
}

const pool =
  (op: 'max_pool' | 'avg_pool', window: { kernel: number; stride: number; padding: number }): Build =>
  (builder, x) =>
    builder.add(op, [x], window);

const activation =
  (op: 'tanh' | 'sigmoid'): Build =>
  (builder, x) =>
    builder.add(op, [x], {});

const shift =
  (rows: number, columns: number): Build =>
  (builder, x) =>
    builder.add('shift', [x], { rows, columns });

const slice =
  (from: number, to: number): Build =>
  (builder, x) =>
    builder.add('slice', [x], { from, to });

const zero =
  (stride: number): Build =>
  (builder, x) =>
    builder.add('zero', [x], { stride });

const identity: Build = (_, x) => x;

/** A square of `x` in the middle of two branches: read twice by one op. */
const square: Build = (builder, x) => builder.add('mul', [x, x], {});

/** The relu's result read by a convolution, a pool and a sum: its gradient is masked in three ways. */
const reluWithThreeReaders: Build = (builder, x) => {
  const y = relu(builder, norm('n')(builder, x));
  const filtered = conv('c', builder.shape(x)[2]!, { kernel: 3 })(builder, y);
  const pooled = pool('max_pool', { kernel: 3, stride: 1, padding: 1 })(builder, y);
  return builder.add('add', [filtered, pooled, y], {});
};

/** A state that a concat and a later op read, as in a cell. */
const cell: Build = (builder, x) => {
  const channels = builder.shape(x)[2]!;
  const half = (name: string): Build =>
    chain(relu, depthwise(`${name} dw`, { kernel: 3 }), conv(name, channels, { kernel: 1 }), norm(name));
  const a = half('a')(builder, x);
  const b = builder.add('add', [a, half('b')(builder, x)], {});
  const c = builder.add('add', [half('c')(builder, b), b], {});
  const joined = builder.add('concat', [a, b, c], {});
  return norm('after')(builder, conv('out', channels, { kernel: 1 })(builder, relu(builder, joined)));
};

/** Two convolutions of one input with one dy: their gradients must not be mixed up. */
const twins: Build = sum(conv('left', 5, { kernel: 3 }), chain(relu, conv('right', 5, { kernel: 3 })));

/** Every primitive op, in the forms that planners treat differently; `channels` is that of the op's input. */
export function opCases(channels: number): Readonly<Record<string, Build>> {
  return {
    'conv 1×1': conv('c', 5, { kernel: 1 }),
    'conv 1×1 of a relu': chain(relu, conv('c', 5, { kernel: 1 })),
    'conv 1×1 stride 2': conv('c', 16, { kernel: 1, stride: 2 }),
    'conv 3×3 with bias': conv('c', 9, { kernel: 3, bias: true }),
    'conv 3×3 stride 2': chain(relu, conv('c', 8, { kernel: 3, stride: 2 })),
    'conv 3×3 without padding': conv('c', 4, { kernel: 3, padding: 0 }),
    'conv 5×5 dilated': conv('c', 8, { kernel: 5, dilation: 2 }),
    'depthwise 3×3': depthwise('d', { kernel: 3 }),
    'depthwise 5×5 of a relu, stride 2': chain(relu, depthwise('d', { kernel: 5, stride: 2 })),
    'depthwise 3×3 dilated, stride 2': depthwise('d', { kernel: 3, stride: 2, dilation: 2 }),
    'depthwise 5×5 dilated': depthwise('d', { kernel: 5, dilation: 2 }),
    batch_norm: chain(norm('n'), activation('tanh')),
    'batch_norm without affine': chain(norm('n', false), activation('tanh')),
    'batch_norm of a batch_norm': chain(norm('m'), norm('n'), activation('sigmoid')),
    'batch_norm of a relu': chain(relu, norm('n'), relu),
    'batch_norm between convolutions': chain(
      conv('c', 8, { kernel: 3 }),
      norm('n'),
      relu,
      conv('e', 8, { kernel: 1 }),
    ),
    'batch_norm with shared scale': chain(norm('n'), activation('tanh'), norm('n'), activation('tanh')),
    relu: relu,
    'relu read by three ops': reluWithThreeReaders,
    tanh: activation('tanh'),
    sigmoid: chain(relu, activation('sigmoid')),
    'max_pool 3×3': chain(norm('n'), pool('max_pool', { kernel: 3, stride: 1, padding: 1 })),
    'max_pool 3×3 stride 2 of a relu': chain(relu, pool('max_pool', { kernel: 3, stride: 2, padding: 1 })),
    'max_pool 2×2': pool('max_pool', { kernel: 2, stride: 2, padding: 0 }),
    'avg_pool 3×3': chain(norm('n'), pool('avg_pool', { kernel: 3, stride: 1, padding: 1 })),
    'avg_pool 3×3 stride 2 of a relu': chain(relu, pool('avg_pool', { kernel: 3, stride: 2, padding: 1 })),
    shift: chain(shift(1, -1), relu),
    zero: sum(zero(1), identity),
    'conv of zero': sum(chain(zero(1), conv('c', channels, { kernel: 3, bias: true })), identity),
    'sum of equal inputs': sum(relu, relu),
    'sum of three': sum(identity, chain(norm('n'), relu), conv('c', channels, { kernel: 3 })),
    mul: square,
    sub: (builder, x) => builder.add('sub', [relu(builder, x), norm('n')(builder, x)], {}),
    mean: (builder, x) => builder.add('mean', [x, relu(builder, x), norm('n')(builder, x)], {}),
    concat: concat(relu, norm('n'), conv('c', 5, { kernel: 1 })),
    'concat read by batch_norm and relu': chain(
      concat(identity, conv('c', 8, { kernel: 1 })),
      norm('n'),
      relu,
    ),
    'slice of whole blocks': (builder, x) => slice(8, 16)(builder, conv('c', 24, { kernel: 1 })(builder, x)),
    'slice inside blocks': chain(slice(1, channels), activation('tanh')),
    'slices of one map': (builder, x) => {
      const wide = conv('c', 13, { kernel: 1 })(builder, x);
      return builder.add('add', [slice(0, 7)(builder, wide), slice(6, 13)(builder, wide)], {});
    },
    'global_pool of a relu': chain(relu, (builder, x) => builder.add('global_pool', [x], {})),
    'linear of a tanh': (builder, x) => {
      const pooled = builder.add('global_pool', [relu(builder, x)], {});
      const hidden = builder.add('linear', [pooled], { out: 7, bias: false }, { kernel: key('hidden') });
      return builder.add('tanh', [hidden], {});
    },
    'a weight used twice': chain(
      conv('c', channels, { kernel: 3 }),
      relu,
      conv('c', channels, { kernel: 3 }),
    ),
    'a filter used twice': sum(depthwise('d', { kernel: 3 }), chain(relu, depthwise('d', { kernel: 3 }))),
    'two convolutions with one gradient': twins,
    'convolutions of one relu, run as one': chain(
      relu,
      sum(
        chain(conv('c', 16, { kernel: 1 }), norm('n')),
        chain(conv('e', 16, { kernel: 1 }), relu),
        conv('f', 16, { kernel: 1 }),
      ),
    ),
    'strided convolutions of one relu': chain(
      relu,
      concat(conv('c', 8, { kernel: 3, stride: 2 }), conv('e', 16, { kernel: 3, stride: 2 })),
    ),
    'a cell': cell,
  };
}

/** Token → vector → classes. */
export function embeddingClassifier(): NetworkGraph {
  const builder = new GraphBuilder();
  const tokens = builder.input('tokens', []);
  const labels = builder.input('labels', []);
  const vectors = builder.add('embedding', [tokens], { vocabulary: 5, dim: 11 }, { kernel: key('table') });
  const logits = builder.add('linear', [vectors], { out: 3, bias: false }, { kernel: key('head') });
  const loss = builder.add('cross_entropy', [logits, labels], { smoothing: 0 });
  return builder.build({ logits, loss });
}

/** A main and an auxiliary head whose losses are added, the second at 0.4. */
export function twoHeads(): NetworkGraph {
  const builder = new GraphBuilder();
  const image = builder.input('image', [5, 4, 3]);
  const labels = builder.input('labels', []);
  const trunk = relu(builder, norm('trunk')(builder, conv('trunk', 8, { kernel: 3 })(builder, image)));
  const losses = ['main', 'aux'].map((name) => {
    const deeper = name === 'main' ? conv('deep', 8, { kernel: 3 })(builder, trunk) : trunk;
    const pooled = builder.add('global_pool', [deeper], {});
    const logits = builder.add(
      'linear',
      [pooled],
      { out: 3, bias: true },
      { kernel: key(name), bias: key(`${name} b`) },
    );
    return builder.add('cross_entropy', [logits, labels], { smoothing: 0 });
  });
  const scaled = builder.add('scale', [losses[1]!], { factor: 0.4 });
  return builder.build({ loss: builder.add('add', [losses[0]!, scaled], {}), main: losses[0]! });
}
