import { CID } from 'multiformats/cid';
import { listingSlot, type Card, type Listing } from '../../protocol/catalog/card.js';
import { availabilityOf } from '../../protocol/catalog/summary.js';
import { encode } from '../../protocol/cbor.js';
import { isNiagaError, NiagaError } from '../../protocol/errors.js';
import { blobId, recordId } from '../../protocol/ids.js';
import { readItem } from '../../protocol/listing/input.js';
import { openRecord, signRecord, type SignedRecord, type Verify } from '../../protocol/record.js';
import { listingToView } from '../api/present.js';
import type { ListingView, PublishedView } from '../api/views.js';
import { createMutex } from '../concurrency.js';
import { cborCodec, rawCodec, type Table, type Write } from '../store/index.js';
import type { Catalog, PublishItem, PublishOptions, StockLine } from './index.js';
import { CARD_RENEWAL, OwnCards, type OwnCardsDeps } from './own-cards.js';
import { RepostSchedule } from './repost-schedule.js';
import { Rows, type Row, type RowBatch } from './rows.js';
import { Stock, type Reservation } from './stock.js';

/** Published while the node still joins, cards wait this long for other nodes; after that they are brought out later. */
const READY_TIMEOUT = 1_500;
/** Listings signed, stored and brought out together: more is no faster and holds more in memory (bench/catalogues.mjs). */
const BATCH = 50;

export interface CatalogDeps extends Omit<OwnCardsDeps, 'rows'> {
  readonly verify: Verify;
  /** Waits until the node has joined its network, so many milliseconds at most. Default: it has. */
  readonly ready?: ((ms: number, signal: AbortSignal) => Promise<void>) | undefined;
  /** Calls the listener when nodes were met; gives back the end of it. Default: never. */
  readonly onPeer?: ((listener: () => void) => () => void) | undefined;
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
  readonly #schedule: RepostSchedule;
  readonly #lock = createMutex();
  #started: Promise<void> | undefined;
  #stopping = new AbortController();
  #work: Promise<void> = Promise.resolve();

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
    this.#schedule = new RepostSchedule({
      repost: (due) => this.#inBackground(() => this.#repost(due)),
      onPeer: deps.onPeer,
      now: deps.now,
    });
  }

  start(): Promise<void> {
    this.#started ??= this.#start();
    return this.#started;
  }

  async #start(): Promise<void> {
    const stopping = new AbortController();
    this.#stopping = stopping;
    await this.#rows.load();
    await this.#stock.load();
    if (!stopping.signal.aborted) this.#schedule.start();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#started?.catch(() => undefined);
    this.#started = undefined;
    this.#schedule.stop();
    await this.#work;
    await this.#lock(() => Promise.resolve());
  }

  async *publish(items: readonly PublishItem[], options: PublishOptions = {}): AsyncIterable<PublishedView> {
    const signal =
      options.signal === undefined ? this.#stopping.signal : AbortSignal.any([options.signal, this.#stopping.signal]);
    let joined: Promise<void> | undefined;
    const ready = (): Promise<void> => (joined ??= this.#deps.ready?.(READY_TIMEOUT, signal) ?? Promise.resolve());
    for (let start = 0; start < items.length; start += BATCH) {
      signal.throwIfAborted();
      const batch = items.slice(start, start + BATCH);
      yield* await this.#lock(() => this.#publishBatch(batch, { strict: options.strict ?? false, signal, ready }));
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
      const before = this.#rows.get(slot);
      const cardSeq = (before?.cardSeq ?? 0) + 1;
      const end = await this.#cards.end(slot, cardSeq);
      // Read again: something may have been sold meanwhile.
      const row = this.#rows.get(slot);
      if (row === undefined || row.removed) throw new NiagaError('LISTING_REMOVED', 'The listing was removed already.');
      const batch = this.#rows.batch();
      batch.put(slot, { ...row, removed: true, cardSeq, replicas: 0, quorum: false });
      batch.add(end);
      await batch.write(this.#deps.store);
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
      delegation: (named) => identity.delegationOf(named),
      verify,
    });
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

  sold(trade: string, lines: readonly StockLine[]): Write[] {
    const slots = [...this.#stock.slotsOf(trade), ...lines.map(({ slot }) => slot)];
    const writes = this.#stock.sold(trade, lines);
    this.#stockChanged([...new Set(slots)]);
    return writes;
  }

  async #publishBatch(
    items: readonly PublishItem[],
    { strict, signal, ready }: { strict: boolean; signal: AbortSignal; ready: () => Promise<void> },
  ): Promise<PublishedView[]> {
    const batch = this.#rows.batch();
    const prepared = items.map((item) => this.#prepare(item, strict, batch));
    await batch.write(this.#deps.store);
    const slots = new Set(prepared.flatMap(({ slot }) => (slot === undefined ? [] : [slot])));
    const missing = [...slots].filter((slot) => this.#rows.get(slot)?.quorum === false);
    if (missing.length > 0) {
      await ready();
      await this.#bringOut(missing, signal);
    }
    return prepared.map(({ view, slot }) =>
      slot === undefined ? view : { ...view, replicas: this.#rows.get(slot)?.replicas ?? 0 },
    );
  }

  /** Checks and signs one item; its changes are added to the batch. Nothing of an invalid item is left behind. */
  #prepare({ line, value }: PublishItem, strict: boolean, batch: RowBatch): Prepared {
    try {
      const { item, blobs, warnings } = readItem(value, { strict });
      const { identity, now } = this.#deps;
      if (item.validThrough !== undefined && item.validThrough <= now()) {
        throw new NiagaError('INPUT_INVALID', 'validThrough lies in the past: nobody would be shown the listing.', {
          where: 'validThrough',
        });
      }
      const slot = listingSlot(item.sku);
      const content = recordId(encode(item)).toString();
      const before = this.#rows.get(slot);
      // What was sold since counts on, unless the seller now states another number than before.
      const restated = before === undefined || before.removed || before.stated !== item.inventoryLevel;
      const level = restated ? item.inventoryLevel : before.level;
      const notes = withWarnings([...warnings, ...soldSince(item.inventoryLevel, level)]);
      const common = { line, sku: item.sku, listing: this.#rows.idOf(slot), replicas: 0, ...notes };
      if (before !== undefined && !before.removed && before.content === content)
        return { slot, view: { ...common, status: 'unchanged' } };
      const record = signRecord('listing', { slot, seq: (before?.seq ?? 0) + 1, item }, identity, {
        network: identity.network,
        created: now(),
      });
      const { card, write } = this.#cards.make(
        record,
        (before?.cardSeq ?? 0) + 1,
        this.#stock.availableOf(slot, level),
      );
      batch.add(write, this.#versions.put(record.id.toString(), record.bytes));
      batch.add(...blobs.map((blob) => this.#blobs.put(blobId(blob).toString(), blob)));
      batch.put(slot, {
        version: record.id.toString(),
        seq: record.payload.seq,
        removed: false,
        content,
        stated: item.inventoryLevel,
        level,
        replicas: 0,
        ...ofCard(card),
      });
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
    const { identity, now } = this.#deps;
    const current = identity.delegation.id.toString();
    const isOld = ({ validUntil, delegation }: Row): boolean =>
      validUntil < now() + CARD_RENEWAL || delegation !== current;
    const slots = [...this.#rows.entries()].filter(([, row]) => due(row)).map(([slot]) => slot);
    for (let start = 0; start < slots.length; start += BATCH) {
      this.#stopping.signal.throwIfAborted();
      await this.#lock(async () => {
        const batch = slots.slice(start, start + BATCH);
        await this.#renew(batch, isOld);
        // Nobody keeps a card that is over, nor the end of one: a tombstone is of use as long as the card would be.
        const standing = batch.filter((slot) => (this.#rows.get(slot)?.validUntil ?? 0) > now());
        await this.#bringOut(standing, this.#stopping.signal);
      });
    }
  }

  /** Signs new cards for those of the listings that are still offered, where a new card would say something else. */
  async #renew(slots: readonly string[], due: (row: Row) => boolean): Promise<void> {
    const records = new Map<string, SignedRecord<Listing>>();
    for (const slot of slots) {
      const row = this.#rows.get(slot);
      const record =
        row === undefined || row.removed || !due(row) ? undefined : await this.version(CID.parse(row.version));
      if (record !== undefined) records.set(slot, record);
    }
    // From here to the write in one turn: a sale would be lost between a row's reading and its change.
    const batch = this.#rows.batch();
    for (const [slot, record] of records) {
      const row = this.#rows.get(slot);
      if (row === undefined || row.removed || row.version !== record.id.toString()) continue;
      const available = this.#stock.available(slot);
      const validUntil = this.#cards.validUntil(record);
      const same =
        row.availability === availabilityOf(available) &&
        row.delegation === this.#deps.identity.delegation.id.toString() &&
        validUntil <= row.validUntil;
      if (same || validUntil <= this.#deps.now()) continue;
      const { card, write } = this.#cards.make(record, row.cardSeq + 1, available);
      batch.add(write);
      batch.put(slot, { ...row, ...ofCard(card) });
    }
    await batch.write(this.#deps.store);
  }

  /** A card tells "in stock, few left, sold out": it is signed anew when that word changes, not with every piece. */
  #stockChanged(slots: readonly string[]): void {
    const changed = slots.filter((slot) => {
      const row = this.#rows.get(slot);
      return row !== undefined && !row.removed && row.availability !== availabilityOf(this.#stock.available(slot));
    });
    if (changed.length === 0) return;
    void this.#inBackground(() =>
      this.#lock(async () => {
        await this.#renew(changed, () => true);
        await this.#bringOut(changed, this.#stopping.signal);
      }),
    );
  }

  /** One task after the other; ends when this one has, and never fails. */
  #inBackground(task: () => Promise<void>): Promise<void> {
    this.#work = this.#work.then(task).catch((error: unknown) => {
      if (!this.#stopping.signal.aborted)
        this.#deps.logger.warn({ error: String(error) }, 'work on own cards failed and is tried again later');
    });
    return this.#work;
  }
}

/** What a row says of its newest card. */
function ofCard({
  payload,
  delegation,
}: SignedRecord<Card>): Pick<Row, 'cardSeq' | 'availability' | 'validUntil' | 'delegation' | 'quorum'> {
  const { seq: cardSeq, summary, validUntil } = payload;
  return {
    cardSeq,
    availability: summary.availability,
    validUntil,
    delegation: delegation?.toString() ?? '',
    quorum: false,
  };
}

type Warnings = NonNullable<PublishedView['warnings']>;

/** A seller who restocks to the number of before has said nothing new: what was sold would stay subtracted unnoticed. */
function soldSince(stated: number | null, level: number | null): Warnings {
  if (stated === null || level === null || level >= stated) return [];
  const message = `${level} of ${stated} are left, as before; state another quantity to restock.`;
  return [{ code: 'STOCK_SHORT', where: 'quantity', message }];
}

function withWarnings(warnings: Warnings): { warnings?: Warnings } {
  return warnings.length === 0 ? {} : { warnings };
}

function skuOf(value: unknown): string | null {
  if (typeof value !== 'object' || value === null) return null;
  const fields = new Map<string, unknown>(Object.entries(value));
  const sku = fields.get('sku') ?? fields.get('id');
  return typeof sku === 'string' ? sku.slice(0, 128) : null;
}
