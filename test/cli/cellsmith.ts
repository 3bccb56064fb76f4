import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const CLI = join(ROOT, 'dist', 'cli.mjs');

export interface Finished {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** A folder of its own in which the built command line runs as a stranger would run it. */
export class Workspace {
  private constructor(readonly folder: string) {}

  static async create(): Promise<Workspace> {
    if (!existsSync(CLI)) throw new Error('Build first: npm run build');
    return new Workspace(await mkdtemp(join(tmpdir(), 'cellsmith-cli-')));
  }

  async write(name: string, text: string | Uint8Array): Promise<void> {
    await writeFile(join(this.folder, name), text);
  }

  async cellsmith(...args: string[]): Promise<Finished> {
    return this.run(process.execPath, [CLI, ...args]);
  }

  /** The same as a line of the shell, in which `$CELLSMITH` stands for the command. */
  async shell(line: string): Promise<Finished> {
    return this.run('bash', ['-c', line]);
  }

  private async run(command: string, args: readonly string[]): Promise<Finished> {
    const child = spawn(command, args, {
      cwd: this.folder,
      env: {
        ...process.env,
        XDG_DATA_HOME: join(this.folder, 'data-home'),
        CELLSMITH: `${process.execPath} ${CLI}`,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const texts = { out: '', err: '' };
    child.stdout.on('data', (chunk: Buffer) => (texts.out += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (texts.err += chunk.toString()));
    const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
    return { code, ...texts };
  }

  async remove(): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** The quick start in seconds: one cell type less, a handful of steps, trials and epochs. */
/** TINY with some of its text replaced. */
export function tinyWith(...changes: readonly (readonly [string, string])[]): string {
  return changes.reduce((text, [from, to]) => {
    if (!text.includes(from)) throw new Error(`TINY has no ${from}`);
    return text.replaceAll(from, to);
  }, TINY);
}

export const TINY = `
opset Ops { none, skip, sep_conv(3x3), max_pool(3x3) }
space Tiny for image(28x28x1) -> classes(10) {
  cell Normal(s0 via relu > conv(1x1) > bn, s1 via relu > conv(1x1) > bn) {
    node x[1..2] = sum(choose 2 prev with repeats via Ops)
    output concat(nodes)
  }
  cell Reduce stride 2 like Normal
  net {
    stem conv(3x3, out: C, stride: 2) > bn
    cells depth { Reduce at depth/2; Normal otherwise }
    head gap > linear
  }
  scale search { C: 4  depth: 2  norm(affine: false, pools: true) }
  scale evaluate { C: 4  depth: 2 }
}
search Tiny over Tiny on digits(train: 0.05, validation: 0.02, test: 0.02, limit: 2000) {
  train: supernet(batch: 10, lr: 0.05)
  sample: novelty(population: 5, k: 3, warmup: 5)
  budget: 20 steps
  select: random(trials: 3, images: 20, batch: 20, calibration_batches: 1, finalists: 2)
  objective: max val_accuracy
  retrain: sgd(epochs: 1, batch: 10)
  baseline: random, sgd(epochs: 1, batch: 10)
  seed: 3
}
`;
