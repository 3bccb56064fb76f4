// All checks in one command. The last line is the summary: every static check counts as one test.
import { spawnSync } from 'node:child_process';

const CHECKS = [
  ['format', ['prettier', '--check', '--log-level', 'warn', '.']],
  ['lint', ['eslint', '.']],
  ['types', ['tsc', '-p', '.']],
  ['layers', ['depcruise', 'src', '--config', '.dependency-cruiser.cjs', '--output-type', 'err']],
  ['dead code', ['knip']],
  ['code that only tests use', ['knip', '--production']],
];

let passed = 0;
let failed = 0;

function check(name, command) {
  const started = performance.now();
  const { status } = spawnSync('npx', ['--no-install', ...command], { stdio: 'inherit' });
  const ok = status === 0;
  ok ? passed++ : failed++;
  console.log(`${ok ? 'ok' : 'FAILED'}: ${name} (${((performance.now() - started) / 1000).toFixed(0)} s)`);
}

function countTests() {
  const run = spawnSync('npx', ['--no-install', 'mocha', 'test/**/*.test.ts', ...process.argv.slice(2)], {
    stdio: ['ignore', 'pipe', 'inherit'],
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
  });
  process.stdout.write(run.stdout);
  const count = (word) => Number(new RegExp(`^\\s*(\\d+) ${word}`, 'm').exec(run.stdout)?.[1] ?? 0);
  passed += count('passing');
  failed += count('failing');
  const pending = count('pending');
  if (pending > 0) console.log(`${pending} tests could not run here: see the lines marked "-" above.`);
  if (run.status !== 0 && count('failing') === 0) failed++;
}

const build = spawnSync('node', ['scripts/build.mjs'], { stdio: 'inherit' });
build.status === 0 ? passed++ : failed++;
for (const [name, command] of CHECKS) check(name, command);
countTests();
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
