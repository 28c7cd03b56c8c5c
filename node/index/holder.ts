import { CID } from 'multiformats/cid';
import { cardKeys, listingIdOfCard } from '../../protocol/catalog/make-card.js';
import type { Card, Tombstone } from '../../protocol/catalog/card.js';
import { NiagaError, isNiagaError } from '../../protocol/errors.js';
import { compareVersions, openRecord, type SignedRecord } from '../../protocol/record.js';
import { parseIndex } from '../../protocol/search/index-terms.js';
import { LocalIndex } from '../../protocol/search/local-index.js';
import { cborCodec, rawCodec, type Table, type Write } from '../store/index.js';
import type { IndexDeps } from './index.js';
import type { Ask, AskAnswer, Put } from './wire.js';

/** Cards kept for the network: about 100 MB of memory. Beyond it new ones are refused, for they would push out what was promised. */
export const MAX_CARDS = 50_000;
/** Cards kept of one seller: a flood costs the seller only. */
export const MAX_CARDS_OF_ONE = 20_000;

/**
 * What is kept in memory of a card: what filters and the order of versions need, and its bytes. Everything else is decoded
 * from them when it is asked for; a node keeps thousands of cards and hands out few.
 */
class HeldCard {
  /** The card's record id, in text: a CID takes three buffers. */
  readonly #id: string;
  /** The delegation that it names, in text. */
  readonly delegation: string;
  readonly trader: Uint8Array;
  readonly summary: Card['summary'];
  readonly payload: { readonly seq: number; readonly device: Uint8Array };
  readonly validUntil: number;
  readonly bytes: Uint8Array;
  /** The signature was checked. It is before a card is first handed out, not on arrival in the sender's time. */
  verified = false;

  constructor({ id, payload, bytes, delegation }: SignedRecord<Card>) {
    const { trader, device, seq, summary, validUntil } = payload;
    this.trader = trader.slice();
    this.summary = summary;
    this.#id = id.toString();
    this.delegation = String(delegation);
    this.payload = { seq, device: device.slice() };
    this.validUntil = validUntil;
    // A copy of its own: what came is a view of a frame of a megabyte.
    this.bytes = bytes.slice();
  }

  get id(): CID {
    return CID.parse(this.#id);
  }
}

interface CardRow {
  readonly bytes: Uint8Array;
  readonly keys: readonly string[];
}

const trust = (): boolean => true;

/** The cards that this node keeps for the network: in memory to answer from, on disk to outlive a restart. */
export class Holder {
  readonly #deps: IndexDeps;
  readonly #rows: Table<CardRow>;
  readonly #tombstones: Table<Uint8Array>;
  readonly #index = new LocalIndex<HeldCard>();
  /** Ends of slots, so that an older card cannot come back. */
  readonly #ended = new Map<string, SignedRecord<Tombstone>>();
  readonly #bySeller = new Map<string, number>();

  constructor(deps: IndexDeps) {
    this.#deps = deps;
    this.#rows = deps.store.table('cards', cborCodec<CardRow>());
    this.#tombstones = deps.store.table('card-ends', rawCodec);
  }

  async load(): Promise<void> {
    for await (const [listing, row] of this.#rows.range())
      this.#restore(() => this.#hold(listing, this.#read(row.bytes, ['card']), row.keys));
    for await (const [listing, bytes] of this.#tombstones.range()) {
      this.#restore(() => this.#ended.set(listing, this.#open(bytes, ['tombstone'])));
    }
  }

  count(): number {
    return this.#index.size;
  }

  statistics(terms: readonly string[]): { documents: number; df: Map<string, number> } {
    return {
      documents: this.#index.size,
      df: new Map(terms.map((term) => [term, this.#index.documentFrequency(term)])),
    };
  }

  /** The card of a listing, its signature checked; undefined where none is held that holds. */
  card(listing: string): SignedRecord<Card> | undefined {
    const held = this.#index.get(listing);
    return held !== undefined && this.#check(listing, held) ? this.#read(held.bytes, ['card']) : undefined;
  }

  /** Takes a batch; what is answered `ok` is on disk. */
  async put({ keys, cards, delegations }: Put): Promise<string[]> {
    const writes: Write[] = [];
    for (const bytes of delegations) {
      const { write } = this.#deps.delegations.learn(bytes);
      if (write !== undefined) writes.push(write);
    }
    const results = cards.map(([bytes, places]) => {
      try {
        writes.push(
          ...this.#take(
            bytes,
            places.map((place) => keys[place] ?? ''),
          ),
        );
        return 'ok';
      } catch (error) {
        if (!isNiagaError(error)) throw error;
        this.#deps.onRefused(error.code);
        return error.code;
      }
    });
    await this.#deps.store.write(writes);
    return results;
  }

  ask({ query, keys, filters, limit, cards }: Ask): AskAnswer {
    const { hits, truncated, counts } = this.#index.evaluate({ query, filters, keys, limit });
    const answered: AskAnswer['hits'] = [];
    const handedOut: HeldCard[] = [];
    for (const { id, score } of hits) {
      const held = this.#index.get(id);
      if (held === undefined || held.validUntil <= this.#deps.now() || !this.#check(id, held)) continue;
      answered.push([CID.parse(id), held.payload.seq, score]);
      if (handedOut.length < cards) handedOut.push(held);
    }
    return {
      hits: answered,
      ...this.#handOut(handedOut),
      documents: counts.documents,
      held: [...counts.held],
      df: counts.df,
      truncated,
    };
  }

  cards(listings: readonly CID[]): { cards: Uint8Array[]; delegations: Uint8Array[] } {
    const held = listings.flatMap((listing) => {
      const card = this.#index.get(listing.toString());
      return card !== undefined && this.#check(listing.toString(), card) ? [card] : [];
    });
    return this.#handOut(held);
  }

  async expire(): Promise<void> {
    const now = this.#deps.now();
    const writes: Write[] = [];
    for (const listing of [...this.#index.ids()]) {
      if ((this.#index.get(listing)?.validUntil ?? 0) > now) continue;
      this.#drop(listing);
      writes.push(this.#rows.del(listing));
    }
    await this.#deps.store.write(writes);
  }

  /** One card or tombstone of a batch: the writes that keep it. @throws NiagaError why it is refused */
  #take(bytes: Uint8Array, keys: readonly string[]): Write[] {
    const record = this.#read(bytes, ['card', 'tombstone']);
    const listing = listingIdOfCard(record.payload);
    if (listing === undefined) throw new NiagaError('RECORD_SCHEMA', 'The slot is not that of a card.');
    const ended = this.#ended.get(listing);
    if (ended !== undefined && compareVersions(ended, record) > 0) throw stale();
    if (record.payload.kind === 'tombstone') return this.#end(listing, this.#open(bytes, ['tombstone']));
    return this.#takeCard(listing, record as SignedRecord<Card>, keys);
  }

  #takeCard(listing: string, record: SignedRecord<Card>, keys: readonly string[]): Write[] {
    const { payload } = record;
    if (payload.validUntil <= this.#deps.now()) throw new NiagaError('RECORD_TIME', 'The card is no longer valid.');
    parseIndex(payload.index);
    const possible = new Set(cardKeys(payload));
    if (keys.length === 0 || keys.some((key) => !possible.has(key))) {
      throw new NiagaError('RECORD_SCHEMA', 'The card is to be held under a key that it does not have.');
    }
    const held = this.#index.get(listing);
    let all = keys;
    let verified = false;
    if (held === undefined) this.#checkRoom(payload.trader);
    else if (held.id.equals(record.id)) {
      all = [...new Set([...this.#index.keysOf(listing), ...keys])];
      verified = held.verified;
    } else {
      // Two cards of one slot: before one takes the other's place both must be what they claim.
      if (compareVersions(record, held) < 0 && this.#check(listing, held)) throw stale();
      this.#open(record.bytes, ['card']);
      verified = true;
    }
    this.#hold(listing, record, all);
    const now = this.#index.get(listing);
    if (now !== undefined) now.verified = verified;
    return [this.#rows.put(listing, { bytes: record.bytes, keys: all })];
  }

  #end(listing: string, tombstone: SignedRecord<Tombstone>): Write[] {
    const held = this.#index.get(listing);
    if (held !== undefined && compareVersions(tombstone, held) < 0 && this.#check(listing, held)) throw stale();
    this.#drop(listing);
    this.#ended.set(listing, tombstone);
    return [this.#rows.del(listing), this.#tombstones.put(listing, tombstone.bytes)];
  }

  /** Checks a held card's signature once; one that does not verify is dropped and counted. */
  #check(listing: string, held: HeldCard): boolean {
    if (held.verified) return true;
    try {
      this.#open(held.bytes, ['card']);
      held.verified = true;
    } catch (error) {
      if (!isNiagaError(error)) throw error;
      this.#deps.onRefused(error.code);
      this.#drop(listing);
      // Its row goes with it; should the disk fail now, the card is found out again after a restart.
      this.#deps.store.write([this.#rows.del(listing)], { sync: false }).catch(() => undefined);
    }
    return held.verified;
  }

  #hold(listing: string, record: SignedRecord<Card>, keys: readonly string[]): void {
    this.#drop(listing);
    const held = new HeldCard(record);
    this.#index.put(listing, held, record.payload.index, keys);
    const seller = hex(held.trader);
    this.#bySeller.set(seller, (this.#bySeller.get(seller) ?? 0) + 1);
  }

  #drop(listing: string): void {
    const held = this.#index.get(listing);
    if (held === undefined) return;
    this.#index.remove(listing);
    const seller = hex(held.trader);
    const left = (this.#bySeller.get(seller) ?? 1) - 1;
    if (left === 0) this.#bySeller.delete(seller);
    else this.#bySeller.set(seller, left);
  }

  #checkRoom(trader: Uint8Array): void {
    if (this.#index.size >= MAX_CARDS) throw new NiagaError('RATE_LIMITED', 'This node keeps as many cards as it can.');
    if ((this.#bySeller.get(hex(trader)) ?? 0) >= MAX_CARDS_OF_ONE) {
      throw new NiagaError('RATE_LIMITED', 'This node keeps as many cards of this seller as it may.');
    }
  }

  #handOut(held: readonly HeldCard[]): { cards: Uint8Array[]; delegations: Uint8Array[] } {
    const delegations = new Map<string, Uint8Array>();
    for (const { delegation } of held) {
      const known = delegations.has(delegation) ? undefined : this.#deps.delegations.find(CID.parse(delegation));
      if (known !== undefined) delegations.set(delegation, known.bytes);
    }
    return { cards: held.map(({ bytes }) => bytes), delegations: [...delegations.values()] };
  }

  /** Everything but the signature: form, network, delegation, shape. */
  #read<K extends 'card' | 'tombstone'>(bytes: Uint8Array, kinds: readonly K[]) {
    const { networkName, delegations, now } = this.#deps;
    return openRecord<K>(bytes, {
      network: networkName,
      kinds,
      delegation: (id) => delegations.find(id),
      verify: trust,
      now: now(),
    });
  }

  #open<K extends 'card' | 'tombstone'>(bytes: Uint8Array, kinds: readonly K[]) {
    const { networkName, delegations, verify, now } = this.#deps;
    return openRecord<K>(bytes, {
      network: networkName,
      kinds,
      delegation: (id) => delegations.find(id),
      verify,
      now: now(),
    });
  }

  /** A row that cannot be used any more (its delegation has expired, say) is no reason not to start. */
  #restore(task: () => unknown): void {
    try {
      task();
    } catch (error) {
      if (!isNiagaError(error)) throw error;
      this.#deps.onRefused(error.code);
    }
  }
}

function stale(): NiagaError {
  return new NiagaError('LISTING_CHANGED', 'A newer card of that listing is held.');
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex');
}
