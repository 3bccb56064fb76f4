import assert from 'node:assert/strict';
import { parseEventLine } from '../../../src/protocol/parse/run-event-schema.js';
import { parseRunConfig } from '../../../src/protocol/parse/run-config-schema.js';
import { parseLogNotification } from '../../../src/protocol/parse/control-schema.js';
import { parseCheckpoint, parseRunIdentity } from '../../../src/protocol/parse/run-folder-schema.js';
import type { MethodConfig, TrainingConfig } from '../../../src/protocol/run-config.js';
import type { RunEventBody } from '../../../src/protocol/run-event.js';
import type { Proposal, TrialId } from '../../../src/protocol/trial.js';
import type { SpaceId } from '../../../src/space/search-space.js';
import { testRunConfig } from '../../fixtures/test-run-config.js';

const ARCHITECTURE = { kind: 'choices', space: 'Toy-00000000' as SpaceId, values: [1] } as const;
const TRIAL = 0 as TrialId;
const SCORE = { correct: 1, of: 2, weights: 'trained' } as const;
const PROPOSAL: Proposal = { trial: TRIAL, architecture: ARCHITECTURE, epochs: 0.5, parents: [] };
const CONFIG = testRunConfig(10);

/** One of each: the compiler asks for an example of every type of event. */
const EVENTS: { readonly [Type in RunEventBody['type']]: Extract<RunEventBody, { readonly type: Type }> } = {
  started: {
    type: 'started',
    config: CONFIG,
    data: { name: 'a', description: 'b', hash: 'c', train: 1, validation: 1, test: 1 },
  },
  phase: { type: 'phase', phase: 'supernet', total: 1, unit: 'steps' },
  supernet: {
    type: 'supernet',
    step: 1,
    trainLoss: 1.5,
    trainAccuracy: 0,
    learningRate: 0.1,
    gradientNorm: 1,
    architecture: ARCHITECTURE,
    pathAccuracy: 0,
    sampler: { novelty: { Normal: 1 }, balance: { Normal: 1 } },
  },
  asked: { type: 'asked', role: 'search', proposals: [PROPOSAL] },
  trial_progress: {
    type: 'trial_progress',
    role: 'baseline',
    trial: TRIAL,
    epoch: 1,
    validationLoss: 1,
    validationAccuracy: 1,
  },
  told: {
    type: 'told',
    role: 'search',
    outcomes: [
      { kind: 'measured', trial: TRIAL, values: [1] },
      { kind: 'failed', trial: TRIAL, reason: 'diverged', detail: 'no' },
    ],
    cost: { search: 1, baseline: 0 },
  },
  selected: { type: 'selected', role: 'search', trial: TRIAL, architecture: ARCHITECTURE, validation: SCORE },
  retrain: {
    type: 'retrain',
    role: 'search',
    epoch: 1,
    trainLoss: 1,
    validationLoss: 1,
    validationAccuracy: 1,
    learningRate: 1,
  },
  tested: {
    type: 'tested',
    role: 'search',
    architecture: ARCHITECTURE,
    test: SCORE,
    parameters: 1,
    macs: 1,
    weights: 'ab',
  },
  finished: { type: 'finished', because: 'budget-spent' },
};

const OPTIMIZER = { learningRate: 1, finalLearningRate: 0, momentum: 0, weightDecay: 0, clipNorm: 1 };
const TRAINING: TrainingConfig = {
  ...OPTIMIZER,
  epochs: 1,
  batch: 1,
  smoothing: 0,
  augmentation: { crop: 0, flip: true, cutout: 0 },
};

const METHODS: { readonly [Kind in MethodConfig['kind']]: Extract<MethodConfig, { readonly kind: Kind }> } = {
  one_shot: CONFIG.method as Extract<MethodConfig, { readonly kind: 'one_shot' }>,
  black_box: {
    kind: 'black_box',
    strategy: { kind: 'regularised_evolution', population: 2, sample: 1 },
    trials: 1,
    training: TRAINING,
  },
  retrain: { kind: 'retrain', architecture: ARCHITECTURE, from: 'a' },
  not_built_yet: { kind: 'not_built_yet', part: 'a' },
};

describe('Parsers of what comes from outside', () => {
  for (const body of Object.values(EVENTS)) {
    it(`read back a ${body.type} event as it was`, () => {
      const event = { seq: 4, ...body };
      assert.deepEqual(parseEventLine(JSON.stringify(event), 5, 'events.jsonl'), event);
    });
  }

  for (const method of Object.values(METHODS)) {
    it(`read back a configuration with the method ${method.kind} as it was`, () => {
      const config = { ...CONFIG, method, retrain: TRAINING };
      assert.deepEqual(parseRunConfig(JSON.parse(JSON.stringify(config)), 'config.json'), config);
    });
  }

  const checkEvent = (line: string, expected: RegExp): void => {
    assert.throws(() => parseEventLine(line, 3, 'x/events.jsonl'), expected);
  };

  it('name the place and the first wrong property of an event', () => {
    checkEvent('{"seq":2', /^UserError: x\/events\.jsonl:3 is not valid JSON/);
    checkEvent(
      '{"seq":2,"type":"finished","because":"x"}',
      /x\/events\.jsonl:3: because: expected .* got "x"/,
    );
    checkEvent('{"seq":2,"type":"dance"}', /x\/events\.jsonl:3: type: expected .* got "dance"/);
    checkEvent(
      JSON.stringify({ seq: 7, ...EVENTS.finished }),
      /events\.jsonl:3: expected event 2 but got event 7/,
    );
    checkEvent(
      JSON.stringify({ seq: 2, ...EVENTS.retrain, epoch: null }),
      /:3: epoch: expected number but got null/,
    );
  });

  it('refuse a file of another schema before anything else in it', () => {
    const remedy = { remedy: 'Open the run with the version of Cellsmith that wrote it.' };
    assert.throws(() => parseRunConfig({ schema: 2 }, 'c'), {
      message: /^c has schema 2; .* reads schema 1\.$/,
      ...remedy,
    });
    assert.throws(() => parseRunIdentity('{"schema":9,"id":4}', 'r'), {
      message: /^r has schema 9/,
      ...remedy,
    });
    assert.throws(() => parseCheckpoint('{"schema":9}', 'k'), { message: /^k has schema 9/, ...remedy });
  });

  it('keep properties that a later patch of the same schema adds', () => {
    const line = { atMs: 1, seq: 0, level: 'info', kind: 'notice', text: 'x', added: true };
    assert.deepEqual(parseLogNotification({ line }), { line });
  });
});
