/**
 * One training step of the reference network (272,506 parameters, batch 64 of 32×32×3) on our kernels and on PyTorch
 * (channels_last), in turns, so that both see the same machine. Then the same for a path that changes every step, ours
 * alone: what planning costs. At last a long stream of such paths in small batches: what memory it leaves behind.
 *
 *   npx tsx test/bench/step.ts [--rounds 6] [--steps 3] [--threads 1,2] [--batch 64] [--stream 500] [--no-peer]
 *
 * PyTorch is run by $CELLSMITH_TORCH_PYTHON, else python3; without it only our side is measured.
 */
import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { Rng } from '../../src/base/rng.js';
import type { Backend, Feeds, Program, WeightStore } from '../../src/engine/backend/backend.js';
import { createWasmBackend } from '../../src/engine/backend/wasm/backend.js';
import type { NetworkGraph } from '../../src/graph/network-graph.js';
import { weightsOf } from '../../src/graph/weights.js';
import { referenceNetwork } from '../engine/backend/reference-network.js';

const UPDATE = { learningRate: 0.025, momentum: 0.9, weightDecay: 3e-4, clipNorm: Infinity };
const SIZE = { channels: 16, cells: 8, size: 32 };
const STREAM_BATCH = 8;
const PATH_OPS = ['sep3', 'sep5', 'dil3', 'dil5', 'max', 'avg', 'skip'];

await main();

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      rounds: { type: 'string', default: '6' },
      steps: { type: 'string', default: '3' },
      threads: { type: 'string', default: '1,2' },
      batch: { type: 'string', default: '64' },
      stream: { type: 'string', default: '500' },
      'no-peer': { type: 'boolean', default: false },
    },
  });
  const batch = Number(values.batch);
  for (const threads of values.threads.split(',').map(Number)) {
    const peer = values['no-peer'] ? undefined : await startPeer(threads, batch);
    await measureFixed(peer, { threads, batch, rounds: Number(values.rounds), steps: Number(values.steps) });
    measurePaths(threads, batch);
    measureMemory(threads, Number(values.stream));
  }
}

interface Settings {
  readonly threads: number;
  readonly batch: number;
  readonly rounds: number;
  readonly steps: number;
}

async function measureFixed(peer: Peer | undefined, settings: Settings): Promise<void> {
  const { threads, batch, rounds, steps } = settings;
  using backend = createWasmBackend({ threads });
  using weights = backend.createWeights();
  const graph = referenceNetwork(SIZE);
  addWeights(weights, graph, Rng.fromSeed(1));
  const feeds = makeFeeds(batch);
  using program = backend.compile(graph, { batch, outputs: ['loss'], train: true });
  const ours: number[] = [];
  const theirs: number[] = [];
  step(program, feeds, weights);
  await peer?.step();
  for (let round = 0; round < rounds; round++) {
    for (let i = 0; i < steps; i++) ours.push(step(program, feeds, weights));
    for (let i = 0; i < steps && peer !== undefined; i++) theirs.push(await peer.step());
  }
  const { label, processor, runtime } = backend.description;
  console.log(`${label}, ${processor}, ${runtime}, batch ${batch}`);
  console.log(
    `  ours     ${summary(ours)}, arena ${megabytes(program.memoryBytes)}, process ${megabytes(residentBytes())}`,
  );
  if (peer === undefined) return;
  const bytes = await peer.close();
  const ratio = Math.min(...theirs) / Math.min(...ours);
  console.log(
    `  PyTorch  ${summary(theirs)}, process ${megabytes(bytes)} (${peer.version}); minima ${ratio.toFixed(2)} times ours`,
  );
}

/** A new path every step, as a supernet trains. */
function measurePaths(threads: number, batch: number): void {
  using backend = createWasmBackend({ threads });
  using weights = backend.createWeights();
  const rng = Rng.fromSeed(2);
  const feeds = makeFeeds(batch);
  const compiles: number[] = [];
  const totals: number[] = [];
  for (let path = 0; path < 20; path++) {
    const graph = randomPath(rng);
    addWeights(weights, graph, rng);
    const begin = performance.now();
    const program = compile(backend, graph, batch);
    const compiled = performance.now();
    step(program, feeds, weights);
    program[Symbol.dispose]();
    if (path < 5) continue;
    compiles.push(compiled - begin);
    totals.push(performance.now() - begin);
  }
  const share = sum(compiles) / sum(totals);
  console.log(
    `  new path every step: ${summary(totals)}; planning ${summary(compiles)}, ${(100 * share).toFixed(1)} %`,
  );
}

/** Live bytes must not grow; what the process holds must not grow once the largest path has been seen. */
function measureMemory(threads: number, steps: number): void {
  using backend = createWasmBackend({ threads });
  using weights = backend.createWeights();
  const rng = Rng.fromSeed(4);
  for (const op of PATH_OPS) {
    addWeights(weights, referenceNetwork({ ...SIZE, ops: new Array<string>(8).fill(op) }), rng);
  }
  const feeds = makeFeeds(STREAM_BATCH);
  const live: number[] = [];
  const resident: number[] = [];
  const compiles: number[] = [];
  for (let count = 1; count <= steps; count++) {
    const graph = randomPath(rng);
    const begin = performance.now();
    const program = compile(backend, graph, STREAM_BATCH);
    compiles.push(performance.now() - begin);
    step(program, feeds, weights);
    program[Symbol.dispose]();
    if (count % Math.ceil(steps / 5) > 0) continue;
    live.push(backend.liveBytes());
    resident.push(process.memoryUsage().rss);
  }
  const growth = resident.map((bytes) => megabytes(bytes - resident[0]!)).join(', ');
  console.log(`  ${steps} new paths, batch ${STREAM_BATCH}: planning ${summary(compiles)}`);
  console.log(`    live in the device after each fifth: ${live.map((bytes) => `${bytes} B`).join(', ')}`);
  console.log(`    growth of the process since the first fifth: ${growth}`);
}

function randomPath(rng: Rng): NetworkGraph {
  return referenceNetwork({ ...SIZE, ops: Array.from({ length: 8 }, () => rng.pick(PATH_OPS)) });
}

function compile(backend: Backend, graph: NetworkGraph, batch: number): Program {
  return backend.compile(graph, { batch, outputs: ['loss'], train: true });
}

/** Milliseconds of one step. */
function step(program: Program, feeds: Feeds, weights: WeightStore): number {
  const begin = performance.now();
  program.run(feeds, weights, { statistics: { kind: 'batch' }, update: UPDATE });
  return performance.now() - begin;
}

function makeFeeds(batch: number): Feeds {
  const rng = Rng.fromSeed(3);
  return {
    image: Float32Array.from({ length: batch * 32 * 32 * 3 }, () => rng.normal()),
    labels: Int32Array.from({ length: batch }, (_, i) => i % 10),
  };
}

function addWeights(weights: WeightStore, graph: NetworkGraph, rng: Rng): void {
  for (const { key, shape, role } of weightsOf(graph)) {
    if (weights.has(key)) continue;
    const size = shape.reduce((product, length) => product * length, 1);
    const scale = Math.sqrt(shape[0]! / size);
    const value = (): number => (role === 'kernel' ? scale * rng.normal() : role === 'gamma' ? 1 : 0);
    weights.write(key, shape, Float32Array.from({ length: size }, value));
  }
}

// ---- the peer

interface Peer {
  readonly version: string;
  /** Milliseconds. */
  step(): Promise<number>;
  /** Ends it; its peak memory in bytes. */
  close(): Promise<number>;
}

async function startPeer(threads: number, batch: number): Promise<Peer | undefined> {
  const python = process.env['CELLSMITH_TORCH_PYTHON'] ?? 'python3';
  const script = new URL('./peers/torch_step.py', import.meta.url).pathname;
  const peer = spawn(python, [script, String(threads), String(batch)], { stdio: ['pipe', 'pipe', 'ignore'] });
  const lines = createInterface({ input: peer.stdout })[Symbol.asyncIterator]();
  const next = async (): Promise<string | undefined> => {
    const line = await lines.next();
    return line.done === true ? undefined : line.value;
  };
  const version = await Promise.race([next(), failure(peer)]);
  if (version === undefined) {
    console.log(`${python} has no PyTorch: only our side is measured`);
    return undefined;
  }
  return {
    version: `PyTorch ${version.split(' ')[0]}`,
    async step() {
      peer.stdin.write('step\n');
      return Number((await next())?.split(' ')[0]);
    },
    async close() {
      peer.stdin.write('\n');
      return Number(await next());
    },
  };
}

async function failure(peer: ChildProcess): Promise<undefined> {
  await Promise.race([once(peer, 'error'), once(peer, 'exit')]).catch(() => undefined);
  return undefined;
}

// ---- numbers

function summary(times: readonly number[]): string {
  const sorted = [...times].sort((a, b) => a - b);
  const median = sorted[Math.floor(sorted.length / 2)]!;
  return `min ${sorted[0]!.toFixed(1)} ms, median ${median.toFixed(1)} ms`;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(0)} MB`;
}

function residentBytes(): number {
  return process.resourceUsage().maxRSS * 1024;
}
