import type { Evaluation, Rules, Values } from './evaluation.js';

export const DENSE: Rules<
  | 'linear'
  | 'linear_input_grad'
  | 'linear_kernel_grad'
  | 'embedding'
  | 'embedding_grad'
  | 'cross_entropy'
  | 'cross_entropy_grad'
> = {
  linear: ({ node, batch, value, shape, weight }) => {
    const { out, bias } = node.attributes;
    const [x, kernel, inputs] = [value(0), weight('kernel'), shape(0)[0]!];
    const offset = bias ? weight('bias') : new Float64Array(out);
    return tabulate(
      batch,
      out,
      (image, o) => offset[o]! + dot(inputs, (i) => x[image * inputs + i]! * kernel[o * inputs + i]!),
    );
  },
  linear_input_grad: ({ node, batch, value, shape, weight }) => {
    const [dy, kernel, outputs] = [value(0), weight('kernel'), shape(0)[0]!];
    const inputs = node.attributes.in;
    return tabulate(batch, inputs, (image, i) =>
      dot(outputs, (o) => dy[image * outputs + o]! * kernel[o * inputs + i]!),
    );
  },
  linear_kernel_grad: ({ batch, value, shape }) => {
    const [x, dy, inputs, outputs] = [value(0), value(1), shape(0)[0]!, shape(1)[0]!];
    return tabulate(outputs, inputs, (o, i) =>
      dot(batch, (image) => dy[image * outputs + o]! * x[image * inputs + i]!),
    );
  },
  embedding: ({ node, batch, value, weight }) => {
    const { dim } = node.attributes;
    const [tokens, table] = [value(0), weight('kernel')];
    return tabulate(batch, dim, (image, d) => table[tokens[image]! * dim + d]!);
  },
  embedding_grad: ({ node, batch, value, shape }) => {
    const [tokens, dy, dim] = [value(0), value(1), shape(1)[0]!];
    return tabulate(node.attributes.vocabulary, dim, (token, d) =>
      dot(batch, (image) => (tokens[image] === token ? dy[image * dim + d]! : 0)),
    );
  },
  cross_entropy: (evaluation) => {
    const { batch } = evaluation;
    const { targets, probabilities } = distributions(evaluation, 0);
    return Float64Array.of(-targets.reduce((sum, t, i) => sum + t * Math.log(probabilities[i]!), 0) / batch);
  },
  cross_entropy_grad: (evaluation) => {
    const { targets, probabilities } = distributions(evaluation, 1);
    const dy = evaluation.value(0)[0]!;
    return probabilities.map((p, i) => (dy * (p - targets[i]!)) / evaluation.batch);
  },
};

/** Softmax of the logits (input `at`) and the smoothed targets, (B, K) each. */
function distributions(
  { node, batch, value, shape }: Evaluation<'cross_entropy' | 'cross_entropy_grad'>,
  at: number,
): { targets: Values; probabilities: Values } {
  const { smoothing } = node.attributes;
  const [logits, labels, classes] = [value(at), value(at + 1), shape(at)[0]!];
  const targets = tabulate(
    batch,
    classes,
    (image, k) => (labels[image] === k ? 1 - smoothing : 0) + smoothing / classes,
  );
  const probabilities = tabulate(batch, classes, (image, k) => {
    const own = logits[image * classes + k]!;
    return 1 / dot(classes, (other) => Math.exp(logits[image * classes + other]! - own));
  });
  return { targets, probabilities };
}

function dot(length: number, term: (i: number) => number): number {
  let sum = 0;
  for (let i = 0; i < length; i++) sum += term(i);
  return sum;
}

function tabulate(rows: number, columns: number, value: (row: number, column: number) => number): Values {
  return Float64Array.from({ length: rows * columns }, (_, i) => value(Math.floor(i / columns), i % columns));
}
