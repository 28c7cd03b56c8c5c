import type { CID } from 'multiformats/cid';
import { cardSlot, listingSlot, type Availability, type Card, type Listing } from '../../protocol/catalog/card.js';
import { cardKeys, makeCard, type CardDraft } from '../../protocol/catalog/make-card.js';
import { decode, encode } from '../../protocol/cbor.js';
import { equalBytes, idOfDigest } from '../../protocol/ids.js';
import type { Money } from '../../protocol/money.js';
import { signRecord, type SignedRecord } from '../../protocol/record.js';
import type { Identity } from '../identity/index.js';
import type { LeasedCard, Posting } from '../index/index.js';
import { unlessDamaged } from '../listed.js';
import { sha256Of } from '../native-hash.js';
import { cborCodec, rawCodec, type Store, type Table, type Write } from '../store/index.js';
import type { Row, Rows } from './rows.js';

const day = 24 * 60 * 60 * 1000;
/** A card stands this long after it was signed unless its listing ends sooner, and a lease as long (DESIGN section 5). */
export const CARD_LIFETIME = 30 * day;
/** A card with less left than this gets no deltas any more: until the next lease nothing would extend them. */
const LEAST_FOR_DELTA = 2 * day;

export interface OwnCardsDeps {
  readonly store: Store;
  readonly identity: Identity;
  readonly rows: Rows;
  readonly now: () => number;
}

interface StoredCard {
  readonly bytes: Uint8Array;
  /** Of a tombstone those of the card that it ends; a card's own are in it. */
  readonly keys?: readonly string[];
}

/** What a row says of its card; a delta changes only some of it. */
type CardFields = Required<
  Pick<
    Row,
    'cardSeq' | 'availability' | 'price' | 'validUntil' | 'ends' | 'delegation' | 'card' | 'base' | 'head' | 'rest'
  >
>;
type DeltaFields = Pick<CardFields, 'cardSeq' | 'availability' | 'price' | 'head'>;

/** A record that was signed for a card's slot. */
export interface Made<Fields> {
  /** What the row says of it. */
  readonly fields: Fields;
  readonly writes: readonly Write[];
}

/** The next record of a listing: what it says now, and the seq that it takes. */
interface Next {
  readonly seq: number;
  /** The version of the listing. */
  readonly listing: CID;
  readonly price: Money | null;
  readonly availability: Availability;
}

/** The cards that stand for own listings, and the deltas and tombstones that change them: made and kept. */
export class OwnCards {
  readonly #deps: OwnCardsDeps;
  /** By listing's slot: the newest card or tombstone, and the newest delta to that card. */
  readonly #cards: Table<StoredCard>;
  readonly #deltas: Table<Uint8Array>;

  constructor(deps: OwnCardsDeps) {
    this.#deps = deps;
    this.#cards = deps.store.table('own-cards', cborCodec<StoredCard>());
    this.#deltas = deps.store.table('own-deltas', rawCodec);
  }

  /** Until when a card would stand that was signed now. @param ends when its listing ends */
  validUntil(ends: number | null): number {
    const { identity, now } = this.#deps;
    return Math.min(now() + CARD_LIFETIME, identity.delegation.payload.expires, ends ?? Number.POSITIVE_INFINITY);
  }

  /**
   * Signs what says a listing's newest version in the index: a delta where nothing but price and stock differs from the card
   * that stands, else a card.
   * @param before the row until now
   * @param available pieces left, null where there is no limit
   * @returns the posting too where nothing must be read for it; `left`: words that the card has no room for
   */
  make(
    listing: SignedRecord<Listing>,
    { before, seq, available }: { before: Row | undefined; seq: number; available: number | null },
  ): Made<CardFields | DeltaFields> & { readonly posting?: Posting; readonly left: readonly string[] } {
    const { identity, now, rows } = this.#deps;
    const { slot, item } = listing.payload;
    const ends = item.validThrough ?? null;
    const { draft, left } = makeCard(listing, { seq, available, validUntil: this.validUntil(ends) });
    const { price, availability } = draft.summary;
    const rest = restOf(draft);
    if (before?.rest !== undefined && equalBytes(before.rest, rest) && before.ends === ends && this.mayChange(before))
      return { ...this.change(slot, before.card, { seq, listing: listing.id, price, availability }), left };
    const card = signRecord('card', draft, identity, { network: identity.network, created: now() });
    const id = rows.idOf(slot);
    const keys = cardKeys(card.payload, { listing: id, seller: identity.traderText });
    const digest = card.id.multihash.digest;
    const delegation = identity.delegation.id.toString();
    const { validUntil } = draft;
    return {
      fields: {
        cardSeq: seq,
        base: seq,
        availability,
        price,
        validUntil,
        ends,
        delegation,
        card: digest,
        head: digest,
        rest,
      },
      writes: [this.#cards.put(slot, { bytes: card.bytes }), this.#deltas.del(slot)],
      posting: { listing: id, bytes: card.bytes, keys },
      left,
    };
  }

  /** Whether the card that stands may be changed by a delta. */
  mayChange(row: Row): row is Row & Pick<CardFields, 'card'> {
    const { identity, now } = this.#deps;
    const lasts = row.validUntil > now() + LEAST_FOR_DELTA || row.validUntil === row.ends;
    return row.card !== undefined && !row.removed && lasts && row.delegation === identity.delegation.id.toString();
  }

  /** Signs a delta to the card with this digest. */
  change(slot: string, card: Uint8Array, { seq, listing, price, availability }: Next): Made<DeltaFields> {
    const { identity, now } = this.#deps;
    const draft = { slot: cardSlotOf(slot), seq, card: idOfDigest(card), listing, price, availability };
    const delta = signRecord('delta', draft, identity, { network: identity.network, created: now() });
    return {
      fields: { cardSeq: seq, availability, price, head: delta.id.multihash.digest },
      writes: [this.#deltas.put(slot, delta.bytes)],
    };
  }

  /** Signs the end of a card. It goes to wherever the card went. */
  async end(slot: string, seq: number): Promise<Write[]> {
    const { identity, now } = this.#deps;
    const before = await this.#cards.get(slot);
    const draft = { slot: cardSlotOf(slot), seq };
    const tombstone = signRecord('tombstone', draft, identity, { network: identity.network, created: now() });
    const keys = before === undefined ? [] : this.#keysOf(slot, before);
    return [this.#cards.put(slot, { bytes: tombstone.bytes, keys }), this.#deltas.del(slot)];
  }

  /** Deletes what there is of slots that are over. */
  async forget(isOver: (slot: string) => boolean): Promise<Write[]> {
    const writes: Write[] = [];
    for await (const [slot] of this.#cards.range()) if (isOver(slot)) writes.push(this.#cards.del(slot));
    return writes;
  }

  /**
   * What is to be brought out of a slot.
   * @param known whether all nodes that should hold the card do, so that a delta to it is enough
   */
  async posting(slot: string, known: boolean): Promise<Posting | undefined> {
    const { rows, now } = this.#deps;
    // One that is damaged keeps none of those from being brought out that are brought with it.
    const read = await unlessDamaged(Promise.all([this.#cards.get(slot), this.#deltas.get(slot)]));
    const [card, delta] = read ?? [];
    const row = rows.get(slot);
    if (card === undefined || row === undefined) return undefined;
    // Memory shows a change before it is on disk: what is read until then is the record before, and must not go out as the new one.
    if (seqIn(delta ?? card.bytes) !== row.cardSeq) return undefined;
    return {
      listing: rows.idOf(slot),
      bytes: card.bytes,
      keys: this.#keysOf(slot, card),
      delta,
      onlyDelta: known,
      changes: row.removed || delta !== undefined,
      leased: !row.removed && row.validUntil <= now(),
    };
  }

  /** All cards, and ends where `ends`, with their keys. @param fits asked of each slot; default: all */
  async *standing({
    ends = false,
    fits = () => true,
  }: { readonly ends?: boolean; readonly fits?: (slot: string, row: Row) => boolean } = {}): AsyncGenerator<
    LeasedCard & { readonly slot: string; readonly seq: number }
  > {
    const { rows } = this.#deps;
    for await (const [slot, card] of this.#cards.range()) {
      const row = rows.get(slot);
      if (row === undefined || (row.removed && !ends) || !fits(slot, row)) continue;
      yield { slot, listing: rows.idOf(slot), seq: row.cardSeq, keys: this.#keysOf(slot, card) };
    }
  }

  #keysOf(slot: string, { bytes, keys }: StoredCard): readonly string[] {
    if (keys !== undefined) return keys;
    const { identity, rows } = this.#deps;
    // An own record, and the store says when it is not what was written: nothing of it is checked again.
    const { payload } = decode(bytes) as { payload: Uint8Array };
    return cardKeys(decode(payload) as Card, { listing: rows.idOf(slot), seller: identity.traderText });
  }
}

/** The seq of an own record. */
function seqIn(bytes: Uint8Array): number {
  const { payload } = decode(bytes) as { payload: Uint8Array };
  return (decode(payload) as { seq: number }).seq;
}

function cardSlotOf(slot: string): string {
  return cardSlot(slot.slice(listingSlot('').length));
}

/** Digest of all in a card that a delta cannot change, and that does not change by itself. */
function restOf({ summary, index }: CardDraft): Uint8Array {
  const { price: _price, availability: _availability, ...rest } = summary;
  return sha256Of(encode([rest, index]));
}
