/** What an op is for the eye: its colour and line pattern, the same in every view. */
export type OpFamily =
  | 'sep_conv'
  | 'dil_conv'
  | 'conv'
  | 'avg_pool'
  | 'max_pool'
  | 'skip'
  | 'none'
  | 'activation'
  | 'generator'
  /** Everything else: linear layers, norms, sums. */
  | 'plain';

/** A picture as plain data: positions are decided, pages only paint. Lengths are in px, y points down. */
export interface Drawing {
  readonly width: number;
  readonly height: number;
  /** Where edges lead. */
  readonly direction: 'right' | 'down';
  /** For screen readers and file names. */
  readonly title: string;
  /** What the picture shows, in sentences. */
  readonly description: string;
  readonly nodes: readonly DrawnNode[];
  readonly edges: readonly DrawnEdge[];
  readonly texts: readonly DrawnText[];
}

export interface DrawnNode {
  readonly id: string;
  /** `port`: rounded square (input or output); `circle`: intermediate node; `box`: cell of a strip, op of a graph. */
  readonly shape: 'port' | 'circle' | 'box';
  /** Centre. */
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly label: string;
  /** Second, smaller line. */
  readonly detail?: string;
  /** Colours a box. */
  readonly family?: OpFamily;
}

export interface DrawnEdge {
  readonly id: string;
  /** Ids of nodes. */
  readonly from: string;
  readonly to: string;
  readonly curve: Curve;
  /** Head at the end of the curve: tip and two corners. */
  readonly arrow: readonly [tip: Point, corner: Point, corner: Point];
  /** Absent: a thin grey line that carries a value on as it is. */
  readonly pill?: Pill;
}

/** A smooth line: a start, then cubic Bézier pieces, each by two control points and its end. */
export interface Curve {
  readonly start: Point;
  readonly pieces: readonly (readonly [control1: Point, control2: Point, end: Point])[];
}

export type Point = readonly [x: number, y: number];

/** The op on an edge. */
export interface Pill {
  /** Centre. */
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly label: string;
  readonly family: OpFamily;
}

export interface DrawnText {
  readonly x: number;
  /** Baseline. */
  readonly y: number;
  readonly text: string;
  readonly anchor: 'start' | 'middle' | 'end';
  readonly role: 'caption' | 'note';
}

/** A cell before it has positions. Names are free text. */
export interface CellSketch {
  readonly name: string;
  /** E.g. `c(k−2)`, `c(k−1)`. */
  readonly inputs: readonly string[];
  readonly nodes: readonly CellSketchNode[];
  readonly output: {
    readonly name: string;
    /** E.g. `concat`. */
    readonly merge: string;
    /** Names of inputs or nodes. */
    readonly from: readonly string[];
  };
}

export interface CellSketchNode {
  /** Unique among inputs and nodes. */
  readonly name: string;
  readonly edges: readonly CellSketchEdge[];
}

export interface CellSketchEdge {
  /** Name of an input or of an earlier node. */
  readonly from: string;
  /** Short name, e.g. `sep 3×3`. */
  readonly op: string;
  readonly family: OpFamily;
  readonly stride: 1 | 2;
}

/** A network as a strip of steps. */
export interface NetworkSketch {
  readonly name: string;
  readonly input: { readonly label: string; readonly shape: string };
  readonly steps: readonly NetworkSketchStep[];
}

export interface NetworkSketchStep {
  readonly label: string;
  /** `reduction`: a cell that halves the map; `chain`: fixed layers (stem, transition, head). */
  readonly role: 'cell' | 'reduction' | 'chain';
  /** Shape after the step, e.g. `16×16×128`. */
  readonly shape: string;
}
