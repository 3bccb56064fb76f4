import assert from 'node:assert/strict';
import type { OpAttributes, OpName, Shape } from '../../src/graph/network-graph.js';
import { ShapeError } from '../../src/graph/op.js';
import { OPS, definitionOf, shapeOf } from '../../src/graph/ops/index.js';

const window = (kernel: number, stride = 1, padding = 0, dilation = 1): OpAttributes['depthwise'] => ({
  kernel,
  stride,
  padding,
  dilation,
});
const conv = (out: number, ...of: Parameters<typeof window>): OpAttributes['conv'] => ({
  ...window(...of),
  out,
  bias: false,
});
const size = (
  height: number,
  width: number,
  channels: number,
): { height: number; width: number; channels: number } => ({
  height,
  width,
  channels,
});

describe('The table of ops', () => {
  it('lists every definition under its own name', () => {
    for (const [name, definition] of Object.entries(OPS)) assert.equal(definition.name, name);
  });
});

describe('Shapes', () => {
  function check<K extends OpName>(
    op: K,
    inputs: Shape[],
    attributes: OpAttributes[K],
    expected: Shape,
  ): void {
    it(`${op} ${JSON.stringify(attributes)} of ${JSON.stringify(inputs)} is ${JSON.stringify(expected)}`, () => {
      assert.deepEqual(shapeOf(op, inputs, attributes), expected);
    });
  }

  check('conv', [[32, 32, 3]], conv(16, 3, 1, 1), [32, 32, 16]);
  check('conv', [[32, 32, 3]], conv(16, 3, 2, 1), [16, 16, 16]);
  check('conv', [[7, 5, 3]], conv(4, 3, 2, 1), [4, 3, 4]);
  check('conv', [[7, 5, 3]], conv(4, 3, 2, 0), [3, 2, 4]);
  check('conv', [[9, 9, 1]], conv(1, 5, 1, 4, 2), [9, 9, 1]);
  check('conv', [[9, 9, 1]], conv(1, 3, 1, 0, 4), [1, 1, 1]);
  check('conv', [[1, 1, 8]], conv(2, 1, 2), [1, 1, 2]);
  check('depthwise', [[8, 8, 6]], window(5, 2, 2), [4, 4, 6]);
  check('depthwise', [[7, 7, 6]], window(3, 2, 2, 2), [4, 4, 6]);
  check('max_pool', [[5, 5, 2]], { kernel: 3, stride: 2, padding: 1 }, [3, 3, 2]);
  check('avg_pool', [[5, 6, 2]], { kernel: 3, stride: 2, padding: 0 }, [2, 2, 2]);
  check('global_pool', [[5, 6, 2]], {}, [2]);
  check('zero', [[5, 6, 2]], { stride: 2 }, [3, 3, 2]);
  check('zero', [[7]], { stride: 1 }, [7]);
  check('shift', [[5, 6, 2]], { rows: 1, columns: 1 }, [5, 6, 2]);
  check('batch_norm', [[5, 6, 2]], { affine: true, epsilon: 1e-5 }, [5, 6, 2]);
  check('batch_norm', [[9]], { affine: false, epsilon: 1e-5 }, [9]);
  check(
    'add',
    [
      [2, 2, 1],
      [2, 2, 1],
      [2, 2, 1],
    ],
    {},
    [2, 2, 1],
  );
  check('mean', [[4]], {}, [4]);
  check(
    'concat',
    [
      [2, 2, 1],
      [2, 2, 3],
    ],
    {},
    [2, 2, 4],
  );
  check('concat', [[3], [4]], {}, [7]);
  check('slice', [[2, 2, 5]], { from: 1, to: 3 }, [2, 2, 2]);
  check('unslice', [[2, 2, 2]], { from: 1, channels: 5 }, [2, 2, 5]);
  check('linear', [[64]], { out: 10, bias: true }, [10]);
  check('embedding', [[]], { vocabulary: 100, dim: 8 }, [8]);
  check('cross_entropy', [[10], []], { smoothing: 0 }, []);
  check('one', [], {}, []);
  check('conv_input_grad', [[4, 3, 8]], { ...window(3, 2, 1), ...size(7, 5, 2) }, [7, 5, 2]);
  check(
    'conv_kernel_grad',
    [
      [7, 5, 2],
      [4, 3, 8],
    ],
    window(3, 2, 1),
    [8, 2, 3, 3],
  );
  check(
    'depthwise_kernel_grad',
    [
      [7, 5, 2],
      [4, 3, 2],
    ],
    window(3, 2, 1),
    [2, 3, 3],
  );
  check(
    'max_pool_grad',
    [
      [3, 3, 2],
      [5, 5, 2],
      [3, 3, 2],
    ],
    { kernel: 3, stride: 2, padding: 1 },
    [5, 5, 2],
  );
  check('spread', [[2]], size(5, 6, 2), [5, 6, 2]);
  check('linear_kernel_grad', [[64], [10]], {}, [10, 64]);
  check('embedding_grad', [[], [8]], { vocabulary: 100 }, [100, 8]);
});

describe('Shapes that do not fit', () => {
  function check<K extends OpName>(
    op: K,
    inputs: Shape[],
    attributes: OpAttributes[K],
    message: string,
  ): void {
    it(`are refused: ${message}`, () => {
      assert.throws(
        () => shapeOf(op, inputs, attributes),
        (error) => error instanceof ShapeError && error.message === message,
      );
    });
  }

  check('conv', [[1, 1, 16]], conv(4, 5), 'conv 5×5 needs a map of at least 5×5, got 1×1×16');
  check(
    'conv',
    [[4, 9, 16]],
    conv(4, 3, 1, 1, 4),
    'conv 3×3 with dilation 4 needs a map of at least 7×7, got 4×9×16',
  );
  check('conv', [[8]], conv(4, 3), 'conv needs a feature map H×W×C, got 8');
  check(
    'conv',
    [
      [8, 8, 1],
      [8, 8, 1],
    ],
    conv(4, 3),
    'conv needs 1 input, got 2',
  );
  check(
    'add',
    [
      [32, 32, 16],
      [16, 16, 32],
    ],
    {},
    'add needs equal shapes, got 32×32×16 and 16×16×32',
  );
  check('add', [], {}, 'add needs at least one input, got none');
  check('mul', [[3]], {}, 'mul needs 2 inputs, got 1');
  check(
    'concat',
    [
      [4, 4, 2],
      [2, 2, 2],
    ],
    {},
    'concat needs maps of equal size, got 4×4×2 and 2×2×2',
  );
  check('concat', [[4, 4, 2], [2]], {}, 'concat needs maps of equal size, got 4×4×2 and 2');
  check('slice', [[4, 4, 2]], { from: 1, to: 3 }, 'slice needs channels within 0…1, got 1…2');
  check('slice', [[4, 4, 2]], { from: 1, to: 1 }, 'slice needs channels within 0…1, got 1…0');
  check('unslice', [[3]], { from: 2, channels: 4 }, 'unslice needs channels within 0…3, got 2…4');
  check('linear', [[4, 4, 2]], { out: 1, bias: false }, 'linear needs a vector, got 4×4×2');
  check(
    'batch_norm',
    [[]],
    { affine: false, epsilon: 0 },
    'batch_norm needs a feature map H×W×C or a vector, got scalar',
  );
  check(
    'embedding',
    [[3]],
    { vocabulary: 1, dim: 1 },
    'embedding needs one number per image as token, got 3',
  );
  check(
    'cross_entropy',
    [[3], [3]],
    { smoothing: 0 },
    'cross_entropy needs one number per image as label, got 3',
  );
  check('input', [], { name: 'x' }, 'The shape of an input is given, not computed');
  check(
    'max_pool',
    [[4, 4, 1]],
    { kernel: 2, stride: 1, padding: 2 },
    'max_pool needs a padding below its kernel 2, got 2',
  );
  check(
    'conv_input_grad',
    [[4, 4, 8]],
    { ...window(3, 2, 1), ...size(7, 5, 2) },
    'conv_input_grad needs dy of shape 4×3×8, got 4×4×8',
  );
  check(
    'depthwise_input_grad',
    [[4, 3, 8]],
    { ...window(3, 2, 1), ...size(7, 5, 2) },
    'depthwise_input_grad needs 2 channels in dy, got 8',
  );

  it('a window without extent is our own mistake', () => {
    assert.throws(() => shapeOf('conv', [[4, 4, 1]], conv(1, 3, 0)), /conv: the window is not valid/);
  });
});

describe('Weights', () => {
  function check<K extends OpName>(
    op: K,
    inputs: Shape[],
    attributes: OpAttributes[K],
    expected: Record<string, Shape>,
  ): void {
    it(`of ${op} ${JSON.stringify(attributes)} are ${JSON.stringify(expected)}`, () => {
      assert.deepEqual(definitionOf(op).weights?.(inputs, attributes) ?? {}, expected);
    });
  }

  check('conv', [[8, 8, 3]], conv(16, 5), { kernel: [16, 3, 5, 5] });
  check('conv', [[8, 8, 3]], { ...conv(16, 1), bias: true }, { kernel: [16, 3, 1, 1], bias: [16] });
  check('depthwise', [[8, 8, 3]], window(5), { kernel: [3, 5, 5] });
  check('batch_norm', [[8, 8, 3]], { affine: true, epsilon: 0 }, { gamma: [3], beta: [3] });
  check('batch_norm', [[8, 8, 3]], { affine: false, epsilon: 0 }, {});
  check('linear', [[7]], { out: 2, bias: true }, { kernel: [2, 7], bias: [2] });
  check('embedding', [[]], { vocabulary: 9, dim: 4 }, { kernel: [9, 4] });
  check('relu', [[7]], {}, {});
  check('conv_input_grad', [[8, 8, 4]], { ...window(3, 1, 1), ...size(8, 8, 3) }, { kernel: [4, 3, 3, 3] });
  check('linear_input_grad', [[2]], { in: 7 }, { kernel: [2, 7] });
});
