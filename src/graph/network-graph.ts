import type { Brand } from '../base/brand.js';

/**
 * A network as plain data: a directed acyclic graph of primitive ops, in topological order. Shapes leave the batch
 * out: a feature map is [H, W, C], a vector [C], a loss []. Values of feeds, weights and gradients are not in it.
 */
export interface NetworkGraph {
  /** Every node reads only nodes before it; `nodes[i].id === i`. */
  readonly nodes: readonly GraphNode[];
  /** Named results, e.g. `logits` and `loss`. */
  readonly outputs: Readonly<Record<string, NodeId>>;
}

/** Index of a node in its graph. */
export type NodeId = number;

/** [H, W, C] feature map, [C] vector, [] scalar (mean over the batch); a weight has the shape its op declares. */
export type Shape = readonly number[];

/** Name under which a weight lives in a store. Two nodes (or graphs) that name one key share one weight. */
export type WeightKey = Brand<string, 'WeightKey'>;

export type OpName = keyof OpAttributes;

/** One primitive op with its place in the graph; a union discriminated by `op`. */
export type GraphNode = { readonly [K in OpName]: NodeOf<K> }[OpName];

export interface NodeOf<K extends OpName> {
  readonly id: NodeId;
  readonly op: K;
  readonly inputs: readonly NodeId[];
  readonly attributes: OpAttributes[K];
  /** Role (`kernel`, `bias`, `gamma`, `beta`, `statistics`) → key. Empty for ops without weights. */
  readonly weights: Readonly<Record<string, WeightKey>>;
  /** Shape of the one result. */
  readonly shape: Shape;
}

/** A square window. Padding is the same on all four sides. */
export interface Window {
  readonly kernel: number;
  readonly stride: number;
  readonly padding: number;
}

export interface DilatedWindow extends Window {
  readonly dilation: number;
}

type None = Readonly<Record<string, never>>;

/**
 * The primitive ops and their attributes. H′ = floor((H + 2·padding − dilation·(kernel−1) − 1) / stride) + 1.
 * Layouts of weights are PyTorch's: conv kernel [out, in, k, k], depthwise [C, k, k], linear [out, in].
 */
export interface OpAttributes {
  /** A value from outside: images [H, W, C], class labels []. */
  readonly input: { readonly name: string };
  /** Dense convolution, `bias` optional. [H, W, C] → [H′, W′, out]. Weights: kernel, bias. */
  readonly conv: DilatedWindow & { readonly out: number; readonly bias: boolean };
  /** One k×k filter per channel. [H, W, C] → [H′, W′, C]. Weights: kernel. */
  readonly depthwise: DilatedWindow;
  /** Per channel (x − mean) / √(var + ε), then γ·x + β if `affine`. Weights: gamma, beta; `statistics` names running mean and variance. */
  readonly batch_norm: { readonly affine: boolean; readonly epsilon: number };
  readonly relu: None;
  readonly tanh: None;
  readonly sigmoid: None;
  /** Maximum over the window; outside counts as −∞. */
  readonly max_pool: Window;
  /** Mean over the part of the window inside the map (count_include_pad = false). */
  readonly avg_pool: Window;
  /** y[i, j] = x[i + rows, j + columns], 0 where that lies outside; the shape stays. */
  readonly shift: { readonly rows: number; readonly columns: number };
  /** Zeros of the shape the input has after `stride`: ceil(H / stride). Reads no value, passes no gradient. */
  readonly zero: { readonly stride: number };
  /** Sum of one or more equal shapes. */
  readonly add: None;
  /** Product of two equal shapes. */
  readonly mul: None;
  /** First minus second. */
  readonly sub: None;
  /** Mean of one or more equal shapes. */
  readonly mean: None;
  /** Joins channels (the last axis). */
  readonly concat: None;
  /** Channels `from` … `to` − 1. */
  readonly slice: { readonly from: number; readonly to: number };
  /** Mean over the map. [H, W, C] → [C]. */
  readonly global_pool: None;
  /** [C] → [out]. Weights: kernel, bias. */
  readonly linear: { readonly out: number; readonly bias: boolean };
  /** Token → vector [dim]. Weights: kernel [vocabulary, dim]. */
  readonly embedding: { readonly vocabulary: number; readonly dim: number };
  /**
   * Inputs: logits [K], labels []. → [] mean over the batch, in nats. Label smoothing ε: targets are
   * (1 − ε)·onehot + ε/K (Szegedy et al. 2016, section 7).
   */
  readonly cross_entropy: { readonly smoothing: number };

  // Gradient primitives: made by `differentiate` only. `dy` is the gradient of the loss with respect to an op's result.
  /** The gradient of the loss with respect to itself: 1. */
  readonly one: None;
  /** Inputs: dy. Weights: kernel. → gradient of the conv's input [H, W, C] (`height`, `width`, `channels`). */
  readonly conv_input_grad: DilatedWindow & MapSize;
  /** Inputs: x, dy. → gradient of the kernel [out, in, k, k], summed over the batch. */
  readonly conv_kernel_grad: DilatedWindow;
  /** Inputs: dy. → gradient of a bias [out]: sum over batch (and map). */
  readonly bias_grad: None;
  readonly depthwise_input_grad: DilatedWindow & MapSize;
  readonly depthwise_kernel_grad: DilatedWindow;
  /**
   * Inputs: dy, x (what the batch_norm read). → gradient of x. `forward` is the batch_norm node whose statistics it
   * uses. Weights: gamma if affine. With fixed statistics the gradient is dy·γ·rstd.
   */
  readonly batch_norm_input_grad: { readonly affine: boolean; readonly forward: NodeId };
  /** Inputs: dy, x. → [C] Σ dy·x̂. */
  readonly gamma_grad: { readonly forward: NodeId };
  /** Inputs: dy, y (result of the relu). → dy where y > 0, else 0. */
  readonly relu_grad: None;
  readonly tanh_grad: None;
  readonly sigmoid_grad: None;
  /** Inputs: dy, x, y. The first maximum of a window (row by row) takes the gradient. */
  readonly max_pool_grad: Window;
  /** Inputs: dy. → [H, W, C]. */
  readonly avg_pool_grad: Window & MapSize;
  /** Inputs: dy [to − from]. → [`channels`], zero outside the slice: the gradient of `slice`. */
  readonly unslice: { readonly from: number; readonly channels: number };
  /** Inputs: dy [C]. → [H, W, C], each dy / (H·W): the gradient of `global_pool`. */
  readonly spread: MapSize;
  /** Inputs: dy. Weights: kernel. → [in]. */
  readonly linear_input_grad: { readonly in: number };
  /** Inputs: x, dy. → [out, in]. */
  readonly linear_kernel_grad: None;
  /** Inputs: tokens, dy. → [vocabulary, dim]. */
  readonly embedding_grad: { readonly vocabulary: number };
  /** Inputs: dy (scalar), logits, labels. → [K], divided by the batch. */
  readonly cross_entropy_grad: { readonly smoothing: number };
  /** dy · factor: gradients of `mean` and `sub`. */
  readonly scale: { readonly factor: number };
}

/** Size of a feature map that cannot be told from the op's inputs. */
export interface MapSize {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
}

/** A graph with its own backward pass: forward nodes first, gradient nodes after them. */
export interface TrainingGraph extends NetworkGraph {
  /** Number of forward nodes: the nodes before this index. */
  readonly numForward: number;
  /** Weight → node whose result is its gradient, already summed over all uses of the key. */
  readonly weightGradients: ReadonlyMap<WeightKey, NodeId>;
  /** Feed name → node whose result is its gradient, for the feeds that were asked for. */
  readonly inputGradients: ReadonlyMap<string, NodeId>;
}
