import { check, ONE_SHOT, searchText } from './check.js';
import { exampleText } from './examples.js';

describe('language: mistakes in searches', () => {
  const table: readonly (readonly [what: string, settings: readonly string[], ...expected: string[]])[] = [
    ['a missing training', ['select: random'], '10:8 error NAS161 search `T` has no `train:`'],
    [
      'a missing selection',
      ['train: supernet', 'budget: 9 steps'],
      '10:8 error NAS161 search `T` has no `select:`',
    ],
    [
      'a missing budget',
      ['train: supernet', 'select: random'],
      '10:8 error NAS161 search `T` has no `budget:` for its supernet',
    ],
    ['a doubled role', [...ONE_SHOT, 'train: sgd'], '14:1 error NAS161 `train:` is given twice'],
    [
      'seed beside seeds',
      [...ONE_SHOT, 'seed: 1', 'seeds: 1, 2'],
      '15:1 error NAS161 `seeds:` is given twice',
    ],
    ['an unknown setting', [...ONE_SHOT, 'trian: sgd'], '14:1 error NAS161 a search has no setting `trian`'],
    ['the old form', ['strategy: random'], '11:1 error NAS161 a search has no setting `strategy`'],
    [
      'an unknown strategy',
      ['train: supernet', 'select: rndom', 'budget: 9 steps'],
      '12:9 error NAS101 unknown strategy `rndom`',
    ],
    [
      'a strategy for a sampler',
      ['train: supernet', 'sample: evolution', 'select: random', 'budget: 9 steps'],
      '12:9 error NAS101 unknown sampler `evolution`',
    ],
    [
      'a number for a strategy',
      ['train: supernet', 'select: 3', 'budget: 9 steps'],
      '12:9 error NAS161 `select:` takes a strategy, not `3`',
    ],
    [
      'too many values',
      ['train: supernet, sgd', 'select: random', 'budget: 9 steps'],
      '11:18 error NAS161 `train:` takes a training, no more',
    ],
    [
      'a wrong argument',
      ['train: supernet(batch: 0)', 'select: random', 'budget: 9 steps'],
      '11:24 error NAS102 `batch` of `supernet` is 0, outside 1..',
    ],
    [
      'a budget of zero',
      ['train: supernet', 'select: random', 'budget: 0 steps'],
      '13:9 error NAS171 a budget of 0 steps runs nothing',
    ],
    [
      'a negative budget',
      ['train: supernet', 'select: random', 'budget: -5 steps'],
      '13:9 error NAS171 a budget of -5 steps runs nothing',
    ],
    [
      'half a step',
      ['train: supernet', 'select: random', 'budget: 1.5 steps'],
      '13:9 error NAS171 1.5 is no number of steps',
    ],
    [
      'a budget of time',
      ['train: supernet', 'select: random', 'budget: 8h'],
      '13:9 error NAS200 budgets of time are not built yet',
    ],
    [
      'a supernet with trials',
      ['train: supernet', 'select: random', 'budget: 9 trials'],
      '13:1 error NAS171 a supernet has a budget of steps or epochs',
    ],
    [
      'trials with steps',
      ['train: sgd', 'select: random', 'budget: 9 steps'],
      '13:1 error NAS171 trials that train alone have a budget of trials, not steps',
    ],
    [
      'a sampler without supernet',
      ['train: sgd', 'sample: uniform', 'select: random'],
      '12:1 error NAS172 `sample:` picks paths of a supernet, but here each trial trains alone',
    ],
    [
      'a warm-up that fills no population',
      [...ONE_SHOT, 'sample: novelty(warmup: 5)'],
      '14:1 error NAS102 a warm-up of 5 steps cannot fill a population of 100',
    ],
    [
      'a warm-up that leaves nothing',
      [...ONE_SHOT, 'sample: novelty'],
      '13:1 error NAS171 the warm-up of 100 steps leaves no novelty steps of 100',
    ],
    [
      'more neighbours than members',
      [...ONE_SHOT, 'sample: novelty(population: 5)'],
      '14:1 error NAS102 `k` is 10, but the population has 5 members',
    ],
    [
      'an unknown metric',
      [...ONE_SHOT, 'objective: max val_acc'],
      '14:16 error NAS101 unknown metric `val_acc`',
    ],
    [
      'a metric of another task',
      [...ONE_SHOT, 'objective: min val_perplexity'],
      '14:12 error NAS180 `val_perplexity` is not produced by `classes`',
    ],
    [
      'the wrong direction',
      [...ONE_SHOT, 'objective: min val_accuracy'],
      '14:12 error NAS180 `val_accuracy` is better the larger it is',
    ],
    [
      'a first objective that is not measured',
      [...ONE_SHOT, 'objective: min params'],
      '14:1 error NAS180 the first objective decides, so it is measured on the validation split',
    ],
    [
      'a metric that is not built yet',
      [...ONE_SHOT, 'objective: max val_accuracy, min latency'],
      '14:30 error NAS200 metric `latency` is not built yet',
    ],
    ['an unknown device', [...ONE_SHOT, 'device: cuda'], '14:9 error NAS161 unknown device `cuda`'],
    [
      'a seed that is no number',
      [...ONE_SHOT, 'seed: 1.5'],
      '14:7 error NAS102 `seed:` takes whole numbers from 0, not `1.5`',
    ],
    [
      'a baseline of another kind',
      [...ONE_SHOT, 'baseline: evolution, sgd'],
      '14:1 error NAS161 a baseline is random search, not `evolution`',
    ],
    [
      'a baseline without training',
      [...ONE_SHOT, 'baseline: random'],
      '14:1 error NAS161 the baseline does not say how its trials train',
    ],
    [
      'retraining a supernet',
      [...ONE_SHOT, 'retrain: supernet'],
      '14:1 error NAS161 one network is trained by `sgd`, not by `supernet`',
    ],
  ];
  for (const [what, settings, ...expected] of table) {
    it(`reports ${what}`, () => check(searchText(settings), ...expected));
  }

  it('reports data that do not fit', async () => {
    const data = (call: string, expected: string): Promise<void> =>
      check(searchText(ONE_SHOT, call), expected);
    await data('cifar10', '10:20 error NAS132 `cifar10` has images of 32x32x3, space `S` reads 28x28x1');
    await data(
      'digits(train: 0.8, validation: 0.4)',
      '10:20 error NAS132 train, validation and test take 140 % of `digits`',
    );
    await data('digits(validation: 0)', '10:20 error NAS132 the validation split of `digits` is empty');
    await data('idx', '10:20 error NAS102 `idx` needs `folder` (a text)');
    await data('digit', '10:20 error NAS101 unknown dataset `digit`');
    await data(
      'digits(train: 0.5, validation: 0.5, test: 0)',
      '10:20 error NAS132 the test split of `digits` is empty',
    );
    await check(
      searchText(ONE_SHOT, 'digits(limit: 100)'),
      '11:1 error NAS132 a batch of 64 is larger than the training split of `digits`, 60 images',
    );
    await data('skip', '10:20 error NAS101 `skip` is an op, but here stands a dataset');
    await check(
      searchText(ONE_SHOT).replaceAll('classes(10)', 'classes(12)'),
      '10:20 error NAS132 `digits` has 10 classes, space `S` tells 12 apart',
    );
    const epochs = ['train: supernet', 'select: random', 'budget: 9 epochs'];
    await check(
      searchText(epochs, 'idx(folder: "a")'),
      '13:1 error NAS171 how many images `idx` has shows only when it is opened',
    );
  });

  it('refuses a supernet over a hierarchy', async () => {
    const text = exampleText('nago')
      .replace(/train: sgd\(.*\)/, 'train: supernet')
      .replace(/select: bohb\(.*\)/, 'select: random');
    await check(
      text,
      '24:3 error NAS172 a supernet cannot search `Nago`: networks of a hierarchy share no weights',
    );
  });
});
