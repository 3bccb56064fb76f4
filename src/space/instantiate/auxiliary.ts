import type { GraphBuilder } from '../../graph/builder.js';
import type { NodeId } from '../../graph/network-graph.js';
import type { ExpandContext } from '../ops/composite-op.js';
import { batchNorm, convolution, linear, relu } from '../ops/layers.js';
import { keyMaker } from './chain.js';

/**
 * The auxiliary head of DARTS (`AuxiliaryHeadCIFAR`, and `…ImageNet`, which differs in the stride of the pool): relu >
 * mean 5×5 > conv 1×1 to 128 > bn > relu > conv 2×2 to 768 > bn > relu > linear. On 8×8 maps the pool has stride 3, on
 * 7×7 stride 2, as published; on other maps the pool is made as large as leaves at least 2×2, and a mean over the map
 * stands before the linear. Its norms carry γ and β always.
 */
export function expandAuxiliary(builder: GraphBuilder, input: NodeId, classes: number): NodeId {
  const context: ExpandContext = {
    builder,
    stride: 1,
    channels: 128,
    classes,
    affine: true,
    poolNorm: false,
    vocabulary: 0,
    nextKeys: keyMaker('auxiliary'),
  };
  const [height = 1, width = 1] = builder.shape(input);
  const side = Math.min(height, width);
  const kernel = Math.max(1, Math.min(5, side - 1));
  const stride = Math.max(1, Math.min(3, side - kernel));
  const pooled = builder.add('avg_pool', [relu(context, input)], { kernel, stride, padding: 0 });
  const narrow = convolution(context, pooled, 128, { kernel: 1, stride: 1 });
  const size = { kernel: Math.min(2, side), stride: 1, padding: 0 };
  const wide = convolution(context, relu(context, batchNorm(context, narrow)), 768, size);
  const features = builder.add('global_pool', [relu(context, batchNorm(context, wide))], {});
  return linear(context, features, classes);
}
