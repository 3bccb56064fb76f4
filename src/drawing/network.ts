import type {
  DrawnEdge,
  DrawnNode,
  DrawnText,
  Drawing,
  NetworkSketch,
  NetworkSketchStep,
} from '../protocol/drawing.js';
import { headed, route } from './curves.js';
import { framed } from './frame.js';
import { METRICS, clip, textWidth } from './metrics.js';

const LONGEST_LABEL = 24;
const SHORTEST_JOINT = 34;

/** The macro network as a strip: repeats collapsed (`N ×6`), the shape of the feature map under each joint. */
export function drawNetwork(network: NetworkSketch): Drawing {
  const groups = collapse(network.steps);
  const height = METRICS.boxHeight * 1.25;
  const nodes: DrawnNode[] = [];
  const edges: DrawnEdge[] = [];
  const notes: DrawnText[] = [];
  let x = 0;
  const put = (node: Pick<DrawnNode, 'shape' | 'label'> & { family?: 'plain' }, tall: boolean): void => {
    const label = clip(node.label, LONGEST_LABEL);
    const width = Math.max(METRICS.port, textWidth(label) + 2 * METRICS.pillPadding);
    const own = tall ? height : METRICS.boxHeight * 0.9;
    nodes.push({
      ...node,
      id: `s${nodes.length}`,
      x: x + width / 2,
      y: height / 2,
      width,
      height: own,
      label,
    });
    x += width;
  };
  const join = (shape: string): void => {
    const label = clip(shape, LONGEST_LABEL);
    const length = Math.max(SHORTEST_JOINT, textWidth(label, METRICS.detailSize) + METRICS.pillPadding);
    const { end, arrow } = headed({ at: [x + length, height / 2], direction: [1, 0] }, METRICS.arrow);
    const curve = route({ at: [x, height / 2], direction: [1, 0] }, [], end);
    const [from, to] = [nodes.length - 1, nodes.length].map((i) => `s${i}`) as [string, string];
    edges.push({ id: `e${edges.length}`, from, to, curve, arrow });
    notes.push({ x: x + length / 2, y: height / 2 + 18, text: label, anchor: 'middle', role: 'note' });
    x += length;
  };

  put({ shape: 'port', label: network.input.label }, false);
  let shape = network.input.shape;
  for (const { step, count } of groups) {
    join(shape);
    const label = count === 1 ? step.label : `${clip(step.label, LONGEST_LABEL - 5)} ×${count}`;
    const colour = step.role === 'reduction' ? { family: 'plain' as const } : {};
    put({ shape: 'box', label, ...colour }, step.role !== 'chain');
    ({ shape } = step);
  }
  notes.push({
    x: x + 8,
    y: height / 2 + METRICS.detailSize * 0.35,
    text: shape,
    anchor: 'start',
    role: 'note',
  });
  const width = x + 8 + textWidth(shape, METRICS.detailSize);
  const caption = clip(network.name, 60);
  const description = describeNetwork(network, groups);
  return framed(
    { direction: 'right', width, height, nodes, edges },
    { title: `Network ${caption}`, caption, description },
    notes,
  );
}

interface Group {
  readonly step: NetworkSketchStep;
  readonly count: number;
}

/** Neighbours that are alike, their shapes included, become one. */
function collapse(steps: readonly NetworkSketchStep[]): readonly Group[] {
  const groups: Group[] = [];
  for (const step of steps) {
    const last = groups.at(-1);
    const alike =
      last?.step.label === step.label && last.step.role === step.role && last.step.shape === step.shape;
    if (alike) groups[groups.length - 1] = { step, count: last.count + 1 };
    else groups.push({ step, count: 1 });
  }
  return groups;
}

function describeNetwork({ name, input }: NetworkSketch, groups: readonly Group[]): string {
  const steps = groups.map(({ step, count }) => {
    const times = count === 1 ? '' : ` ${count} times`;
    return `${step.label}${times} (${step.shape})`;
  });
  return clip(`Network ${name}: ${input.label} (${input.shape}), then ${steps.join(', then ')}.`, 4000);
}
