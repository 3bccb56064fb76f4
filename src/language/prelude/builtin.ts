/**
 * The declarations every `.nas` file can use, in the language itself. Kept as a string so that bundles need no file.
 * `planned` marks what checks and links but has no engine member yet. Ops, parameters, bounds and defaults of the others
 * are those of `space/ops`; a test compares the two.
 */
export const BUILTIN_NAS = `
// ---- Ops on feature maps -------------------------------------------------------------------------------------------
/// Convolution without bias, norm or activation. params = k²·c·c′, MACs = H·W·k²·c·c′. \`out: 0\`: channels of its place.
op conv(kernel: dims = 3x3, out: int = 0 in 0.., stride: int = 0 in 0..) -> map
/// Depthwise separable convolution, \`repeat\` times relu > depthwise > conv(1x1) > bn (DARTS).
op sep_conv(kernel: dims = 3x3, dilation: int = 1 in 1.., stride: int = 0 in 0.., repeat: int = 2 in 1..) -> map
/// Dilated separable convolution: relu > dilated depthwise > conv(1x1) > bn (DARTS).
op dil_conv(kernel: dims = 3x3, dilation: int = 2 in 1.., stride: int = 0 in 0..) -> map
/// Residual block of NAS-Bench-201: two relu > conv(3x3) > bn beside a shortcut.
op resblock(out: int = 0 in 0.., stride: int = 2 in 1..) -> map
/// Maximum over a window.
op max_pool(kernel: dims = 3x3, stride: int = 0 in 0..) -> map
/// Mean over a window; pixels beyond the border do not count.
op avg_pool(kernel: dims = 3x3, stride: int = 0 in 0..) -> map
/// Mean over the whole map.
op gap -> vector
/// The input itself; a factorised reduction where the edge halves the map.
op skip -> map
/// Zeros: the edge is not there.
op none -> map
/// Batch normalisation.
op bn -> map
/// Fully connected layer with bias. \`units: 0\`: one per class.
op linear(units: int = 0 in 0..) -> vector
/// Token to vector.
op embed(dim: int = 300 in 1..) -> sequence
op relu -> map
op tanh -> map
op sigmoid -> map
op identity -> map
/// Inverted residual block of MobileNet.
planned op mbconv(kernel: dims = 3x3, expand: int = 6 in 1.., out: int = 0 in 0.., stride: int = 0 in 0..) -> map

// ---- What goes in and what is asked --------------------------------------------------------------------------------
/// Images of height x width x channels.
input image(shape: shape)
/// A text of numbered words.
input tokens(vocabulary: int in 1..)
/// Which of n classes?
task classes(count: int in 2..)
/// Which word comes next?
task next_token

// ---- Data sets -----------------------------------------------------------------------------------------------------
/// 10,000 handwritten digits, built in: the first 10,000 MNIST training images. 28x28x1, 10 classes.
dataset digits(train: float = 0.6 in 0..1, validation: float = 0.2 in 0..1, test: float = 0.2 in 0..1, limit: int = 0 in 0..,
  crop: int = 0 in 0.., flip: bool = false, cutout: int = 0 in 0..)
/// MNIST: 60,000 training and 10,000 test images. 28x28x1, 10 classes.
dataset mnist(folder: text = "", train: float = 0.5 in 0..1, validation: float = 0.5 in 0..1, limit: int = 0 in 0..,
  crop: int = 0 in 0.., flip: bool = false, cutout: int = 0 in 0..)
/// Fashion-MNIST: 60,000 training and 10,000 test images. 28x28x1, 10 classes.
dataset fashion_mnist(folder: text = "", train: float = 0.5 in 0..1, validation: float = 0.5 in 0..1, limit: int = 0 in 0..,
  crop: int = 0 in 0.., flip: bool = false, cutout: int = 0 in 0..)
/// CIFAR-10: 50,000 training and 10,000 test images. 32x32x3, 10 classes.
dataset cifar10(folder: text = "", train: float = 0.5 in 0..1, validation: float = 0.5 in 0..1, limit: int = 0 in 0..,
  crop: int = 0 in 0.., flip: bool = false, cutout: int = 0 in 0..)
/// Images and labels of your own in IDX files, named as MNIST's, in a folder.
dataset idx(folder: text, train: float = 0.5 in 0..1, validation: float = 0.5 in 0..1, test: float = 0 in 0..1, limit: int = 0 in 0..,
  crop: int = 0 in 0.., flip: bool = false, cutout: int = 0 in 0..)
/// Images and labels of your own in CIFAR-10's binary format, in a folder.
dataset cifar10_binary(folder: text, train: float = 0.5 in 0..1, validation: float = 0.5 in 0..1, test: float = 0 in 0..1,
  limit: int = 0 in 0.., crop: int = 0 in 0.., flip: bool = false, cutout: int = 0 in 0..)
/// Penn Treebank: words, vocabulary 10,000.
planned dataset ptb(folder: text = "", batch: int = 64 in 1.., bptt: int = 35 in 1..)

// ---- Random-graph generators (NAGO) --------------------------------------------------------------------------------
/// A ring of n nodes, each joined to its k nearest, edges rewired with probability p.
planned generator watts_strogatz(nodes: int in 1.., k: int in 1.., p: float in 0..1)
/// n nodes, each pair joined with probability p.
planned generator erdos_renyi(nodes: int in 1.., p: float in 0..1)
/// Growth by preferential attachment, m edges per new node.
planned generator barabasi_albert(nodes: int in 1.., m: int in 1..)

// ---- How weights are trained ---------------------------------------------------------------------------------------
/// Shared weights of all architectures, one sampled path per step. Its length stands under \`budget:\`.
training supernet(batch: int = 64 in 1.., lr: float = 0.025 in 0.., final_lr: float = 0.001 in 0.., momentum: float = 0.9 in 0..0.999,
  weight_decay: float = 3e-4 in 0.., clip: float = 5 in 1e-6.., report_every: int = 50 in 1.., checkpoint_every: int = 200 in 1..)
/// One network from scratch: SGD with momentum, cosine decay, clipped gradients.
training sgd(epochs: int = 10 in 1.., batch: int = 64 in 1.., lr: float = 0.025 in 0.., final_lr: float = 0 in 0..,
  momentum: float = 0.9 in 0..0.999, weight_decay: float = 3e-4 in 0.., clip: float = 5 in 1e-6.., smoothing: float = 0 in 0..0.99,
  crop: int = 0 in 0.., flip: bool = false, cutout: int = 0 in 0..)
/// Mixed edges and architecture weights (DARTS, MiLeNAS).
planned training differentiable(order: int = 1 in 1..2)

// ---- Which path a supernet trains next -----------------------------------------------------------------------------
/// Every path alike.
sampler uniform
/// Novelty search over paths (EN²AS; the repaired form, not the one published).
sampler novelty(population: int = 100 in 1.., sigma: float = 1 in 1e-6.., alpha: float = 1 in 1e-6.., k: int = 10 in 1..,
  noises: int = 10 in 1.., warmup: int = 100 in 0..)
/// Of some random paths the one whose slots were used least.
sampler count(candidates: int = 100 in 1..)

// ---- Which architecture is tried next ------------------------------------------------------------------------------
/// Uniform over the space.
strategy random(trials: int = 100 in 1.., batch: int = 250 in 1.., images: int = 0 in 0.., calibration_batches: int = 4 in 0..,
  finalists: int = 10 in 1..)
/// (μ+λ) evolution with crossover and mutation (EN²AS' selection).
strategy evolution(trials: int = 200 in 1.., population: int = 50 in 2.., parents: int = 10 in 1.., crossover: float = 0.5 in 0..1,
  mutation_rate: float = 0.1 in 0..1, batch: int = 250 in 1.., images: int = 0 in 0.., calibration_batches: int = 4 in 0..,
  finalists: int = 10 in 1..)
/// Regularised evolution: the best of a sample is mutated, the oldest dies (Real et al. 2019).
strategy regularised_evolution(trials: int = 200 in 1.., population: int = 50 in 2.., sample: int = 10 in 1..,
  batch: int = 250 in 1.., images: int = 0 in 0.., calibration_batches: int = 4 in 0.., finalists: int = 10 in 1..)
/// Bayesian optimisation with Hyperband (Falkner et al. 2018).
planned strategy bohb(eta: int = 3 in 2.., min_epochs: int = 1 in 1.., max_epochs: int = 27 in 1..)

// ---- What is measured ----------------------------------------------------------------------------------------------
/// Share of right answers on the validation split.
metric val_accuracy
/// Trainable numbers.
metric params
/// Multiply-accumulates for one image.
metric macs
/// Perplexity on the validation split.
planned metric val_perplexity
/// Bytes of weights and activations.
planned metric memory
/// Milliseconds for one image on the device.
planned metric latency
`;
