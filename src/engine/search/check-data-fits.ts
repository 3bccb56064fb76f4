import { UserError } from '../../base/user-error.js';
import type { RunConfig } from '../../protocol/run-config.js';
import type { SearchData } from '../datasets/data.js';

/**
 * Whether the space can read the images, tell their classes apart, and every training of the run fills at least one
 * batch: what shows only when the files of a data set are open. Throws `UserError`.
 */
export function checkDataFits({ space, data, ...rest }: RunConfig, { train, numClasses }: SearchData): void {
  const { input, task } = space;
  const own = `${train.height}x${train.width}x${train.channels}`;
  const wanted = input.kind === 'image' ? `${input.height}x${input.width}x${input.channels}` : 'tokens';
  if (own !== wanted) {
    throw new UserError(
      `The data set ${data.name} has images of ${own}, but the space ${space.name} reads ${wanted}.`,
      `Write \`space ${space.name} for image(${own})\`, or name other data.`,
    );
  }
  if (task.kind === 'classes' && numClasses > task.count) {
    throw new UserError(
      `The data set ${data.name} has ${numClasses} classes, but the space ${space.name} tells ${task.count} apart.`,
      `Write \`-> classes(${numClasses})\`, or name other data.`,
    );
  }
  const batch = Math.max(...batchesOf(rest));
  if (batch > train.count) {
    throw new UserError(
      `A batch of ${batch} is larger than the training split of ${data.name}, ${train.count} images.`,
      `Write a batch of ${train.count} at most, or give \`train\` a larger share.`,
    );
  }
}

function batchesOf({ method, retrain, baseline }: Omit<RunConfig, 'space' | 'data'>): number[] {
  const batches = [retrain?.batch ?? 1, baseline?.training.batch ?? 1];
  if (method.kind === 'one_shot') batches.push(method.supernet.batch);
  if (method.kind === 'black_box') batches.push(method.training.batch);
  return batches;
}
