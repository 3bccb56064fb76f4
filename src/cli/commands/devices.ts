import type { Command } from 'commander';
import { describeDevices } from '../../engine/index.js';
import type { CliContext } from '../context.js';

export function addDevices(root: Command, context: CliContext): void {
  root
    .command('devices')
    .description('which backends load, which one a run would take, and why not the others')
    .option('--json', 'print JSON (docs/cli.md)')
    .action(async (options: { json?: true }) => {
      const devices = await describeDevices();
      if (options.json === true) {
        context.print(JSON.stringify({ schema: 1, devices }));
        return;
      }
      for (const device of devices) {
        const mark = device.isTaken ? context.style.green('→') : ' ';
        context.print(
          `${mark} ${device.name.padEnd(11)} ${device.usable ? device.label : context.style.dim(device.reason)}`,
        );
      }
    });
}
