import assert from 'node:assert/strict';
import { ToyBackend } from '../../fixtures/toy-backend.js';
import { runToy, toyConfig } from '../../fixtures/toy-run.js';

describe('progress', () => {
  it('stays within [0, 1], falls by a tenth at most and reaches every phase', async () => {
    const { reports } = await runToy(toyConfig(), new ToyBackend());
    assert.deepEqual(
      [...new Set(reports.map(({ phase }) => phase))],
      ['supernet', 'selection', 'retrain', 'baseline_retrain', 'test'],
    );
    for (const [i, { share, overhead, imagesPerSecond, done, total }] of reports.entries()) {
      // The plan is an estimate: the end of a phase may be told before it is reached.
      assert.ok(share >= (reports[i - 1]?.share ?? 0) - 0.1 && share <= 1, `report ${i}: ${share}`);
      assert.ok(done <= total && imagesPerSecond >= 0, `report ${i}`);
      for (const part of Object.values(overhead)) assert.ok(part >= 0 && part <= 1, `report ${i}`);
    }
    assert.equal(reports.at(-1)?.share, 1);
  });

  it('estimates the time left from the work of this process', async () => {
    const whole = await runToy(toyConfig(), new ToyBackend());
    const resume = whole.checkpoints[5]!;
    const { reports } = await runToy(toyConfig(), new ToyBackend(), { resume });
    assert.ok(reports[0]!.share > 0.1, 'a resumed run starts where it was');
    assert.ok(reports.some(({ remainingMs }) => remainingMs > 0));
    assert.equal(reports.at(-1)?.remainingMs, 0);
  });
});
