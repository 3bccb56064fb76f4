/**
 * How exact the gradients of the kernels are, op by op: the largest error of any output or gradient of a small network
 * with that op, relative to the largest value of the tensor. Float64 is compared with a plain interpreter and with
 * central differences of its own loss; relaxed SIMD (float32) with the interpreter.
 *
 *   npx tsx test/bench/gradient-errors.ts
 */
import { classifier, embeddingClassifier, opCases, twoHeads } from '../contracts/backend-graphs.js';
import type { Case } from '../contracts/backend-subject.js';
import { runOnOracle, runOnSubject, worstError } from '../contracts/backend-subject.js';
import { finiteDifferenceError } from '../contracts/finite-differences.js';
import { referenceNetwork } from '../engine/backend/reference-network.js';
import { FLOAT64, RELAXED } from '../engine/backend/wasm/subjects.js';

const SIZES = [
  { channels: 3, batch: 3 },
  { channels: 8, batch: 13 },
  { channels: 12, batch: 5 },
];

main();

function main(): void {
  printRow('op', ['float64', 'differences', 'relaxed']);
  for (const [op, cases] of casesByOp()) {
    const errors = cases.map(errorsOf);
    printRow(
      op,
      [0, 1, 2].map((column) => Math.max(...errors.map((row) => row[column]!)).toExponential(1)),
    );
  }
}

function casesByOp(): ReadonlyMap<string, readonly Case[]> {
  const cases = new Map<string, Case[]>();
  for (const { channels, batch } of SIZES) {
    for (const [op, build] of Object.entries(opCases(channels))) {
      const known = cases.get(op) ?? [];
      cases.set(op, [...known, { graph: classifier([6, 5, channels], build), batch }]);
    }
  }
  cases.set('embedding', [{ graph: embeddingClassifier(), batch: 13 }]);
  cases.set('two heads', [{ graph: twoHeads(), batch: 5 }]);
  const network = referenceNetwork({ channels: 8, cells: 3, size: 8, stemMultiplier: 1 });
  cases.set('three cells', [{ graph: network, batch: 5, classes: 10 }]);
  return cases;
}

/** Float64 against the interpreter, against differences; relaxed against the interpreter. */
function errorsOf(testCase: Case): readonly number[] {
  const expected = runOnOracle(testCase);
  return [
    worstError(runOnSubject(FLOAT64, testCase), expected).error,
    finiteDifferenceError(FLOAT64, testCase).error,
    worstError(runOnSubject(RELAXED, testCase), expected).error,
  ];
}

function printRow(op: string, columns: readonly string[]): void {
  console.log(op.padEnd(40) + columns.map((column) => column.padStart(14)).join(''));
}
