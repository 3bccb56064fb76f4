import assert from 'node:assert/strict';
import { tinyWith, TINY, Workspace } from './cellsmith.js';

describe('bad input on the command line', () => {
  let workspace: Workspace;
  before(async () => {
    workspace = await Workspace.create();
    await workspace.write('tiny.nas', TINY);
  });
  after(async () => workspace.remove());

  it('of a search that cannot run is refused with place, remedy and exit code 1, and leaves no run behind', async () => {
    for (const [change, args, expected] of [
      [
        ['budget: 20 steps', 'budget: 0 steps'],
        [],
        /bad\.nas:20:11: error NAS171 a budget of 0 steps.*\n +Write/,
      ],
      [['trials: 3', 'trials: 0'], [], /bad\.nas:21:26: error NAS102 `trials` of `random` is 0/],
      [['none, skip, sep_conv(3x3), max_pool(3x3)', ''], [], /NAS112 op set `Ops` is empty/],
      [['  scale evaluate', '  require params <= 10\n  scale evaluate'], [], /NAS150 none of 2,000 random/],
      [
        ['scale search { C: 4', 'scale search { C: 60000'],
        [],
        /at the scale search of Tiny take .* GiB, the device has/,
      ],
      [
        ['scale evaluate { C: 4', 'scale evaluate { C: 60000'],
        [],
        /at the scale evaluate of Tiny.*\nLower C or depth/,
      ],
      [['seed: 3', 'seed: 3'], ['--threads', '100000'], /100000 threads are more than the 64/],
      [['seed: 3', 'seed: 3'], ['--threads', '-1'], /whole number, 0 or more/],
      [['seed: 3', 'seed: 3'], ['--seed', '99999999999999999999'], /at most 9007199254740991/],
      [
        ['seed: 3', 'seed: 3'],
        ['--device', 'tensorflow'],
        /Device tensorflow cannot be used.*\nUse the device auto/,
      ],
      [
        ['seed: 3', 'seed: 3'],
        ['--runs', 'tiny.nas'],
        /Cannot make a run folder in .*tiny\.nas.*\nMake room or/,
      ],
    ] as const) {
      await workspace.write('bad.nas', tinyWith(change));
      const { code, out, err } = await workspace.cellsmith('run', 'bad.nas', ...args);
      assert.equal(code, 1, `${change.join(' → ')} ${args.join(' ')}: ${err}`);
      assert.match(err, expected);
      assert.equal(out, '');
    }
    assert.match((await workspace.cellsmith('runs')).out, /^No runs/);
  }).timeout(60_000);

  it('that is no text is refused', async () => {
    assert.match((await workspace.cellsmith('check', '.')).err, /Cannot read \.: It is a folder\./);
    if (process.platform === 'linux')
      assert.match(
        (await workspace.cellsmith('check', '/dev/zero')).err,
        /Cannot read \/dev\/zero: It is no file\./,
      );
    await workspace.write('large.nas', new Uint8Array(5 * 2 ** 20));
    assert.match((await workspace.cellsmith('check', 'large.nas')).err, /large\.nas is larger than 4 MiB/);
    await workspace.write('windows.nas', `\ufeff${TINY.replaceAll('\n', '\r\n')}`);
    assert.equal((await workspace.cellsmith('check', 'windows.nas')).out, '1 file, no problem.\n');
  }).timeout(60_000);

  it('of several seeds starts the first and tells how to start the others', async () => {
    await workspace.write('seeds.nas', tinyWith(['seed: 3', 'seeds: 3, 5, 8']));
    const { code, err, out } = await workspace.cellsmith(
      'run',
      'seeds.nas',
      '--runs',
      'seeds',
      '--foreground',
    );
    assert.equal(code, 0, err);
    assert.match(err, /asks for 3 seeds\. This run takes 3; start the others with --seed 5, --seed 8\./);
    assert.match(out, /^Tiny {2}seed 3$/m);
  }).timeout(60_000);

  it('to a pipe whose reader has seen enough ends without a word', async () => {
    const { code, out, err } = await workspace.shell(
      '$CELLSMITH sample tiny.nas -n 5000 | head -1; exit ${PIPESTATUS[0]}',
    );
    assert.deepEqual([code, err], [0, '']);
    assert.match(out, /^\d.*parameters/);
  }).timeout(60_000);
});
