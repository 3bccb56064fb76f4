import { Rng } from '../../base/rng.js';
import { UserError } from '../../base/user-error.js';
import { cost } from '../../graph/cost.js';
import type { RunConfig } from '../../protocol/run-config.js';
import { costRange } from '../../space/cost-range.js';
import { instantiate } from '../../space/instantiate/instantiator.js';
import { sample } from '../../space/sample.js';
import type { Scale } from '../../space/search-space.js';
import { retrainScale, searchScale } from './run-plan.js';

/** A float32 weight and its momentum. */
const BYTES_PER_PARAMETER = 8;

/**
 * Whether the weights alone of even the smallest network fit into the device, at every scale that the run trains: else a
 * long search would end before its retraining could begin. Activations show only when a network is planned. Throws `UserError`.
 */
export function checkMemory({ space, retrain }: RunConfig, capacityBytes: number): void {
  const scales = new Set([searchScale(space), ...(retrain === undefined ? [] : [retrainScale(space)])]);
  const isTooLarge = (parameters: number): boolean => parameters * BYTES_PER_PARAMETER > capacityBytes;
  const parametersOf = (scale: Scale): number => {
    const architecture = sample(space, Rng.fromSeed(0));
    return cost(instantiate(space, architecture, { scale, weights: 'standalone' })).parameters;
  };
  for (const scale of scales) {
    // The exact bound takes seconds in a large space: only where one network gives reason to ask.
    if (!isTooLarge(parametersOf(scale))) continue;
    const { low } = costRange(space, scale).parameters;
    if (!isTooLarge(low)) continue;
    const [needed, there] = [low * BYTES_PER_PARAMETER, capacityBytes].map((bytes) =>
      (bytes / 2 ** 30).toFixed(1),
    );
    throw new UserError(
      `The weights of the smallest network at the scale ${scale.name} of ${space.name} take ${needed} GiB, the device has ${there} GiB.`,
      `Lower C or depth of the scale ${scale.name}.`,
    );
  }
}
