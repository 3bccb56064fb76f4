import { present } from '../base/assert.js';
import { formatShape } from '../graph/ops/shapes.js';
import type {
  CellSketch,
  CellSketchEdge,
  NetworkSketch,
  NetworkSketchStep,
  OpFamily,
} from '../protocol/drawing.js';
import type { ChoiceArchitecture } from '../space/architecture.js';
import { describeCells } from '../space/describe.js';
import { Instantiator } from '../space/instantiate/instantiator.js';
import { cellTypesOf } from '../space/layout.js';
import type { CellNode, CellType, OpCall, OpChoice, Scale, SearchSpace } from '../space/search-space.js';

/** One sketch per cell type of an architecture, for `drawCell` and `toText`. */
export function sketchCells(space: SearchSpace, architecture: ChoiceArchitecture): readonly CellSketch[] {
  return describeCells(space, architecture).map(({ cell, nodes }) => {
    const names = namesOf(cell, (_, i) => nodes[i]?.then);
    return sketch(cell, names, (_, i) =>
      present(nodes[i], 'node').edges.map(({ from, op }) =>
        edge(cell, names, from, { op: shortName(op), family: familyOf(op) }),
      ),
    );
  });
}

/** One sketch per cell type of a space: what is searched is drawn as a question mark on every edge that may be chosen. */
export function sketchSpace(space: SearchSpace): readonly CellSketch[] {
  return cellTypesOf(space).map((cell) => {
    const names = namesOf(cell, ({ then }) => (then.length === 1 ? then[0] : undefined));
    return sketch(cell, names, (node) =>
      node.wires.flatMap((wire) => {
        const sources = wire.kind === 'choose' ? wire.candidates : [wire.from];
        const only = wire.kind === 'edge' && wire.ops.length === 1 ? wire.ops[0] : undefined;
        const look = only === undefined ? OPEN : { op: shortName(only), family: familyOf(only) };
        return sources.map((from) => edge(cell, names, from, look));
      }),
    );
  });
}

/** The net of a space at a scale as a strip; shapes are those of the built network. */
export function sketchNetwork(space: SearchSpace, scale: Scale): NetworkSketch {
  const steps = new Instantiator(space, { scale, weights: 'supernet' }).stepShapes();
  const letters = lettersOf(cellTypesOf(space).map((cell) => cell.name));
  const { input } = space;
  return {
    name: `${space.name}, C = ${scale.channels}, ${numCells(steps.map(({ step }) => step.kind))}`,
    input: {
      label: input.kind === 'image' ? 'image' : 'tokens',
      shape: input.kind === 'image' ? formatShape([input.height, input.width, input.channels]) : 'scalar',
    },
    steps: steps.map(({ step, shape }): NetworkSketchStep => {
      if (step.kind === 'chain') return { label: step.role, role: 'chain', shape: formatShape(shape) };
      const { name, stride } = step.cell.type;
      const label = letters.get(name) ?? name;
      return { label, role: stride === 2 ? 'reduction' : 'cell', shape: formatShape(shape) };
    }),
  };
}

/** What the eye reads for an op: `sep 3×3`, `skip`, … Ops of several calls keep the name the space gave them. */
function shortName({ name, chain }: OpChoice): string {
  const [call] = chain;
  if (call === undefined) return 'skip';
  const short = chain.length === 1 ? SHORT.get(call.op) : undefined;
  if (short === undefined) return name.replaceAll('_', ' ').replace(/(\d+)x(\d+)/g, '$1×$2');
  const { kernel } = call.arguments;
  return typeof kernel === 'number' ? `${short} ${kernel}×${kernel}` : short;
}

/** Family of the first call of an op that has one. */
function familyOf({ chain }: OpChoice): OpFamily {
  if (chain.length === 0) return 'skip';
  const families = chain.map((call: OpCall) => FAMILY.get(call.op) ?? 'plain');
  return families.find((family) => family !== 'plain' && family !== 'activation') ?? families[0] ?? 'plain';
}

const OPEN = { op: '?', family: 'plain' } as const;

const SHORT: ReadonlyMap<string, string> = new Map([
  ['sep_conv', 'sep'],
  ['dil_conv', 'dil'],
  ['conv', 'conv'],
  ['max_pool', 'max'],
  ['avg_pool', 'avg'],
  ['skip', 'skip'],
  ['identity', 'skip'],
  ['none', 'none'],
  ['relu', 'relu'],
  ['tanh', 'tanh'],
  ['sigmoid', 'sigmoid'],
]);

const FAMILY: ReadonlyMap<string, OpFamily> = new Map<string, OpFamily>([
  ['sep_conv', 'sep_conv'],
  ['dil_conv', 'dil_conv'],
  ['conv', 'conv'],
  ['resblock', 'conv'],
  ['max_pool', 'max_pool'],
  ['avg_pool', 'avg_pool'],
  ['gap', 'avg_pool'],
  ['skip', 'skip'],
  ['identity', 'skip'],
  ['none', 'none'],
  ['relu', 'activation'],
  ['tanh', 'activation'],
  ['sigmoid', 'activation'],
]);

type Edges = (node: CellNode, index: number) => readonly CellSketchEdge[];

function sketch(cell: CellType, names: readonly string[], edges: Edges): CellSketch {
  const numInputs = cell.inputs.length;
  return {
    name: cell.name,
    inputs: names.slice(0, numInputs),
    nodes: cell.nodes.map((node, i) => ({
      name: present(names[numInputs + i], 'name'),
      edges: edges(node, i),
    })),
    output: {
      name: 'c(k)',
      merge: cell.output.merge,
      from: cell.output.nodes.map((index) => present(names[index], 'name')),
    },
  };
}

/** `c(k−2)`, `c(k−1)`, then the numbers of the nodes, with the op that follows their merge. */
function namesOf(
  { inputs, nodes }: CellType,
  thenOf: (node: CellNode, index: number) => OpChoice | undefined,
): readonly string[] {
  return [
    ...inputs.map((_, i) => `c(k−${inputs.length - i})`),
    ...nodes.map((node, i) => {
      const then = thenOf(node, i);
      if (then !== undefined) return `${i}: ${shortName(then)}`;
      return node.then.length === 0 ? String(i) : `${i}: ?`;
    }),
  ];
}

function edge(
  cell: CellType,
  names: readonly string[],
  from: number,
  look: { readonly op: string; readonly family: OpFamily },
): CellSketchEdge {
  const halves = cell.stride === 2 && from < cell.inputs.length;
  return { ...look, from: present(names[from], 'source'), stride: halves ? 2 : 1 };
}

/** Cell names by their first letter where that tells them apart (`N`, `R`), else in full. */
function lettersOf(names: readonly string[]): ReadonlyMap<string, string> {
  const initials = names.map((name) => Array.from(name)[0]?.toUpperCase() ?? name);
  const unique = new Set(initials).size === names.length;
  return new Map(names.map((name, i) => [name, unique ? present(initials[i], 'initial') : name]));
}

function numCells(kinds: readonly string[]): string {
  const count = kinds.filter((kind) => kind === 'cell').length;
  return `${count} cell${count === 1 ? '' : 's'}`;
}
