import type { Command } from 'commander';
import { EXIT, type CliContext } from '../context.js';
import { plural, printDiagnostic, readNasFile } from '../nas-file.js';

export function addCheck(root: Command, context: CliContext): void {
  root
    .command('check')
    .description('find mistakes in `.nas` files')
    .argument('<file...>', 'files to check')
    .option('--json', 'print diagnostics as JSON')
    .action(async (paths: string[], options: { json?: true }) => {
      const files = [];
      for (const path of paths) files.push(await readNasFile(path, context));
      const all = files.flatMap((file) =>
        file.diagnostics.map((diagnostic) => ({ file: file.path, ...diagnostic })),
      );
      const errors = all.filter((diagnostic) => diagnostic.severity === 'error').length;
      if (options.json === true) context.print(JSON.stringify({ schema: 1, diagnostics: all }));
      else {
        for (const diagnostic of all) printDiagnostic(diagnostic.file, diagnostic, context.print);
        context.print(
          all.length === 0
            ? `${plural(files.length, 'file')}, no problem.`
            : `${plural(errors, 'error')}, ${plural(all.length - errors, 'note')}.`,
        );
      }
      if (errors > 0) process.exitCode = EXIT.userError;
    });
}
