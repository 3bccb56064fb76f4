import { UserError } from '../../base/user-error.js';

/** Part of a space that a network cannot be made of. */
export interface BuildPlace {
  /** Index in the template's `net`. */
  readonly step?: number;
  readonly cell?: string;
  readonly node?: string;
  /** Name of the op choice, or of the op in a chain. */
  readonly op?: string;
}

/** The space (not one architecture) is wrong: shapes do not fit, an op does not exist or gets bad arguments. */
export class UnbuildableError extends UserError {
  constructor(
    readonly place: BuildPlace,
    what: string,
    remedy: string,
  ) {
    super(`${formatPlace(place)}: ${what}`, remedy);
  }
}

function formatPlace({ step, cell, node, op }: BuildPlace): string {
  const parts = [
    cell === undefined ? undefined : `cell ${cell}`,
    node === undefined ? undefined : `node ${node}`,
    op === undefined ? undefined : `op ${op}`,
    cell === undefined && step !== undefined ? `step ${step + 1} of the net` : undefined,
  ];
  const known = parts.filter((part) => part !== undefined);
  return known.length === 0 ? 'the net' : known.join(', ');
}
