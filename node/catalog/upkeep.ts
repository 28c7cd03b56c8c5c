import { CID } from 'multiformats/cid';
import { availabilityOf } from '../../protocol/catalog/summary.js';
import type { Listing } from '../../protocol/catalog/card.js';
import type { SignedRecord } from '../../protocol/record.js';
import type { Mutex } from '../concurrency.js';
import type { Identity } from '../identity/index.js';
import type { Outlet, OwnLease } from '../index/index.js';
import { unlessDamaged } from '../listed.js';
import type { Logger } from '../logger.js';
import type { Store } from '../store/index.js';
import type { Distribution } from './distribution.js';
import { variantRows } from './levels.js';
import type { OwnCards } from './own-cards.js';
import type { OwnLeases } from './own-leases.js';
import type { Placings } from './placings.js';
import type { Row, Rows } from './rows.js';
import type { Stock } from './stock.js';

/** Listings read and signed anew in one go. */
const RENEW_TOGETHER = 50;

export interface UpkeepDeps {
  readonly store: Store;
  readonly identity: Identity;
  readonly rows: Rows;
  readonly cards: OwnCards;
  readonly stock: Stock;
  readonly leases: OwnLeases;
  readonly placings: Placings;
  readonly distribution: Distribution;
  readonly outlet: Outlet;
  readonly lock: Mutex;
  readonly version: (id: CID) => Promise<SignedRecord<Listing> | undefined>;
  readonly now: () => number;
  readonly logger: Logger;
}

/** What is done for own cards without being asked for: bringing out what is missing, the daily lease, new cards for old ones. */
export class Upkeep {
  readonly #deps: UpkeepDeps;

  constructor(deps: UpkeepDeps) {
    this.#deps = deps;
  }

  /** Brings out what is not held by all nodes that should hold it; gives how many are still not. */
  async resume(signal: AbortSignal): Promise<number> {
    const { rows, distribution, outlet } = this.#deps;
    const lacking = (): string[] =>
      [...rows.entries()].flatMap(([slot, row]) =>
        this.#stands(row) && !distribution.of(slot, row).whole ? [slot] : [],
      );
    const placed: Promise<void>[] = [];
    for (const slot of lacking()) {
      await outlet.room(signal);
      placed.push(distribution.place(slot).done);
    }
    await Promise.all(placed);
    signal.throwIfAborted();
    return lacking().length;
  }

  /** Says by a lease that all cards stand, and brings those to nodes that say that they lack them. */
  async refresh(signal: AbortSignal): Promise<void> {
    const { rows, cards, leases, placings, distribution, outlet, store, logger } = this.#deps;
    await this.#forgetEnded();
    await this.#renewOld(signal);
    const signed = leases.sign();
    const placed: Promise<void>[] = [];
    if (signed !== undefined) {
      // In the turn of the signature: of what comes up after it the nodes will have said nothing.
      const seqs = new Map([...rows.entries()].map(([slot, { cardSeq }]) => [slot, cardSeq]));
      await store.write([signed.write]);
      const { lacking, held, nodes, failed } = await outlet.refresh(signed.lease, cards.standing(), signal);
      for (const [listing, { replicas, quorum }] of held) {
        const slot = rows.slotOf(listing) ?? '';
        const seq = seqs.get(slot);
        if (seq !== undefined && rows.get(slot)?.cardSeq === seq)
          placings.keep(slot, { seq, replicas, quorum, whole: true });
      }
      for (const [listing, peers] of lacking) {
        const slot = rows.slotOf(listing);
        if (slot === undefined || rows.get(slot)?.cardSeq !== seqs.get(slot)) continue;
        await outlet.room(signal);
        // A delta whose card only a lease lets stand is of no use to a node that has neither: it gets a card that says it all.
        const isNew = await this.#renewIfOver(slot);
        placed.push(distribution.place(slot, isNew ? {} : { lacking: peers }).done);
      }
      logger.info(
        { cards: held.size + lacking.size, lacking: lacking.size, nodes, failed },
        'own cards were refreshed',
      );
    }
    placed.push(...(await this.#offer(signed?.lease, signal)));
    await Promise.all(placed);
  }

  /**
   * Asks for what no lease speaks of: cards of listings that end soon, and ends, since a node that was away when something was
   * removed would bring it back. What is not held as widely as it should be is under way already.
   */
  async #offer(lease: OwnLease | undefined, signal: AbortSignal): Promise<Promise<void>[]> {
    const { rows, cards, distribution, outlet, now } = this.#deps;
    const seqs = new Map<string, number>();
    const fits = (slot: string, row: Row): boolean => {
      const isLeased = !row.removed && lease?.placeOf(rows.idOf(slot)) !== undefined;
      const isOffered = !isLeased && row.validUntil > now() && distribution.of(slot, row).whole;
      if (isOffered) seqs.set(slot, row.cardSeq);
      return isOffered;
    };
    const placed: Promise<void>[] = [];
    for (const [listing, peers] of await outlet.offer(cards.standing({ ends: true, fits }), signal)) {
      const slot = rows.slotOf(listing);
      if (slot === undefined || rows.get(slot)?.cardSeq !== seqs.get(slot)) continue;
      await outlet.room(signal);
      placed.push(distribution.place(slot, { lacking: peers }).done);
    }
    return placed;
  }

  /** Signs what changed for those whose cards say another word about stock than is true now, and brings it out. */
  async restock(slots: readonly string[]): Promise<void> {
    const { rows, stock } = this.#deps;
    await this.renew(slots, (slot, row) => row.availability !== availabilityOf(stock.available(slot)));
    await Promise.all(slots.filter((slot) => rows.get(slot)?.removed === false).map((slot) => this.#place(slot)));
  }

  /**
   * Signs the newest record of these slots anew where it is due: a delta where that will do.
   * @param after the new record is a card with a seq higher than this
   */
  async renew(slots: readonly string[], due: (slot: string, row: Row) => boolean, after?: number): Promise<void> {
    for (let start = 0; start < slots.length; start += RENEW_TOGETHER)
      await this.#deps.lock(() => this.#renew(slots.slice(start, start + RENEW_TOGETHER), due, after));
  }

  async #renew(slots: readonly string[], due: (slot: string, row: Row) => boolean, after?: number): Promise<void> {
    const { rows, cards, stock, store, version } = this.#deps;
    const records = new Map<string, SignedRecord<Listing>>();
    for (const slot of slots) {
      const row = rows.get(slot);
      if (row === undefined || row.removed || !due(slot, row)) continue;
      if (after === undefined && cards.mayChange(row)) continue;
      // One that is damaged keeps the others from nothing: no lease would be signed for the whole shop.
      const record = await unlessDamaged(version(CID.parse(row.version)));
      if (record !== undefined) records.set(slot, record);
    }
    // From here to the write in one turn: a sale would be lost between a row's reading and its change.
    const batch = rows.batch();
    for (const slot of slots) {
      const row = rows.get(slot);
      if (row === undefined || row.removed || !due(slot, row)) continue;
      const seq = Math.max(row.cardSeq, after ?? 0) + 1;
      const available = stock.available(slot);
      const record = records.get(slot);
      let made;
      // A row from before variants were counted gets them from its listing, as they were stated.
      let { variants } = row;
      if (record !== undefined && row.version === record.id.toString()) {
        variants ??= variantRows(record.payload.item, undefined);
        made = cards.make(record, { before: undefined, seq, available });
      } else if (cards.mayChange(row) && row.price !== undefined) {
        const availability = availabilityOf(available);
        const listing = CID.parse(row.version);
        made = cards.change(slot, row.card, { seq, listing, price: row.price, availability });
      } else {
        continue;
      }
      batch.add(...made.writes);
      batch.put(slot, { ...row, ...(variants === undefined ? {} : { variants }), ...made.fields });
    }
    await batch.write(store);
  }

  /**
   * Deletes ends that nobody keeps any more, nor the cards that they ended. The rows stay for good: whoever publishes under the same sku
   * once more goes on with their seq, and never signs one twice.
   */
  async #forgetEnded(): Promise<void> {
    const { rows, cards, placings, store, lock } = this.#deps;
    await lock(async () => {
      const over = new Set(
        [...rows.entries()].filter(([, row]) => row.removed && !this.#stands(row)).map(([slot]) => slot),
      );
      if (over.size === 0) return;
      const writes = [...(await cards.forget((slot) => over.has(slot))), ...placings.forget([...over])];
      if (writes.length > 0) await store.write(writes, { sync: false });
    });
  }

  /** New cards for those signed under an earlier delegation, and for those whose own end must come later. */
  async #renewOld(signal: AbortSignal): Promise<void> {
    const { rows, identity, cards, now } = this.#deps;
    const current = identity.delegation.id.toString();
    const isOld = (row: Row): boolean => {
      if (row.head === undefined || row.delegation !== current) return cards.validUntil(row.ends ?? null) > now();
      // A lease would extend it beyond its listing's end, so its card must last until then.
      const ends = row.ends ?? null;
      return ends !== null && row.validUntil < ends && cards.validUntil(ends) === ends && ends > now();
    };
    const old = [...rows.entries()].filter(([, row]) => !row.removed && isOld(row)).map(([slot]) => slot);
    for (let start = 0; start < old.length; start += RENEW_TOGETHER) {
      signal.throwIfAborted();
      const some = old.slice(start, start + RENEW_TOGETHER);
      await this.renew(some, (_, row) => isOld(row), 0);
      await this.#deps.outlet.room(signal);
      for (const slot of some) this.#deps.distribution.place(slot);
    }
  }

  /** Signs a new card in place of one that is over and has a delta; whether it did. */
  async #renewIfOver(slot: string): Promise<boolean> {
    const { rows, now } = this.#deps;
    const { validUntil = 0, cardSeq, base } = rows.get(slot) ?? {};
    if (validUntil > now() || cardSeq === base) return false;
    await this.renew([slot], () => true, 0);
    return rows.get(slot)?.cardSeq !== cardSeq;
  }

  async #place(slot: string): Promise<void> {
    const { distribution, rows } = this.#deps;
    const row = rows.get(slot);
    if (row !== undefined && !distribution.of(slot, row).quorum) await distribution.place(slot).settled;
  }

  /** Whether the newest record of a slot is of use to anybody: nobody keeps a card that is over, nor the end of one. */
  #stands(row: Row): boolean {
    const { now } = this.#deps;
    return row.removed ? row.validUntil > now() : (row.ends ?? Number.POSITIVE_INFINITY) > now();
  }
}
