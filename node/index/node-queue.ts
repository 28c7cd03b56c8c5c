import type { PlacementState } from './placement.js';
import { PutBatch } from './put-batch.js';

/** Requests under way to one node: while it works on one, the next is on its way. */
const MAX_UNDER_WAY = 2;
/** A second request is made only for so many postings; fewer wait and go together. */
const SECOND_BATCH = 64;
/** Postings that wait for one node. A node that is so far behind the others gets the rest later, in the background. */
export const MAX_WAITING = 2_000;

/** A batch on its way. */
export interface UnderWay {
  readonly batch: PutBatch;
  /** Milliseconds of a clock that never goes back. */
  readonly since: number;
  /** Milliseconds in which an answer could have been heard here: a process that is busy itself must not take others for silent. */
  waited: number;
  /** Counted as failed already; an answer that comes all the same is welcome. */
  givenUp: boolean;
}

/** What waits for one node, and what is on its way there. */
export class NodeQueue {
  readonly peer: string;
  readonly underWay = new Set<UnderWay>();
  /** No batch before this time: the node has asked for patience. */
  pausedUntil = 0;
  /** Times in a row that it did. */
  pauses = 0;
  /** Postings of one batch at most: a batch that a node refuses as a whole is sent again in halves, to find the one it means. */
  limit = Number.POSITIVE_INFINITY;
  #waiting: PlacementState[] = [];
  #first = 0;

  constructor(peer: string) {
    this.peer = peer;
  }

  get waiting(): number {
    return this.#waiting.length - this.#first;
  }

  get isEmpty(): boolean {
    return this.waiting === 0 && this.underWay.size === 0;
  }

  push(placement: PlacementState): void {
    this.#waiting.push(placement);
  }

  /** Puts those of a batch before all that waits. */
  unshift(placements: readonly PlacementState[]): void {
    this.#waiting = [...placements, ...this.drain()];
  }

  /** Takes everything that waits. */
  drain(): PlacementState[] {
    const all = this.#waiting.slice(this.#first);
    this.#waiting = [];
    this.#first = 0;
    return all;
  }

  /** Whether a batch should go out now. */
  isReady(now: number): boolean {
    if (this.waiting === 0 || now < this.pausedUntil) return false;
    let open = 0;
    for (const { givenUp } of this.underWay) if (!givenUp) open++;
    return open === 0 || (open < MAX_UNDER_WAY && this.waiting >= SECOND_BATCH);
  }

  /** Counts on the time that batches have waited for their answers; gives up those that have for longer than `patience`. */
  late(now: number, { tick, patience }: { readonly tick: number; readonly patience: number }): UnderWay[] {
    const late: UnderWay[] = [];
    for (const way of this.underWay) {
      way.waited += Math.min(tick, now - way.since);
      if (way.givenUp || way.waited <= patience) continue;
      way.givenUp = true;
      late.push(way);
    }
    return late;
  }

  next(now: number): UnderWay {
    const batch = new PutBatch(this.peer);
    while (this.#first < this.#waiting.length && !batch.isFull && batch.parts.length < this.limit) {
      const placement = this.#waiting[this.#first++];
      if (placement !== undefined) batch.add(placement);
    }
    if (this.#first === this.#waiting.length) this.drain();
    const underWay = { batch, since: now, waited: 0, givenUp: false };
    this.underWay.add(underWay);
    return underWay;
  }
}
