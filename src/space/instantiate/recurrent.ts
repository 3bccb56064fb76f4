import { assert, present } from '../../base/assert.js';
import { UserError } from '../../base/user-error.js';
import { GraphBuilder } from '../../graph/builder.js';
import type { NetworkGraph, NodeId, WeightKey } from '../../graph/network-graph.js';
import type { Architecture } from '../architecture.js';
import { layoutOf, slotNamed } from '../layout.js';
import type { RecurrentTemplate, SearchSpace } from '../search-space.js';

/**
 * One time step of a recurrent cell (Liu et al., DARTS 2019, section 2.1 and its code `rnn/model.py`). Inputs `token`
 * [], `hidden` [n] and `label` []; outputs `logits` [vocabulary], `hidden` [n] and `loss` []. Node 0 reads
 * [x; h]·W0, every other node its predecessor·Wi, each split into c and h̃; s = s_before + σ(c)·(f(h̃) − s_before).
 * One Wi per node, shared by its activations and predecessors; the decoder's kernel is the embedding. No dropout.
 */
export function instantiateRecurrent(space: SearchSpace, architecture: Architecture): NetworkGraph {
  assert(architecture.kind === 'choices', 'A recurrent cell is built from choices');
  assert(architecture.space === space.id, `The architecture is not of space ${space.id}`);
  const { template, input } = space;
  if (template.kind !== 'recurrent' || input.kind !== 'tokens') {
    throw new UserError(`Space ${space.name} is not a recurrent cell over tokens`, 'Build it as cells.');
  }
  const builder = new GraphBuilder();
  const size = template.hidden;
  const token = builder.input('token', []);
  const before = builder.input('hidden', [size]);
  const embedding = { kernel: key('embedding.kernel') };
  const x = builder.add('embedding', [token], { vocabulary: input.vocabulary, dim: size }, embedding);
  const joined = builder.add('concat', [x, before], {});
  const states = [gated(builder, { gate: joined, state: before, activation: 'tanh', name: 's0', size })];
  for (const choice of choicesOf(space, template, architecture.values)) {
    const state = present(states[choice.from], 'predecessor');
    states.push(
      gated(builder, { gate: state, state, activation: choice.activation, name: choice.name, size }),
    );
  }
  const hidden = builder.add('mean', states.slice(1), {});
  const decoder = { kernel: embedding.kernel, bias: key('decoder.bias') };
  const logits = builder.add('linear', [hidden], { out: input.vocabulary, bias: true }, decoder);
  const label = builder.input('label', []);
  const loss = builder.add('cross_entropy', [logits, label], { smoothing: 0 });
  return builder.build({ logits, hidden, loss });
}

interface RecurrentChoice {
  readonly name: string;
  /** 0: the first state s0. */
  readonly from: number;
  readonly activation: string;
}

function choicesOf(
  space: SearchSpace,
  template: RecurrentTemplate,
  values: readonly number[],
): readonly RecurrentChoice[] {
  const layout = layoutOf(space);
  return template.nodes.map(({ name, decision, candidates, activations }) => {
    const option = present(values[slotNamed(layout, decision).offset], 'value of a decision');
    const from = present(candidates[Math.floor(option / activations.length)], 'candidate');
    return { name, from, activation: present(activations[option % activations.length], 'activation') };
  });
}

interface Gate {
  /** What the matrix reads. */
  readonly gate: NodeId;
  /** The state that the gate updates, [size]. */
  readonly state: NodeId;
  readonly activation: string;
  readonly name: string;
  readonly size: number;
}

/** state + σ(c)·(f(h̃) − state), where [c; h̃] = gate·W. */
function gated(builder: GraphBuilder, { gate, state, activation, name, size }: Gate): NodeId {
  const weights = { kernel: key(`${name}.kernel`) };
  const both = builder.add('linear', [gate], { out: 2 * size, bias: false }, weights);
  const c = builder.add('sigmoid', [builder.add('slice', [both], { from: 0, to: size })], {});
  const candidate = activate(builder, builder.add('slice', [both], { from: size, to: 2 * size }), activation);
  const step = builder.add('mul', [c, builder.add('sub', [candidate, state], {})], {});
  return builder.add('add', [state, step], {});
}

function activate(builder: GraphBuilder, x: NodeId, activation: string): NodeId {
  switch (activation) {
    case 'tanh':
    case 'relu':
    case 'sigmoid':
      return builder.add(activation, [x], {});
    case 'identity':
      return x;
    default: {
      const remedy = 'Use tanh, relu, sigmoid or identity.';
      throw new UserError(`A recurrent cell has no activation ${activation}`, remedy);
    }
  }
}

function key(text: string): WeightKey {
  return text as WeightKey;
}
