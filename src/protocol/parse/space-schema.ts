import * as v from 'valibot';
import type { Architecture, ChoiceArchitecture } from '../../space/architecture.js';
import type { Decision, DecisionName } from '../../space/decision.js';
import type { NetworkGraph } from '../../graph/network-graph.js';
import type {
  CellType,
  Merge,
  NetStep,
  OpCall,
  OpChoice,
  Scale,
  SearchSpace,
  SpaceId,
  SpaceRule,
  Template,
  Wire,
} from '../../space/search-space.js';
import type { Schema } from './parse-as.js';

/** JSON carries neither NaN nor infinities. */
export const finite = v.pipe(v.number(), v.finite());
export const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const numbers = v.array(finite);

const spaceId: Schema<SpaceId> = v.pipe(
  v.string(),
  v.transform((text) => text as SpaceId),
);

const opCall: Schema<OpCall> = v.looseObject({
  op: v.string(),
  arguments: v.record(v.string(), v.union([v.number(), v.looseObject({ channels: v.number() })])),
});

const opChoice: Schema<OpChoice> = v.looseObject({ name: v.string(), chain: v.array(opCall) });

const merge: Schema<Merge> = v.picklist(['sum', 'concat', 'mean', 'mul', 'gate']);

const wire: Schema<Wire> = v.variant('kind', [
  v.looseObject({
    kind: v.literal('choose'),
    decision: v.string(),
    candidates: numbers,
    ops: v.array(opChoice),
  }),
  v.looseObject({
    kind: v.literal('edge'),
    from: count,
    decision: v.exactOptional(v.string()),
    ops: v.array(opChoice),
  }),
]);

const cellType: Schema<CellType> = v.looseObject({
  name: v.string(),
  inputs: v.array(v.looseObject({ name: v.string(), preprocess: v.array(opCall) })),
  stride: v.picklist([1, 2]),
  nodes: v.array(v.looseObject({ name: v.string(), merge, wires: v.array(wire), then: v.array(opChoice) })),
  output: v.looseObject({ merge, nodes: numbers }),
});

const netStep: Schema<NetStep> = v.variant('kind', [
  v.looseObject({
    kind: v.literal('chain'),
    role: v.picklist(['stem', 'down', 'head']),
    chain: v.array(opCall),
  }),
  v.looseObject({
    kind: v.literal('cells'),
    special: v.array(v.looseObject({ cell: v.string(), numerator: v.number(), denominator: v.number() })),
    otherwise: v.string(),
  }),
  v.looseObject({
    kind: v.literal('repeat'),
    count: v.union([count, v.literal('cells')]),
    steps: v.array(v.lazy(() => netStep)),
  }),
  v.looseObject({ kind: v.literal('cell'), cell: v.string(), channels: v.exactOptional(v.number()) }),
]);

const template: Schema<Template> = v.variant('kind', [
  v.looseObject({ kind: v.literal('cells'), cells: v.array(cellType), net: v.array(netStep) }),
  v.looseObject({
    kind: v.literal('recurrent'),
    hidden: count,
    nodes: v.array(
      v.looseObject({
        name: v.string(),
        decision: v.string(),
        candidates: numbers,
        activations: v.array(v.string()),
      }),
    ),
  }),
  v.looseObject({
    kind: v.literal('hierarchy'),
    levels: v.array(
      v.looseObject({
        name: v.string(),
        generator: v.string(),
        decisions: v.record(v.string(), v.string()),
      }),
    ),
    leaf: v.array(opCall),
  }),
]);

const decisionName: Schema<DecisionName> = v.pipe(
  v.string(),
  v.transform((text) => text as DecisionName),
);

const decision: Schema<Decision> = v.variant('kind', [
  v.looseObject({ kind: v.literal('categorical'), name: decisionName, options: v.array(v.string()) }),
  v.looseObject({
    kind: v.literal('subset'),
    name: decisionName,
    options: v.array(v.string()),
    count,
    repeats: v.boolean(),
    groupSize: count,
  }),
  v.looseObject({
    kind: v.picklist(['integer', 'real']),
    name: decisionName,
    low: v.number(),
    high: v.number(),
    scale: v.picklist(['linear', 'log']),
  }),
]);

const rule: Schema<SpaceRule> = v.looseObject({
  metric: v.variant('kind', [
    v.looseObject({ kind: v.literal('params') }),
    v.looseObject({ kind: v.literal('macs') }),
    v.looseObject({ kind: v.literal('count'), op: v.string(), cell: v.exactOptional(v.string()) }),
  ]),
  comparison: v.picklist(['<=', '>=', '<', '>', '==', '!=']),
  limit: v.number(),
  because: v.exactOptional(v.string()),
  text: v.string(),
});

const scale: Schema<Scale> = v.looseObject({
  name: v.string(),
  channels: count,
  cells: count,
  norm: v.looseObject({ affine: v.boolean(), stemAffine: v.boolean(), pools: v.boolean() }),
  auxiliary: v.number(),
  dropPath: v.number(),
});

export const searchSpaceSchema: Schema<SearchSpace> = v.looseObject({
  id: spaceId,
  name: v.string(),
  input: v.variant('kind', [
    v.looseObject({ kind: v.literal('image'), height: count, width: count, channels: count }),
    v.looseObject({ kind: v.literal('tokens'), vocabulary: count }),
  ]),
  task: v.variant('kind', [
    v.looseObject({ kind: v.literal('classes'), count }),
    v.looseObject({ kind: v.literal('next_token'), vocabulary: count }),
  ]),
  template,
  decisions: v.array(decision),
  rules: v.array(rule),
  scales: v.pipe(v.array(scale), v.minLength(1)),
});

/** The graph form is taken as it is: whoever builds the network checks it. */
const networkGraph = v.custom<NetworkGraph>((input) => typeof input === 'object' && input !== null);

export const choiceArchitectureSchema: Schema<ChoiceArchitecture> = v.looseObject({
  kind: v.literal('choices'),
  space: spaceId,
  values: numbers,
});

export const architectureSchema: Schema<Architecture> = v.variant('kind', [
  v.looseObject({ kind: v.literal('choices'), space: spaceId, values: numbers }),
  v.looseObject({ kind: v.literal('generator'), space: spaceId, values: numbers, graphSeed: v.number() }),
  v.looseObject({ kind: v.literal('graph'), graph: networkGraph }),
]);
