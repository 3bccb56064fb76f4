import type { DilatedWindow } from '../../../graph/network-graph.js';

export function sameWindow(a: DilatedWindow, b: DilatedWindow): boolean {
  return (
    a.kernel === b.kernel && a.stride === b.stride && a.padding === b.padding && a.dilation === b.dilation
  );
}
