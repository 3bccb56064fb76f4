import type { AssembleBatch, BatchRecipe } from './batch-assembly.js';

/**
 * Batches on their way from the worker to the caller, in shared memory.
 *
 * Every request has a ticket; tickets only grow and are never used twice. The caller announces the ticket it wants; the worker
 * fills the slots of that ticket and the next `NUM_SLOTS − 1`, in order, each ticket in slot `ticket mod NUM_SLOTS`. So the slot
 * that the caller reads is not written before the caller wants a later ticket. A jump to another batch index moves `offset`
 * and skips `NUM_SLOTS` tickets: nothing prepared before the jump can be taken for something prepared after it.
 */
export interface BatchRing {
  /** One word each: see the constants below, then one word per slot: the ticket that is ready in it. */
  readonly control: Int32Array;
  readonly images: readonly Float32Array[];
  readonly labels: readonly Int32Array[];
}

export const NUM_SLOTS = 4;

/** Ticket the caller wants; STOP ends the worker. */
export const WANTED = 0;
/** Batch index minus ticket. Written before WANTED. */
export const OFFSET = 1;
/** 1 as soon as the worker serves. */
export const SERVING = 2;
/** First of the words of the slots. */
export const READY = 3;

export const STOP = -1;
const NOTHING_READY = -1;

export function newBatchRing({ split, batch }: BatchRecipe): BatchRing {
  const values = batch * split.height * split.width * split.channels;
  const control = new Int32Array(new SharedArrayBuffer(4 * (READY + NUM_SLOTS)));
  control.fill(NOTHING_READY, READY);
  return {
    control,
    images: Array.from({ length: NUM_SLOTS }, () => new Float32Array(new SharedArrayBuffer(4 * values))),
    labels: Array.from({ length: NUM_SLOTS }, () => new Int32Array(new SharedArrayBuffer(4 * batch))),
  };
}

/** The worker's side: fills slots until the caller says STOP. Blocks its thread. */
export function serveRing({ control, images, labels }: BatchRing, assemble: AssembleBatch): void {
  Atomics.store(control, SERVING, 1);
  for (;;) {
    const wanted = Atomics.load(control, WANTED);
    if (wanted === STOP) return;
    const offset = Atomics.load(control, OFFSET);
    if (Atomics.load(control, WANTED) !== wanted) continue; // The offset may belong to a later ticket.
    const ticket = nextMissing(control, wanted);
    if (ticket === undefined) {
      Atomics.wait(control, WANTED, wanted);
      continue;
    }
    const slot = ticket % NUM_SLOTS;
    assemble(ticket + offset, images[slot]!, labels[slot]!);
    Atomics.store(control, READY + slot, ticket);
    Atomics.notify(control, READY + slot);
  }
}

function nextMissing(control: Int32Array, wanted: number): number | undefined {
  for (let ticket = wanted; ticket < wanted + NUM_SLOTS; ticket++) {
    if (Atomics.load(control, READY + (ticket % NUM_SLOTS)) !== ticket) return ticket;
  }
  return undefined;
}
