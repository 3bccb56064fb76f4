import { availableParallelism } from 'node:os';
import type { Command } from 'commander';
import { describeDevices, type DeviceReport } from '../../engine/index.js';
import type { CliContext } from '../context.js';

export function addDevices(root: Command, context: CliContext): void {
  root
    .command('devices')
    .description('which backends load, which one a run would take, and why not the others')
    .option('--json', 'print JSON (docs/cli.md)')
    .action((options: { json?: true }) => {
      const devices = describeDevices({ threads: availableParallelism() });
      if (options.json === true) context.print(JSON.stringify({ schema: 1, devices }));
      else for (const device of devices) for (const line of linesOf(device, context)) context.print(line);
    });
}

function linesOf(device: DeviceReport, { style }: CliContext): string[] {
  const name = device.name.padEnd(11);
  if ('reason' in device) return [`  ${name} ${style.dim(device.reason)}`];
  const { label, processor, runtime, kernelHash } = device.description;
  const mark = device.isDefault ? style.green('→') : ' ';
  return [`${mark} ${name} ${label}`, `              ${processor}, ${runtime}, kernels ${kernelHash}`];
}
