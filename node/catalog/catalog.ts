import { CID } from 'multiformats/cid';
import { listingSlot, type Listing } from '../../protocol/catalog/card.js';
import { availabilityOf } from '../../protocol/catalog/summary.js';
import { encode } from '../../protocol/cbor.js';
import { isNiagaError, NiagaError } from '../../protocol/errors.js';
import { blobId, recordId } from '../../protocol/ids.js';
import { readItem } from '../../protocol/listing/input.js';
import { openRecord, signRecord, type SignedRecord, type Verify } from '../../protocol/record.js';
import { listingToView } from '../api/present.js';
import type { ListingView, PublishedView } from '../api/views.js';
import { createMutex } from '../concurrency.js';
import type { Logger } from '../logger.js';
import { cborCodec, rawCodec, type Table, type Write } from '../store/index.js';
import type { Catalog, PublishItem, PublishOptions, StockLine } from './index.js';
import { CARD_RENEWAL, OwnCards, type OwnCardsDeps } from './own-cards.js';
import { Rows, type Row } from './rows.js';
import { Stock, type Reservation } from './stock.js';

const minute = 60 * 1000;
/** Cards that lack their quorum are brought out again this often … */
export const REPOST_MISSING = minute;
/** … and all of them this often: nodes came and went. */
export const REPOST_ALL = 60 * minute;
/** Listings signed, stored and brought out together. */
const BATCH = 100;

export interface CatalogDeps extends Omit<OwnCardsDeps, 'rows'> {
  readonly verify: Verify;
  readonly logger: Logger;
}

export function createCatalog(deps: CatalogDeps): Catalog {
  return new CatalogService(deps);
}

interface Prepared {
  readonly view: PublishedView;
  readonly slot?: string;
}

class CatalogService implements Catalog {
  readonly #deps: CatalogDeps;
  readonly #rows: Rows;
  readonly #cards: OwnCards;
  readonly #stock: Stock;
  readonly #versions: Table<Uint8Array>;
  readonly #blobs: Table<Uint8Array>;
  readonly #lock = createMutex();
  #timers: NodeJS.Timeout[] = [];
  #stopping = new AbortController();
  #work: Promise<unknown> = Promise.resolve();

  constructor(deps: CatalogDeps) {
    this.#deps = deps;
    this.#rows = new Rows(deps.store, { network: deps.identity.network, trader: deps.identity.trader });
    this.#cards = new OwnCards({ ...deps, rows: this.#rows });
    this.#versions = deps.store.table('listings', rawCodec);
    this.#blobs = deps.store.table('blobs', rawCodec);
    this.#stock = new Stock(deps.store.table('reservations', cborCodec<Reservation>()), {
      get: (slot) => {
        const row = this.#rows.get(slot);
        return row === undefined || row.removed ? undefined : row.level;
      },
      set: (slot, level) => this.#rows.change(slot, { level }),
    });
  }

  async start(): Promise<void> {
    if (this.#timers.length > 0) return;
    this.#stopping = new AbortController();
    await this.#rows.load();
    await this.#stock.load();
    const every = (interval: number, due: (row: Row) => boolean): NodeJS.Timeout =>
      setInterval(() => this.#inBackground(() => this.#repost(due)), interval).unref();
    this.#timers = [every(REPOST_MISSING, (row) => !row.quorum), every(REPOST_ALL, () => true)];
  }

  async stop(): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer);
    this.#timers = [];
    this.#stopping.abort();
    await this.#work;
    await this.#lock(() => Promise.resolve());
  }

  async *publish(items: readonly PublishItem[], options: PublishOptions = {}): AsyncIterable<PublishedView> {
    const signal =
      options.signal === undefined ? this.#stopping.signal : AbortSignal.any([options.signal, this.#stopping.signal]);
    for (let start = 0; start < items.length; start += BATCH) {
      signal.throwIfAborted();
      yield* await this.#lock(() =>
        this.#publishBatch(items.slice(start, start + BATCH), options.strict ?? false, signal),
      );
    }
  }

  async list({ limit, after }: { limit: number; after?: string | undefined }): Promise<ListingView[]> {
    const views: ListingView[] = [];
    for (const id of this.#rows.ids()) {
      if (views.length === limit) break;
      if (after !== undefined && id <= after) continue;
      const view = await this.show(id);
      if (view?.status === 'active') views.push(view);
    }
    return views;
  }

  count(): number {
    let count = 0;
    for (const [, row] of this.#rows.entries()) if (!row.removed) count++;
    return count;
  }

  async show(listing: string): Promise<ListingView | undefined> {
    const slot = this.#rows.slotOf(listing);
    const row = slot === undefined ? undefined : this.#rows.get(slot);
    const record = row === undefined ? undefined : await this.version(CID.parse(row.version));
    if (slot === undefined || row === undefined || record === undefined) return undefined;
    return {
      ...listingToView(record, row.removed ? 'removed' : 'active'),
      available: row.removed ? 0 : this.#stock.available(slot),
      replicas: row.replicas,
    };
  }

  async remove(listing: string): Promise<ListingView> {
    const slot = this.#rows.slotOf(listing);
    if (slot === undefined) {
      throw new NiagaError('LISTING_NOT_FOUND', `None of your own listings has the id ${listing}.`, {
        next: 'See your own with: niaga listing list',
      });
    }
    await this.#lock(async () => {
      const row = this.#rows.get(slot);
      if (row === undefined || row.removed) throw new NiagaError('LISTING_REMOVED', 'The listing was removed already.');
      const { identity, now, store } = this.#deps;
      const ended = signRecord('tombstone', { slot, seq: row.seq + 1 }, identity, {
        network: identity.network,
        created: now(),
      });
      await store.write([
        await this.#cards.end(slot, row.cardSeq + 1),
        this.#rows.put(slot, {
          ...row,
          removed: true,
          seq: row.seq + 1,
          cardSeq: row.cardSeq + 1,
          replicas: 0,
          quorum: false,
        }),
        store.table('tombstones', rawCodec).put(slot, ended.bytes),
      ]);
      await this.#bringOut([slot], this.#stopping.signal);
    });
    const view = await this.show(listing);
    if (view === undefined) throw new NiagaError('INTERNAL', 'A listing vanished while it was removed.');
    return view;
  }

  async version(id: CID): Promise<SignedRecord<Listing> | undefined> {
    const { identity, verify } = this.#deps;
    const bytes = await this.#versions.get(id.toString());
    if (bytes === undefined) return undefined;
    return openRecord(bytes, {
      network: identity.network,
      kinds: ['listing'],
      delegation: () => identity.delegation,
      verify,
    });
  }

  async current(listing: string): Promise<SignedRecord<Listing> | undefined> {
    const slot = this.#rows.slotOf(listing);
    const row = slot === undefined ? undefined : this.#rows.get(slot);
    return row === undefined || row.removed ? undefined : this.version(CID.parse(row.version));
  }

  async blob(id: CID): Promise<Uint8Array | undefined> {
    return this.#blobs.get(id.toString());
  }

  reserve(trade: string, lines: readonly StockLine[]): Write[] {
    const writes = this.#stock.reserve(trade, lines);
    this.#stockChanged(lines.map(({ slot }) => slot));
    return writes;
  }

  release(trade: string): Write[] {
    const slots = this.#stock.slotsOf(trade);
    const writes = this.#stock.release(trade);
    this.#stockChanged(slots);
    return writes;
  }

  sold(trade: string): Write[] {
    return this.#stock.sold(trade);
  }

  async #publishBatch(items: readonly PublishItem[], strict: boolean, signal: AbortSignal): Promise<PublishedView[]> {
    const writes: Write[] = [];
    const prepared = items.map((item) => this.#prepare(item, strict, writes));
    await this.#deps.store.write(writes);
    const slots = new Set(prepared.flatMap(({ slot }) => (slot === undefined ? [] : [slot])));
    await this.#bringOut(
      [...slots].filter((slot) => this.#rows.get(slot)?.quorum === false),
      signal,
    );
    return prepared.map(({ view, slot }) =>
      slot === undefined ? view : { ...view, replicas: this.#rows.get(slot)?.replicas ?? 0 },
    );
  }

  /** Checks and signs one item; its writes are added to the batch's. Nothing of an invalid item is left behind. */
  #prepare({ line, value }: PublishItem, strict: boolean, writes: Write[]): Prepared {
    try {
      const { item, blobs, warnings } = readItem(value, { strict });
      const { identity, now } = this.#deps;
      if (item.validThrough !== undefined && item.validThrough <= now()) {
        throw new NiagaError('INPUT_INVALID', 'validThrough lies in the past: nobody would be shown the listing.', {
          where: 'validThrough',
        });
      }
      const slot = listingSlot(item.sku);
      const notes = warnings.length === 0 ? {} : { warnings };
      const content = recordId(encode(item)).toString();
      const before = this.#rows.get(slot);
      const common = { line, sku: item.sku, listing: this.#rows.idOf(slot), replicas: 0, ...notes };
      if (before !== undefined && !before.removed && before.content === content)
        return { slot, view: { ...common, status: 'unchanged' } };
      const record = signRecord('listing', { slot, seq: (before?.seq ?? 0) + 1, item }, identity, {
        network: identity.network,
        created: now(),
      });
      // What was sold since counts on, unless the seller now states another number than before.
      const restated = before === undefined || before.removed || before.stated !== item.inventoryLevel;
      const level = restated ? item.inventoryLevel : before.level;
      const { card, write } = this.#cards.make(
        record,
        (before?.cardSeq ?? 0) + 1,
        this.#stock.availableOf(slot, level),
      );
      writes.push(
        write,
        this.#versions.put(record.id.toString(), record.bytes),
        ...blobs.map((blob) => this.#blobs.put(blobId(blob).toString(), blob)),
        this.#rows.put(slot, {
          version: record.id.toString(),
          seq: record.payload.seq,
          cardSeq: card.payload.seq,
          removed: false,
          content,
          stated: item.inventoryLevel,
          level,
          availability: card.payload.summary.availability,
          validUntil: card.payload.validUntil,
          replicas: 0,
          quorum: false,
        }),
      );
      return { slot, view: { ...common, status: before === undefined || before.removed ? 'published' : 'updated' } };
    } catch (error) {
      if (!isNiagaError(error)) throw error;
      return {
        view: { line, sku: skuOf(value), listing: null, status: 'invalid', replicas: 0, error: error.toJSON() },
      };
    }
  }

  /** Listings are safe on disk by now: what the network does not take at once is brought out again later. */
  async #bringOut(slots: readonly string[], signal: AbortSignal): Promise<void> {
    try {
      await this.#cards.bringOut(slots, signal);
    } catch (error) {
      if (signal.aborted) throw error;
      this.#deps.logger.warn(
        { cards: slots.length, error: String(error) },
        'cards could not be brought out now; they will be later',
      );
    }
  }

  async #repost(due: (row: Row) => boolean): Promise<void> {
    const slots = [...this.#rows.entries()]
      .filter(([, row]) => due(row) && (!row.removed || !row.quorum))
      .map(([slot]) => slot);
    for (let start = 0; start < slots.length; start += BATCH) {
      await this.#lock(async () => {
        const batch = slots.slice(start, start + BATCH);
        await this.#renew(
          batch.filter((slot) => (this.#rows.get(slot)?.validUntil ?? 0) < this.#deps.now() + CARD_RENEWAL),
        );
        await this.#bringOut(batch, this.#stopping.signal);
      });
    }
  }

  /** Signs new cards for listings that are still offered. */
  async #renew(slots: readonly string[]): Promise<void> {
    const writes: Write[] = [];
    for (const slot of slots) {
      const row = this.#rows.get(slot);
      const record = row === undefined || row.removed ? undefined : await this.version(CID.parse(row.version));
      if (
        row === undefined ||
        record === undefined ||
        (record.payload.item.validThrough ?? Number.POSITIVE_INFINITY) < this.#deps.now()
      )
        continue;
      const { card, write } = this.#cards.make(record, row.cardSeq + 1, this.#stock.available(slot));
      const { summary, validUntil, seq } = card.payload;
      writes.push(
        write,
        this.#rows.put(slot, { ...row, cardSeq: seq, availability: summary.availability, validUntil, quorum: false }),
      );
    }
    await this.#deps.store.write(writes);
  }

  /** A card tells "in stock, few left, sold out": it is signed anew when that word changes, not with every piece. */
  #stockChanged(slots: readonly string[]): void {
    const changed = slots.filter((slot) => {
      const row = this.#rows.get(slot);
      return row !== undefined && !row.removed && row.availability !== availabilityOf(this.#stock.available(slot));
    });
    if (changed.length === 0) return;
    this.#inBackground(() =>
      this.#lock(async () => {
        await this.#renew(changed);
        await this.#bringOut(changed, this.#stopping.signal);
      }),
    );
  }

  #inBackground(task: () => Promise<void>): void {
    this.#work = this.#work.then(task).catch((error: unknown) => {
      if (!this.#stopping.signal.aborted)
        this.#deps.logger.warn({ error: String(error) }, 'work on own cards failed and is tried again later');
    });
  }
}

function skuOf(value: unknown): string | null {
  if (typeof value !== 'object' || value === null) return null;
  const fields = new Map<string, unknown>(Object.entries(value));
  const sku = fields.get('sku') ?? fields.get('id');
  return typeof sku === 'string' ? sku.slice(0, 128) : null;
}
