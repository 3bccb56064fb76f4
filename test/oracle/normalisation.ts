import { assert } from '../../src/base/assert.js';
import type { NodeId } from '../../src/graph/network-graph.js';
import type { Evaluation, Moments, Rules, Values } from './evaluation.js';

export const NORMALISATION: Rules<'batch_norm' | 'batch_norm_input_grad' | 'gamma_grad' | 'bias_grad'> = {
  batch_norm: (evaluation) => {
    const { node, weight } = evaluation;
    const { affine } = node.attributes;
    const { normalised, channels } = normalise(evaluation, node.id, 0);
    const gamma = affine ? weight('gamma') : new Float64Array(channels).fill(1);
    const beta = affine ? weight('beta') : new Float64Array(channels);
    return normalised.map((x, i) => gamma[i % channels]! * x + beta[i % channels]!);
  },
  batch_norm_input_grad: (evaluation) => {
    const { node, value, weight, statistics } = evaluation;
    const { normalised, deviation, channels } = normalise(evaluation, node.attributes.forward, 1);
    const gamma = node.attributes.affine ? weight('gamma') : new Float64Array(channels).fill(1);
    const dy = value(0).map((x, i) => x * gamma[i % channels]!);
    if (statistics.kind === 'given') return dy.map((x, i) => x / deviation[i % channels]!);
    const mean = channelMeans(dy, channels);
    const slope = channelMeans(
      dy.map((x, i) => x * normalised[i]!),
      channels,
    );
    return dy.map((x, i) => {
      const c = i % channels;
      return (x - mean[c]! - normalised[i]! * slope[c]!) / deviation[c]!;
    });
  },
  gamma_grad: (evaluation) => {
    const { node, value } = evaluation;
    const { normalised, channels } = normalise(evaluation, node.attributes.forward, 1);
    return channelSums(
      value(0).map((dy, i) => dy * normalised[i]!),
      channels,
    );
  },
  bias_grad: ({ node, value }) => channelSums(value(0), node.shape[0]!),
};

/** Mean and biased variance over all but the channel, which is the last axis. */
export function batchMoments(x: Values, channels: number): Moments {
  const mean = channelMeans(x, channels);
  const variance = channelMeans(
    x.map((value, i) => (value - mean[i % channels]!) ** 2),
    channels,
  );
  return { mean, variance };
}

/** x̂ and √(var + ε) of input `at`, with the statistics of the batch_norm node `forward`. */
function normalise(
  { graph, value, shape, statistics }: Evaluation,
  forward: NodeId,
  at: number,
): { normalised: Values; deviation: Values; channels: number } {
  const node = graph.nodes[forward];
  assert(node?.op === 'batch_norm', `Node ${forward} is no batch_norm`);
  const channels = shape(at)[shape(at).length - 1]!;
  const x = value(at);
  const given = { mean: new Float64Array(channels), variance: new Float64Array(channels).fill(1) };
  const moments =
    statistics.kind === 'batch'
      ? batchMoments(x, channels)
      : (statistics.statistics.get(node.weights['statistics']!) ?? given);
  const deviation = moments.variance.map((variance) => Math.sqrt(variance + node.attributes.epsilon));
  const normalised = x.map((value, i) => (value - moments.mean[i % channels]!) / deviation[i % channels]!);
  return { normalised, deviation, channels };
}

function channelMeans(x: Values, channels: number): Values {
  return channelSums(x, channels).map((sum) => sum / (x.length / channels));
}

function channelSums(x: Values, channels: number): Values {
  const sums = new Float64Array(channels);
  x.forEach((value, i) => (sums[i % channels]! += value));
  return sums;
}
