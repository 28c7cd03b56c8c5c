import { CID } from 'multiformats/cid';
import { cardKeys, listingIdOfCard } from '../../protocol/catalog/make-card.js';
import type { Card, Tombstone } from '../../protocol/catalog/card.js';
import { NiagaError, isNiagaError } from '../../protocol/errors.js';
import type { Delegation } from '../../protocol/identity/delegation.js';
import { equalBytes } from '../../protocol/ids.js';
import { compareVersions, openRecord, type SignedRecord, type Verify } from '../../protocol/record.js';
import { parseIndex } from '../../protocol/search/index-terms.js';
import { LocalIndex } from '../../protocol/search/local-index.js';
import { hex } from '../bytes.js';
import { cborCodec, rawCodec, type Table, type Write } from '../store/index.js';
import { deviceOf, isFrom, NOBODY, type Batch } from './batch.js';
import { HeldCard, MAX_HELD_TIME } from './held-card.js';
import { HeldDelegations } from './held-delegations.js';
import type { IndexDeps } from './index.js';
import type { Ask, AskAnswer, Put } from './wire.js';

/** Cards and ends kept for the network: about 100 MB of memory. Beyond it new ones are refused, for they would push out what was promised. */
const MAX_CARDS = 50_000;
/** Cards and ends kept of one seller: a flood costs the seller only. */
const MAX_CARDS_OF_ONE = 20_000;
/** Delegations that nothing names any more, above which they are not left for the next {@link Holder.expire}. */
const SPARE_DELEGATIONS = 1_000;
/** An answer is looked for again so often at most where cards found turn out not to hold. */
const ASK_ROUNDS = 4;

interface CardRow {
  readonly bytes: Uint8Array;
  readonly keys: readonly string[];
}

/** What is kept in memory of a tombstone; its bytes are on disk. */
interface Ended {
  readonly id: CID;
  readonly payload: { readonly seq: number; readonly device: Uint8Array };
  readonly seller: string;
  readonly delegation: string;
  /** Milliseconds UTC. Afterwards no card that it ends can be valid. */
  readonly until: number;
}

const trust = (): boolean => true;

/** The cards that this node keeps for the network: in memory to answer from, on disk to outlive a restart. */
export class Holder {
  readonly #deps: IndexDeps;
  readonly #rows: Table<CardRow>;
  readonly #tombstones: Table<Uint8Array>;
  readonly #delegations: HeldDelegations;
  readonly #index = new LocalIndex<HeldCard>();
  /** Ends of slots, so that an older card cannot come back. */
  readonly #ended = new Map<string, Ended>();
  /** Cards and ends of each seller. */
  readonly #bySeller = new Map<string, number>();

  constructor(deps: IndexDeps) {
    this.#deps = deps;
    this.#rows = deps.store.table('cards', cborCodec<CardRow>());
    this.#tombstones = deps.store.table('card-ends', rawCodec);
    this.#delegations = new HeldDelegations(deps);
  }

  async load(): Promise<void> {
    await this.#delegations.load();
    const unusable: Write[] = [];
    for await (const [listing, row] of this.#rows.range()) {
      const restored = this.#try(() => this.#hold(listing, this.#read(row.bytes, ['card']), row.keys));
      if (restored !== undefined) unusable.push(this.#rows.del(listing));
    }
    for await (const [listing, bytes] of this.#tombstones.range()) {
      const restored = this.#try(() => this.#setEnded(listing, this.#open(bytes, ['tombstone'])));
      if (restored !== undefined) unusable.push(this.#tombstones.del(listing));
    }
    // What cannot be used any more (its delegation has expired, say) is no reason not to start, nor worth its place.
    await this.#deps.store.write(unusable);
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

  /**
   * Takes a batch; what is answered `ok` is on disk.
   * @param peer who sent it, by its connection
   */
  async put({ keys, cards, delegations }: Put, peer: string): Promise<string[]> {
    const batch: Batch = { device: deviceOf(peer), offered: this.#readDelegations(delegations) };
    const writes: Write[] = [];
    const kept = new Set<SignedRecord<Delegation>>();
    const results = cards.map(([bytes, places]) => {
      const under = places.map((place) => keys[place] ?? '');
      const refused = this.#try(() => {
        const record = this.#read(bytes, ['card', 'tombstone'], batch);
        writes.push(...this.#take(record, under, batch));
        const delegation = batch.offered.get(String(record.delegation));
        if (delegation !== undefined && !kept.has(delegation)) writes.push(this.#delegations.keep(delegation));
        if (delegation !== undefined) kept.add(delegation);
      });
      return refused ?? 'ok';
    });
    if (this.#delegations.size > this.#index.size + this.#ended.size + SPARE_DELEGATIONS) {
      writes.push(...this.#delegations.retain(this.#named()));
    }
    await this.#deps.store.write(writes);
    return results;
  }

  ask({ query, keys, filters, limit, cards }: Ask): AskAnswer {
    let usable: { id: string; score: number; held: HeldCard }[] = [];
    let found = this.#index.evaluate({ query, filters, keys, limit });
    // Cards that turn out not to hold must not take the places of those that do.
    for (let round = 1, spare = 0; ; round++) {
      usable = found.hits.flatMap(({ id, score }) => {
        const held = this.#usable(id);
        return held === undefined ? [] : [{ id, score, held }];
      });
      const lost = found.hits.length - usable.length;
      if (usable.length >= limit || lost === 0 || !found.truncated || round === ASK_ROUNDS) break;
      spare += 2 * lost;
      found = this.#index.evaluate({ query, filters, keys, limit: limit + spare });
    }
    const hits = usable.slice(0, limit);
    return {
      hits: hits.map(({ id, score, held }) => [CID.parse(id), held.payload.seq, score]),
      ...this.#handOut(hits.slice(0, cards).map(({ held }) => held)),
      documents: found.counts.documents,
      held: [...found.counts.held],
      df: found.counts.df,
      truncated: found.truncated || usable.length > limit,
    };
  }

  cards(listings: readonly CID[]): { cards: Uint8Array[]; delegations: Uint8Array[] } {
    return this.#handOut(listings.flatMap((listing) => this.#usable(listing.toString()) ?? []));
  }

  /** Forgets what is over, and the delegations that nothing names any more. */
  async expire(): Promise<void> {
    const now = this.#deps.now();
    const writes: Write[] = [];
    for (const listing of [...this.#index.ids()]) {
      if ((this.#index.get(listing)?.validUntil ?? 0) > now) continue;
      this.#drop(listing);
      writes.push(this.#rows.del(listing));
    }
    for (const [listing, { until }] of [...this.#ended]) {
      if (until > now) continue;
      this.#dropEnded(listing);
      writes.push(this.#tombstones.del(listing));
    }
    writes.push(...this.#delegations.retain(this.#named()));
    await this.#deps.store.write(writes);
  }

  /** Those of a batch that hold, by id. Nothing is kept of them before a card that is taken names them. */
  #readDelegations(delegations: readonly Uint8Array[]): Map<string, SignedRecord<Delegation>> {
    const offered = new Map<string, SignedRecord<Delegation>>();
    for (const bytes of delegations) {
      this.#try(() => {
        const delegation = this.#deps.delegations.read(bytes);
        offered.set(delegation.id.toString(), delegation);
      });
    }
    return offered;
  }

  /** One card or tombstone of a batch: the writes that keep it. @throws NiagaError why it is refused */
  #take(record: SignedRecord<Card | Tombstone>, keys: readonly string[], batch: Batch): Write[] {
    const listing = listingIdOfCard(record.payload);
    if (listing === undefined) throw new NiagaError('RECORD_SCHEMA', 'The slot is not that of a card.');
    const ended = this.#ended.get(listing);
    if (ended !== undefined && compareVersions(ended, record) > 0) throw stale();
    if (record.payload.kind === 'tombstone') return this.#end(listing, this.#open(record.bytes, ['tombstone'], batch));
    return this.#takeCard(listing, record as SignedRecord<Card>, keys, batch);
  }

  #takeCard(listing: string, record: SignedRecord<Card>, keys: readonly string[], batch: Batch): Write[] {
    const { payload } = record;
    const card = new HeldCard(record, this.#grantOf(record, batch));
    if (card.validUntil <= this.#deps.now()) throw new NiagaError('RECORD_TIME', 'The card is no longer valid.');
    parseIndex(payload.index);
    const possible = new Set(cardKeys(payload));
    if (keys.length === 0 || keys.some((key) => !possible.has(key))) {
      throw new NiagaError('RECORD_SCHEMA', 'The card is to be held under a key that it does not have.');
    }
    const held = this.#index.get(listing);
    if (held?.id.equals(record.id) === true) return this.#takeAgain(listing, held, record, keys, batch);
    if (held === undefined) this.#checkRoom(payload.trader);
    else if (compareVersions(record, held) < 0 && this.#check(listing, held)) throw stale();
    // The device itself may bring many at once, and is held to their signatures later; everybody else's word is checked
    // now, as is whatever takes another's place.
    const taken = held !== undefined || this.#ended.has(listing);
    if (taken || !isFrom(batch, record.payload)) card.verified = this.#isSigned(record, batch);
    this.#put(listing, card, record, keys);
    return [this.#rows.put(listing, { bytes: record.bytes, keys })];
  }

  /**
   * The same card once more, for other keys. Its id covers the payload alone: with another signature it is the same card
   * only as long as that signature holds, and never takes the place of one that does.
   */
  #takeAgain(
    listing: string,
    held: HeldCard,
    record: SignedRecord<Card>,
    keys: readonly string[],
    batch: Batch,
  ): Write[] {
    const before = this.#index.keysOf(listing);
    const all = [...new Set([...before, ...keys])];
    let card = held;
    if (equalBytes(held.bytes, record.bytes)) {
      if (!held.verified && !isFrom(batch, record.payload)) held.verified = this.#isSigned(record, batch);
    } else if (!this.#check(listing, held)) {
      card = new HeldCard(record, this.#grantOf(record, batch));
      card.verified = this.#isSigned(record, batch);
    }
    if (card !== held || all.length > before.length) this.#put(listing, card, record, all);
    return [this.#rows.put(listing, { bytes: card.bytes, keys: all })];
  }

  #end(listing: string, tombstone: SignedRecord<Tombstone>): Write[] {
    const { created, trader } = tombstone.payload;
    if (created + MAX_HELD_TIME <= this.#deps.now()) {
      throw new NiagaError('RECORD_TIME', 'No card that the tombstone ends can still be valid.');
    }
    const held = this.#index.get(listing);
    if (held !== undefined && compareVersions(tombstone, held) < 0 && this.#check(listing, held)) throw stale();
    if (held === undefined && !this.#ended.has(listing)) this.#checkRoom(trader);
    this.#drop(listing);
    this.#setEnded(listing, tombstone);
    return [this.#rows.del(listing), this.#tombstones.put(listing, tombstone.bytes)];
  }

  /** The delegation that a card names; one that it only carries would not be checked here, nor found after a restart. */
  #grantOf(record: SignedRecord<Card>, batch: Batch): SignedRecord<Delegation> {
    const grant = this.#find(String(record.delegation), batch);
    if (grant === undefined) throw new NiagaError('DELEGATION_MISSING', 'The card’s delegation did not come with it.');
    return grant;
  }

  /** @throws NiagaError unless the signature holds */
  #isSigned(record: SignedRecord<Card>, batch: Batch): true {
    this.#open(record.bytes, ['card'], batch);
    return true;
  }

  /** A card that may be handed out. */
  #usable(listing: string): HeldCard | undefined {
    const held = this.#index.get(listing);
    return held !== undefined && held.validUntil > this.#deps.now() && this.#check(listing, held) ? held : undefined;
  }

  /** Checks a held card's signature once; one that does not verify is dropped and counted. */
  #check(listing: string, held: HeldCard): boolean {
    if (held.verified) return true;
    const refused = this.#try(() => {
      this.#open(held.bytes, ['card']);
      held.verified = true;
    });
    // A delegation can be brought again; a signature that does not hold never will.
    if (refused !== undefined && refused !== 'DELEGATION_MISSING') {
      this.#drop(listing);
      // Its row goes with it; should the disk fail now, the card is found out again after a restart.
      this.#deps.store.write([this.#rows.del(listing)], { sync: false }).catch(() => undefined);
    }
    return held.verified;
  }

  #hold(listing: string, record: SignedRecord<Card>, keys: readonly string[]): void {
    this.#put(listing, new HeldCard(record, this.#grantOf(record, NOBODY)), record, keys);
  }

  #put(listing: string, card: HeldCard, record: SignedRecord<Card>, keys: readonly string[]): void {
    this.#drop(listing);
    this.#index.put(listing, card, record.payload.index, keys);
    this.#count(hex(card.trader), 1);
  }

  #drop(listing: string): void {
    const held = this.#index.get(listing);
    if (held === undefined) return;
    this.#index.remove(listing);
    this.#count(hex(held.trader), -1);
  }

  #setEnded(listing: string, { id, payload, delegation }: SignedRecord<Tombstone>): void {
    this.#dropEnded(listing);
    const seller = hex(payload.trader);
    this.#ended.set(listing, {
      id,
      payload: { seq: payload.seq, device: payload.device.slice() },
      seller,
      delegation: String(delegation),
      until: payload.created + MAX_HELD_TIME,
    });
    this.#count(seller, 1);
  }

  #dropEnded(listing: string): void {
    const ended = this.#ended.get(listing);
    if (ended === undefined) return;
    this.#ended.delete(listing);
    this.#count(ended.seller, -1);
  }

  #count(seller: string, change: 1 | -1): void {
    const count = (this.#bySeller.get(seller) ?? 0) + change;
    if (count <= 0) this.#bySeller.delete(seller);
    else this.#bySeller.set(seller, count);
  }

  #checkRoom(trader: Uint8Array): void {
    if (this.#index.size + this.#ended.size >= MAX_CARDS) {
      throw new NiagaError('RATE_LIMITED', 'This node keeps as many cards as it can.');
    }
    if ((this.#bySeller.get(hex(trader)) ?? 0) >= MAX_CARDS_OF_ONE) {
      throw new NiagaError('RATE_LIMITED', 'This node keeps as many cards of this seller as it may.');
    }
  }

  #handOut(held: readonly HeldCard[]): { cards: Uint8Array[]; delegations: Uint8Array[] } {
    const delegations = new Map<string, Uint8Array>();
    for (const { delegation } of held) {
      const known = delegations.has(delegation) ? undefined : this.#delegations.find(delegation);
      if (known !== undefined) delegations.set(delegation, known.bytes);
    }
    return { cards: held.map(({ bytes }) => bytes), delegations: [...delegations.values()] };
  }

  /** The delegations that something held names. */
  #named(): Set<string> {
    const named = new Set<string>();
    for (const listing of this.#index.ids()) {
      const delegation = this.#index.get(listing)?.delegation;
      if (delegation !== undefined) named.add(delegation);
    }
    for (const { delegation } of this.#ended.values()) named.add(delegation);
    return named;
  }

  #find(delegation: string, batch: Batch): SignedRecord<Delegation> | undefined {
    return batch.offered.get(delegation) ?? this.#delegations.find(delegation);
  }

  /** Everything but the signature: form, network, delegation, shape. */
  #read<K extends 'card' | 'tombstone'>(bytes: Uint8Array, kinds: readonly K[], batch = NOBODY) {
    return this.#openWith(trust, bytes, kinds, batch);
  }

  #open<K extends 'card' | 'tombstone'>(bytes: Uint8Array, kinds: readonly K[], batch = NOBODY) {
    return this.#openWith(this.#deps.verify, bytes, kinds, batch);
  }

  #openWith<K extends 'card' | 'tombstone'>(verify: Verify, bytes: Uint8Array, kinds: readonly K[], batch: Batch) {
    const { networkName, now } = this.#deps;
    return openRecord<K>(bytes, {
      network: networkName,
      kinds,
      delegation: (id) => this.#find(id.toString(), batch),
      verify,
      now: now(),
    });
  }

  /** Does a task that may refuse what came; gives the code of the refusal, which is counted. */
  #try(task: () => void): string | undefined {
    try {
      task();
      return undefined;
    } catch (error) {
      if (!isNiagaError(error)) throw error;
      this.#deps.onRefused(error.code);
      return error.code;
    }
  }
}

function stale(): NiagaError {
  return new NiagaError('LISTING_CHANGED', 'A newer card of that listing is held.');
}
