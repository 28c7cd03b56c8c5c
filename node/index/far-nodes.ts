import type { Network } from '../network/index.js';
import type { BatchAnswer, PutBatch } from './put-batch.js';
import type { PlacementState } from './placement.js';
import type { Sweep } from './sweep.js';

/** Who says that it is far from names is believed so often, for a look-up of all that it was chosen for: anybody may say so. */
const BELIEVED_EVERY = 60_000;

/** Nodes that were chosen for names that they are far from: the others that they name may be nearer than all that were known here. */
export class FarNodes {
  readonly #deps: { readonly network: Network; readonly sweep: Sweep };
  /** By peer, milliseconds of a clock that never goes back: what it says is not looked into before. */
  readonly #until = new Map<string, number>();

  constructor(deps: { readonly network: Network; readonly sweep: Sweep }) {
    this.#deps = deps;
  }

  /** Takes in whom an answer names; gives the postings of its batch for which nodes are to be chosen anew. */
  heard({ peer, parts }: PutBatch, { results, closer }: BatchAnswer): PlacementState[] {
    const far = parts.filter(({ card }) => card !== undefined && results[card] === 'INDEX_FAR');
    if (far.length > 0) this.#learn(peer, closer);
    return far.map(({ placement }) => placement);
  }

  #learn(peer: string, closer: BatchAnswer['closer']): void {
    const now = performance.now();
    if (now < (this.#until.get(peer) ?? Number.NEGATIVE_INFINITY)) return;
    for (const [other, until] of this.#until) if (until <= now) this.#until.delete(other);
    this.#until.set(peer, now + BELIEVED_EVERY);
    const { network, sweep } = this.#deps;
    network.directory.learn(
      closer.map(([id, addresses]) => ({ id, addresses })),
      { needed: true },
    );
    sweep.forget(peer);
  }
}
