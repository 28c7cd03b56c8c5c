import { readAnswer } from '../network/bodies.js';
import type { Network } from '../network/index.js';
import type { PlacementState } from './placement.js';
import { PutBody } from './put-body.js';
import { MAX_PUT_CARDS, PUT_METHOD, putAnswerSchema, type Closer, type LeaseProof, type PutAnswer } from './wire.js';

/** Bytes of one batch. Larger ones are no faster, and while a node reads one it answers nobody. */
const MAX_BATCH_BYTES = 128 * 1024;
/** Records of one batch. */
const MAX_BATCH_RECORDS = Math.min(MAX_PUT_CARDS, 150);
/** A card with its delta. */
const RECORDS_OF_ONE = 2;
/** A node that takes longer than this for a batch is as good as gone. */
const PUT_TIMEOUT = 30_000;

/** One posting in a batch: the places of its records there. */
interface Part {
  readonly placement: PlacementState;
  /** Undefined where only the delta was sent. */
  readonly card: number | undefined;
  readonly delta: number | undefined;
}

/** What a node answered to a batch. */
export interface BatchAnswer {
  /** Codes by place: `ok` or why not. */
  readonly results: readonly string[];
  /** Into how many bits the node would have a name's key split, where it said so. */
  readonly bits: ReadonlyMap<string, number>;
  /** By place the newer record that the node holds instead. */
  readonly newer: ReadonlyMap<number, Uint8Array>;
  /** For what it refused because it is far: who is nearer. */
  readonly closer: Closer;
}

/** Postings on their way to one node in one request. */
export class PutBatch {
  readonly peer: string;
  readonly parts: Part[] = [];
  readonly #body = new PutBody();

  constructor(peer: string) {
    this.peer = peer;
  }

  get isFull(): boolean {
    return this.#body.cards + RECORDS_OF_ONE > MAX_BATCH_RECORDS || this.#body.size >= MAX_BATCH_BYTES;
  }

  get bytes(): number {
    return this.#body.size;
  }

  get names(): string[] {
    return this.#body.names;
  }

  add(placement: PlacementState): void {
    const { posting, names } = placement;
    const only = placement.getsOnlyDelta(this.peer);
    const places = placement.namesAt(this.peer);
    placement.asked(this.peer, places);
    const held = places.map((at) => names[at] ?? '');
    const card = only ? undefined : this.#body.add(posting.bytes, held);
    const delta = posting.delta === undefined ? undefined : this.#body.add(posting.delta, []);
    this.parts.push({ placement, card, delta });
  }

  /** @throws what `network.request` throws; NiagaError PEER_PROTOCOL where the answer is not one */
  async send(
    network: Network,
    delegations: readonly Uint8Array[],
    leasesFor: (cards: readonly (readonly [place: number, listing: string])[]) => readonly LeaseProof[],
    signal: AbortSignal,
  ): Promise<BatchAnswer> {
    const leased = this.parts.flatMap(({ placement: { posting }, card, delta }): [number, string][] =>
      posting.leased === true ? [[delta ?? card ?? 0, posting.listing]] : [],
    );
    const body = this.#body.write(delegations, leased.length === 0 ? [] : leasesFor(leased));
    const { names } = this;
    const sent = this.#body.cards;
    const options = { timeout: PUT_TIMEOUT, retry: true, signal };
    const bytes = await network.request(this.peer, PUT_METHOD, body, options);
    const fits = ({ results }: PutAnswer): boolean => results.length === sent;
    const answer = readAnswer(network, { peer: this.peer, method: PUT_METHOD, schema: putAnswerSchema, fits }, bytes);
    return {
      results: answer.results,
      bits: new Map(answer.bits.map(([place, bits]) => [names[place] ?? '', bits])),
      newer: new Map(answer.newer),
      closer: answer.closer,
    };
  }
}

/** Tells the postings of a batch what became of them; gives those that must be sent once more: with their card, or under more names. */
export function takeAnswer({ peer, parts }: PutBatch, { results, newer }: BatchAnswer): PlacementState[] {
  const again: PlacementState[] = [];
  for (const { placement, card, delta } of parts) {
    // With a delta it is the newest record in the slot that counts: where it is held, so is the card that it changes.
    const place = delta ?? card ?? 0;
    const ofCard = card === undefined ? undefined : results[card];
    // It holds the card under some of its names at most, whatever became of the delta.
    const result = ofCard === 'INDEX_FAR' ? ofCard : (results[place] ?? 'PEER_PROTOCOL');
    if (result === 'ok') {
      placement.holds(peer);
      if (placement.wants(peer)) again.push(placement);
    } else if (card === undefined && result !== 'LISTING_CHANGED' && result !== 'RATE_LIMITED') {
      placement.lacksCard(peer);
      again.push(placement);
    } else {
      placement.refuses(peer, result, newer.get(place) ?? (card === undefined ? undefined : newer.get(card)));
    }
  }
  return again;
}
