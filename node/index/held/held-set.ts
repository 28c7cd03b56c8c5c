import type { ParsedIndex } from '../../../protocol/search/index-terms.js';
import { LocalIndex } from '../../../protocol/search/local-index.js';
import type { IndexDeps } from '../index.js';
import { Arena } from './arena.js';
import { HeldCard, MAX_HELD_TIME, type HeldDelta, type Stand } from './card.js';
import { endRow, namesToKeep, type End } from './ends.js';
import { Grants, type Grant } from './grants.js';
import { CrowdedNames } from './quotas.js';
import type { ReadCard } from './reader.js';
import { HeldRows, type CardRow, type EndRow } from './rows.js';
import { Sellers, tagOf, type Seller } from './sellers.js';
import { Splits } from './splits.js';
import { Summaries } from './summary.js';
import { compareHeld } from './versions.js';

/** The cards and ends that are held: in memory to answer from, on disk (`rows`) to outlive a restart. Every change goes through here. */
export class HeldSet {
  readonly index = new LocalIndex<HeldCard>();
  readonly sellers = new Sellers();
  readonly grants: Grants;
  readonly rows: HeldRows;
  readonly splits: Splits;
  readonly crowded: CrowdedNames;
  /** Told of each card that goes, before it does. */
  onGone: (card: HeldCard) => void = () => undefined;
  /** Told of each seller of whom nothing is left. */
  onSellerGone: (seller: Seller) => void = () => undefined;
  readonly #now: () => number;
  readonly #ends = new Map<string, End>();
  readonly #arena = new Arena();
  readonly #summaries = new Summaries();
  #mark = 0;

  constructor({ store, delegations, now }: IndexDeps) {
    this.#now = now;
    this.grants = new Grants({ store, delegations });
    this.rows = new HeldRows(store, {
      card: (listing) => this.#cardRow(listing),
      end: (listing) => this.#endRow(listing),
    });
    const held = (name: string): number => this.index.held(name);
    this.splits = new Splits(store, held, () => this.index.size);
    this.crowded = new CrowdedNames({
      held,
      all: () => this.index.size,
      sellersUnder: (name) => this.#sellersUnder(name),
    });
  }

  /** Cards and ends. */
  get size(): number {
    return this.index.size + this.#ends.size;
  }

  /** The newest mark: what came or changed until now has this one or a smaller. */
  get mark(): number {
    return this.#mark;
  }

  /** For what comes or changes now: the clock's time, or one more than the last where the clock stands or was set back. */
  nextMark(): number {
    return (this.#mark = Math.max(this.#now(), this.#mark + 1));
  }

  end(listing: string): End | undefined {
    return this.#ends.get(listing);
  }

  ends(): IterableIterator<[listing: string, end: End]> {
    return this.#ends.entries();
  }

  /** Holds a card under these names, in place of what was held of its listing. @param arrived default: now */
  hold(
    read: ReadCard,
    names: Iterable<string>,
    {
      index,
      verified,
      arrived = this.nextMark(),
    }: { readonly index: ParsedIndex; readonly verified: boolean; readonly arrived?: number },
  ): HeldCard {
    const { listing, facts } = read;
    this.#mark = Math.max(this.#mark, arrived);
    // Before what is replaced goes: a seller without cards would be forgotten, and the lease with it.
    const seller = this.sellers.add(facts.trader);
    this.drop(listing);
    const { grant, writes } = this.grants.use(read.grant);
    this.rows.add(writes);
    const slice = this.#arena.add(read.bytes);
    const card = new HeldCard(read, {
      seller,
      grant,
      slice,
      summary: this.#summaries.of(facts.summary),
      arrived,
      tag: tagOf(read.digest),
    });
    card.verified = verified;
    this.index.put(listing, card, index.groups, names, index.terms);
    this.crowded.count(names, seller, 1);
    seller.byRecord.set(card.tag, card);
    this.rows.cardChanged(listing);
    return card;
  }

  /** Holds a card under exactly these names. */
  rename(card: HeldCard, names: readonly string[]): void {
    if (names.length === 0) {
      this.drop(card.id);
      return;
    }
    this.crowded.count(this.index.keysOf(card.id), card.seller, -1);
    this.index.rename(card.id, names);
    this.crowded.count(names, card.seller, 1);
    this.rows.cardChanged(card.id);
  }

  /** Lets a delta stand over a held card, in place of an older one. @param arrived default: now */
  change(card: HeldCard, delta: HeldDelta, arrived = this.nextMark()): void {
    this.#mark = Math.max(this.#mark, arrived);
    this.#forgetDelta(card);
    const { grant, writes } = this.grants.use(delta.grant);
    this.rows.add(writes);
    card.change({ record: delta.record, grant });
    card.arrived = arrived;
    card.seller.byRecord.set(tagOf(delta.record.id.multihash.digest), card);
    this.rows.cardChanged(card.id);
  }

  /** Lets a held card stand in a lease, or no longer in any. */
  stand(card: HeldCard, stand: Stand | undefined): void {
    const before = card.stand;
    card.stand = stand;
    stand?.part.enter();
    before?.part.leave();
  }

  drop(listing: string): void {
    const card = this.index.get(listing);
    if (card === undefined) return;
    this.onGone(card);
    this.crowded.count(this.index.keysOf(listing), card.seller, -1);
    this.index.remove(listing);
    this.stand(card, undefined);
    this.#forgetDelta(card);
    if (card.seller.byRecord.get(card.tag) === card) card.seller.byRecord.delete(card.tag);
    this.grants.unuse(card.grant);
    this.#arena.free(card.slice);
    this.rows.cardChanged(listing);
    if (!this.sellers.remove(card.seller)) this.onSellerGone(card.seller);
  }

  /** The slot has a tombstone. What is held of the card stays: whoever calls knows whether it is older. */
  setTombstone(
    listing: string,
    end: Omit<End, 'seller' | 'tombstone'>,
    tombstone: { readonly trader: Uint8Array; readonly bytes: Uint8Array; readonly grant: Grant },
  ): void {
    const before = this.#ends.get(listing);
    const { grant, writes } = this.grants.use(tombstone.grant);
    this.rows.add(writes);
    const names = namesToKeep(listing, [...this.index.keysOf(listing), ...(before?.names ?? []), ...end.names]);
    this.#setEnd(
      listing,
      { ...end, names, tombstone: { grant, slice: this.#arena.add(tombstone.bytes) } },
      tombstone.trader,
    );
  }

  /** What is over before an older version of it must be leaves its mark, so that the older one cannot come back. */
  setFloor(listing: string, end: Omit<End, 'seller' | 'tombstone'>, trader: Uint8Array): void {
    this.#setEnd(listing, end, trader);
  }

  dropEnd(listing: string): void {
    const end = this.#ends.get(listing);
    if (end === undefined) return;
    this.#ends.delete(listing);
    end.seller.ends.delete(listing);
    if (end.tombstone !== undefined) {
      this.grants.unuse(end.tombstone.grant);
      this.#arena.free(end.tombstone.slice);
    }
    this.rows.endChanged(listing);
    if (!this.sellers.remove(end.seller)) this.onSellerGone(end.seller);
  }

  /** Keeps an end under these names too, as far as there is room for them. */
  addEndNames(listing: string, names: readonly string[]): void {
    const end = this.#ends.get(listing);
    if (end === undefined) return;
    const all = namesToKeep(listing, [...end.names, ...names]);
    if (all.length > end.names.length) this.renameEnd(listing, all);
  }

  renameEnd(listing: string, names: readonly string[]): void {
    const end = this.#ends.get(listing);
    if (end === undefined) return;
    end.names = names;
    this.rows.endChanged(listing);
  }

  /** Drops one card or end of a seller, to make room for another's: of what it has more of the oldest. @returns its listing, if any */
  dropOneOf(seller: Seller): string[] {
    const [end] = seller.ends;
    if (end !== undefined && seller.ends.size > seller.count / 2) {
      this.dropEnd(end);
      return [end];
    }
    for (const { id } of seller.byRecord.values()) {
      this.drop(id);
      return [id];
    }
    return [];
  }

  /** Drops what is over, and gives memory back. */
  expire(): void {
    const now = this.#now();
    for (const listing of [...this.index.ids()]) {
      const card = this.index.get(listing);
      if (card === undefined) continue;
      if (card.until > now) card.slice = this.#arena.settle(card.slice);
      else this.#expireCard(card);
    }
    for (const [listing, { until, tombstone }] of [...this.#ends]) {
      if (until <= now) this.dropEnd(listing);
      else if (tombstone !== undefined) tombstone.slice = this.#arena.settle(tombstone.slice);
    }
    this.rows.add(this.splits.tidy());
    this.rows.add(this.grants.tidy());
  }

  #expireCard(card: HeldCard): void {
    const until = card.created + MAX_HELD_TIME;
    const { id, seq, device, digest, trader } = card;
    const names = this.index.keysOf(id);
    const end = this.#ends.get(id);
    const floor = until > this.#now() && (end === undefined || compareHeld(end, card) < 0);
    if (floor) this.setFloor(id, { seq, device, digest, until, names: namesToKeep(id, names) }, trader);
    this.drop(id);
  }

  #setEnd(listing: string, end: Omit<End, 'seller'>, trader: Uint8Array): void {
    const seller = this.sellers.add(trader);
    this.dropEnd(listing);
    seller.ends.add(listing);
    this.#ends.set(listing, {
      ...end,
      device: Uint8Array.from(end.device),
      digest: Uint8Array.from(end.digest),
      seller,
    });
    this.rows.endChanged(listing);
  }

  #forgetDelta(card: HeldCard): void {
    const { delta, stand } = card;
    if (delta === undefined) return;
    // Its leaf could not be shown any more.
    if (stand?.ofDelta === true) this.stand(card, undefined);
    const tag = tagOf(delta.record.id.multihash.digest);
    if (card.seller.byRecord.get(tag) === card) card.seller.byRecord.delete(tag);
    this.grants.unuse(delta.grant);
  }

  #cardRow(listing: string): CardRow | undefined {
    const card = this.index.get(listing);
    if (card === undefined) return undefined;
    const { bytes, delta, verified, arrived } = card;
    return { card: bytes, delta: delta?.record.bytes, verified, arrived, names: this.index.keysOf(listing) };
  }

  #endRow(listing: string): EndRow | undefined {
    const end = this.#ends.get(listing);
    return end === undefined ? undefined : endRow(end);
  }

  *#sellersUnder(name: string): Iterable<Seller> {
    for (const listing of this.index.under(name)) {
      const card = this.index.get(listing);
      if (card !== undefined) yield card.seller;
    }
  }
}
