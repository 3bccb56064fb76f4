import { UserError } from '../base/user-error.js';
import { Rng } from '../base/rng.js';
import { instantiate, Instantiator } from '../space/instantiate/instantiator.js';
import { UnbuildableError, type BuildPlace } from '../space/instantiate/unbuildable-error.js';
import { sample } from '../space/sample.js';
import type { CellTemplate, NetStep, Scale, SearchSpace } from '../space/search-space.js';
import type * as ast from './generated/ast.js';
import type { Place, Reporter } from './reporter.js';
import type { LoweredSpace } from './space-lowering.js';

/** A supernet with more candidate edges can neither be checked in time nor trained. */
const MOST_EDGES = 50_000;

/** Builds the networks of a space, at every scale with every op on every edge, and reports what does not fit together. */
export function checkShapes({ node, space }: LoweredSpace, reporter: Reporter): boolean {
  const { template } = space;
  if (template.kind === 'hierarchy') return true;
  if (template.kind === 'recurrent') {
    return isBuilt(node, 'search', reporter, () => instantiateAny(space));
  }
  return space.scales.every((scale) => {
    if (!checkSize(node, template, scale, reporter)) return false;
    return isBuilt(node, scale.name, reporter, () =>
      new Instantiator(space, { scale, weights: 'supernet' }).buildAll(),
    );
  });
}

function instantiateAny(space: SearchSpace): void {
  const [scale] = space.scales;
  if (scale !== undefined)
    instantiate(space, sample(space, Rng.fromSeed(0)), { scale, weights: 'standalone' });
}

function checkSize(node: ast.Space, template: CellTemplate, scale: Scale, reporter: Reporter): boolean {
  const edges = countEdges(template.net, template, scale.cells);
  if (edges <= MOST_EDGES) return true;
  const message = `a supernet of space \`${node.name}\` has ${edges.toLocaleString('en')} candidate edges at scale \`${scale.name}\``;
  const remedy = `Stay below ${MOST_EDGES.toLocaleString('en')}: fewer cells, nodes or ops.`;
  reporter.error(scaleNode(node, scale.name), { code: 'NAS170', message, remedy });
  return false;
}

function countEdges(steps: readonly NetStep[], template: CellTemplate, cells: number): number {
  const ofCell = (name: string): number => {
    const nodes = template.cells.find((cell) => cell.name === name)?.nodes ?? [];
    const wires = nodes.flatMap((one) => one.wires);
    return wires.reduce(
      (sum, wire) => sum + (wire.kind === 'edge' ? 1 : wire.candidates.length) * wire.ops.length,
      1,
    );
  };
  return steps.reduce((sum, step) => {
    switch (step.kind) {
      case 'chain':
        return sum + step.chain.length;
      case 'cell':
        return sum + ofCell(step.cell);
      case 'cells':
        return (
          sum + cells * Math.max(ofCell(step.otherwise), ...step.special.map(({ cell }) => ofCell(cell)))
        );
      case 'repeat':
        return sum + (step.count === 'cells' ? cells : step.count) * countEdges(step.steps, template, cells);
    }
  }, 0);
}

/** Whether `build` succeeds; what it says of the user's space is reported where the space says it. */
function isBuilt(node: ast.Space, scale: string, reporter: Reporter, build: () => unknown): boolean {
  try {
    build();
    return true;
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    const at = error instanceof UnbuildableError ? placeOf(node, error.place) : undefined;
    const message = `${error.message} (at scale \`${scale}\`)`;
    reporter.error(at ?? { node, property: 'name' }, { code: 'NAS130', message, remedy: error.remedy });
    return false;
  }
}

function placeOf(node: ast.Space, place: BuildPlace): Place | undefined {
  if (place.cell === undefined) {
    const net = node.members.find((member) => member.$type === 'Net');
    return net?.items[place.step ?? 0];
  }
  const cell = node.members
    .filter((member) => member.$type === 'Cell')
    .find(({ name }) => name === place.cell);
  const body = bodyOf(cell);
  if (body === undefined) return cell;
  const input = body.inputs.find(({ name }) => name === place.node);
  const declaration = body.nodes.find(({ name, range }) =>
    range === undefined ? name === place.node : (place.node ?? '').replace(/\d+$/, '') === name,
  );
  return input ?? declaration?.rule ?? body.output;
}

function bodyOf(cell: ast.Cell | undefined): ast.Cell | undefined {
  let body = cell;
  while (body !== undefined && body.output === undefined) body = body.base?.ref;
  return body;
}

function scaleNode(node: ast.Space, name: string): Place {
  const scale = node.members.filter((member) => member.$type === 'Scale').find((one) => one.name === name);
  return scale === undefined ? node : { node: scale, property: 'name' };
}
