import type { Brand } from '../base/brand.js';
import type { Decision } from './decision.js';

export type SpaceId = Brand<string, 'SpaceId'>;

/** A set of architectures as plain data: what is decided, and how decisions become a network. Crosses processes as JSON. */
export interface SearchSpace {
  /** Name and content hash, e.g. `Darts-3f2a91c0`. */
  readonly id: SpaceId;
  readonly name: string;
  readonly input: InputSpec;
  readonly task: TaskSpec;
  readonly template: Template;
  /** In the order of an architecture's values. */
  readonly decisions: readonly Decision[];
  /** Hard limits every architecture obeys. */
  readonly rules: readonly SpaceRule[];
  /** At least one; the first is what a search trains, `evaluate` (or the last) what retraining uses. */
  readonly scales: readonly Scale[];
}

export type InputSpec =
  /** Images (height, width, channels). */
  | { readonly kind: 'image'; readonly height: number; readonly width: number; readonly channels: number }
  | { readonly kind: 'tokens'; readonly vocabulary: number };

export type TaskSpec =
  | { readonly kind: 'classes'; readonly count: number }
  | { readonly kind: 'next_token'; readonly vocabulary: number };

export type Template = CellTemplate | RecurrentTemplate | HierarchyTemplate;

/** Cells of a few searched types, stacked along `net`. */
export interface CellTemplate {
  readonly kind: 'cells';
  readonly cells: readonly CellType[];
  readonly net: readonly NetStep[];
}

/** A searched (or fixed) cell. Node indices count inputs first: 0 … inputs−1 are inputs, then the nodes in order. */
export interface CellType {
  readonly name: string;
  readonly inputs: readonly CellInput[];
  /** 2: edges that read a cell input halve the map; the cell doubles its channels. */
  readonly stride: 1 | 2;
  readonly nodes: readonly CellNode[];
  readonly output: { readonly merge: Merge; readonly nodes: readonly number[] };
}

export interface CellInput {
  readonly name: string;
  /**
   * What brings the input to the cell's channels (DARTS: relu > conv 1×1 > bn). Where the map of this input is larger
   * than that of the cell's last input (its cell before was a reduction), the 1×1 conv becomes a factorised reduction. Empty: used as it is.
   */
  readonly preprocess: readonly OpCall[];
}

export interface CellNode {
  readonly name: string;
  readonly merge: Merge;
  readonly wires: readonly Wire[];
  /** Ops after the merge (NAS-Bench-101: an op on a node), one of which `thenDecision` picks. Empty: nothing follows. */
  readonly then: readonly OpChoice[];
  /** Categorical decision over `then`; absent where there are less than two. */
  readonly thenDecision?: string;
}

export type Merge = 'sum' | 'concat' | 'mean' | 'mul' | 'gate';

/** Where a node's summands come from. */
export type Wire =
  /** `count` (input, op) pairs out of `candidates` × `ops`, decided by the subset decision `decision`. */
  | {
      readonly kind: 'choose';
      readonly decision: string;
      readonly candidates: readonly number[];
      readonly ops: readonly OpChoice[];
    }
  /** One edge from `from` whose op is decided by the categorical decision `decision` (`ops.length > 1`) or fixed. */
  | {
      readonly kind: 'edge';
      readonly from: number;
      readonly decision?: string;
      readonly ops: readonly OpChoice[];
    };

/** One candidate op of an edge. */
export interface OpChoice {
  /** Unique in its op set; names weights, drawings and genotypes, e.g. `sep_conv_3x3`, `c1`, `none`. */
  readonly name: string;
  readonly chain: readonly OpCall[];
}

/** A call of an op of the library `space/ops`, e.g. sep_conv with kernel 3. */
export interface OpCall {
  readonly op: string;
  readonly arguments: Readonly<Record<string, OpArgument>>;
}

/** A number, or a multiple of the scale's channels C (`3 * C`). */
export type OpArgument = number | { readonly channels: number };

export type NetStep =
  /** Fixed layers: stem, head, or a transition between stages. `role` is for drawings and keys. */
  | { readonly kind: 'chain'; readonly role: 'stem' | 'down' | 'head'; readonly chain: readonly OpCall[] }
  /**
   * The scale's number of cells L: `special` cells at floor(L·numerator/denominator), `otherwise` elsewhere (a later
   * special wins). Each cell of stride 2 doubles the channels.
   */
  | {
      readonly kind: 'cells';
      readonly special: readonly {
        readonly cell: string;
        readonly numerator: number;
        readonly denominator: number;
      }[];
      readonly otherwise: string;
    }
  /** `count` times `steps`; `'cells'`: as often as the scale says. */
  | { readonly kind: 'repeat'; readonly count: number | 'cells'; readonly steps: readonly NetStep[] }
  /** One cell; `channels` multiplies C (absent: as many channels as the map before it, doubled by stride 2). */
  | { readonly kind: 'cell'; readonly cell: string; readonly channels?: number };

/** How large a network is built: searched small, retrained large. */
export interface Scale {
  readonly name: string;
  /** C: channels of the first cell. */
  readonly channels: number;
  /** L: number of cells (where the net says `cells`). */
  readonly cells: number;
  readonly norm: {
    /** Whether batch norms inside cells carry γ and β (the stem's always does in DARTS: see `stemAffine`). */
    readonly affine: boolean;
    readonly stemAffine: boolean;
    /** Whether a pool on an edge is followed by a batch norm (DARTS' supernet). */
    readonly pools: boolean;
  };
  /** Auxiliary head after the last reduction; 0 = none. Weight of its loss. */
  readonly auxiliary: number;
  /** Largest drop-path probability, reached at the end of training. */
  readonly dropPath: number;
}

/** `left` ≤ or ≥ `limit` for every architecture at the first scale, or of counts of ops in a cell type (or all). */
export interface SpaceRule {
  readonly metric:
    | { readonly kind: 'params' }
    | { readonly kind: 'macs' }
    | { readonly kind: 'count'; readonly op: string; readonly cell?: string };
  readonly comparison: '<=' | '>=' | '<' | '>' | '==' | '!=';
  readonly limit: number;
  readonly because?: string;
  /** As the user wrote it, for messages. */
  readonly text: string;
}

/** A recurrent cell unrolled over tokens (graph and count only until the recurrent driver exists). */
export interface RecurrentTemplate {
  readonly kind: 'recurrent';
  readonly hidden: number;
  readonly nodes: readonly {
    readonly name: string;
    readonly decision: string;
    readonly candidates: readonly number[];
    readonly activations: readonly string[];
  }[];
}

/** NAGO: nested random-graph generators; decisions are their parameters. Checked and sized, not built yet. */
export interface HierarchyTemplate {
  readonly kind: 'hierarchy';
  readonly levels: readonly {
    readonly name: string;
    readonly generator: string;
    readonly decisions: Readonly<Record<string, string>>;
  }[];
  readonly leaf: readonly OpCall[];
}
