/** Mean and standard deviation of each channel, for values in [0, 1]. */
export interface ChannelStatistics {
  readonly mean: readonly number[];
  readonly std: readonly number[];
}

/**
 * Statistics of `images` (count, height, width, channels). Summed over a histogram, so the order of the images changes no bit. A
 * channel with one value everywhere has std 1: it normalises to 0.
 */
export function channelStatistics(images: Uint8Array, channels: number): ChannelStatistics {
  const counts = new Float64Array(channels * 256);
  for (let i = 0, c = 0; i < images.length; i++) {
    counts[c * 256 + images[i]!]!++;
    c = c + 1 === channels ? 0 : c + 1;
  }
  const mean: number[] = [];
  const std: number[] = [];
  for (let c = 0; c < channels; c++) {
    const histogram = counts.subarray(c * 256, (c + 1) * 256);
    const n = images.length / channels;
    const centre = histogram.reduce((total, count, value) => total + count * value, 0) / n;
    const variance = histogram.reduce((total, count, value) => total + count * (value - centre) ** 2, 0) / n;
    mean.push(centre / 255);
    std.push(variance > 0 ? Math.sqrt(variance) / 255 : 1);
  }
  return { mean, std };
}

/** (channels, 256): the normalised number for each byte of each channel. */
export function normalisationTable({ mean, std }: ChannelStatistics): Float32Array {
  const table = new Float32Array(mean.length * 256);
  for (let c = 0; c < mean.length; c++) {
    for (let value = 0; value < 256; value++) table[c * 256 + value] = (value / 255 - mean[c]!) / std[c]!;
  }
  return table;
}
