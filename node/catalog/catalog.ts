import { CID } from 'multiformats/cid';
import type { Listing } from '../../protocol/catalog/card.js';
import { availabilityOf } from '../../protocol/catalog/summary.js';
import { NiagaError } from '../../protocol/errors.js';
import type { SignedRecord, Verify } from '../../protocol/record.js';
import { COPIES } from '../../protocol/search/posting-keys.js';
import { listingToView } from '../api/present.js';
import type { ListingView, PublishedView } from '../api/views.js';
import { createBackground } from '../background.js';
import { createMutex } from '../concurrency.js';
import type { Identity } from '../identity/index.js';
import type { Outlet } from '../index/index.js';
import { listed, unlessDamaged, type Listed } from '../listed.js';
import type { Logger } from '../logger.js';
import { unlessAborted } from '../network/time-limit.js';
import type { Pictures } from '../pictures/index.js';
import { cborCodec, rawCodec, type Store, type Table, type Write } from '../store/index.js';
import { Distribution } from './distribution.js';
import type { Catalog, PublishItem, PublishOptions, StockLine } from './index.js';
import { CARD_LIFETIME, OwnCards } from './own-cards.js';
import { OwnLeases } from './own-leases.js';
import { Placings } from './placings.js';
import { Publishing } from './publishing.js';
import { levelsOf } from './levels.js';
import { adoptedRow, Rows, type Row } from './rows.js';
import { Schedule } from './schedule.js';
import { Stock, type Reservation, type StockChange } from './stock.js';
import { Upkeep } from './upkeep.js';
import { Versions } from './versions.js';

/** The work that an earlier run left undone waits this long: it is no use to bring cards to nobody. */
const JOIN_TIMEOUT = 30_000;

export interface CatalogDeps {
  readonly store: Store;
  readonly identity: Identity;
  /** Brings cards to the nodes that hold them for everybody. */
  readonly outlet: Outlet;
  readonly verify: Verify;
  /** Told which pictures listings name. Default: nobody is. */
  readonly pictures?: Pick<Pictures, 'name'> | undefined;
  /** Whether this device signs for the trader; while it does not, nothing is signed or brought out by itself. Default: it does. */
  readonly mayWrite?: (() => boolean) | undefined;
  readonly now: () => number;
  readonly logger: Logger;
  /** Waits until the node has joined its network, so many milliseconds at most. Default: it has. */
  readonly ready?: ((ms: number, signal: AbortSignal) => Promise<void>) | undefined;
  /** Calls the listener when a node was met, or the network joined; gives back the end of it. Default: never. */
  readonly onPeer?: ((listener: (peer?: string) => void) => () => void) | undefined;
  /** Nodes that could hold cards. Default: always more than before. */
  readonly peers?: (() => number) | undefined;
}

export function createCatalog(deps: CatalogDeps): Catalog {
  return new CatalogService(deps);
}

class CatalogService implements Catalog {
  readonly #deps: CatalogDeps;
  readonly #rows: Rows;
  readonly #cards: OwnCards;
  readonly #stock: Stock;
  readonly #placings: Placings;
  readonly #leases: OwnLeases;
  readonly #distribution: Distribution;
  readonly #upkeep: Upkeep;
  readonly #schedule: Schedule;
  readonly #publishing: Publishing;
  readonly #versions: Versions;
  readonly #blobs: Table<Uint8Array>;
  /** Reading rows, signing, and writing what was signed: one after the other. */
  readonly #lock = createMutex();
  #started: Promise<void> | undefined;
  #stopping = new AbortController();
  /** Background work of each kind, one task after the other. */
  readonly #tasks = { upkeep: createMutex(), stock: createMutex() };
  readonly #background = createBackground((error) => {
    if (!this.#stopping.signal.aborted)
      this.#deps.logger.warn({ error: String(error) }, 'work on own cards failed and is tried again later');
  });

  constructor(deps: CatalogDeps) {
    this.#deps = deps;
    const { store, identity, verify, now, logger, outlet, pictures } = deps;
    const rows = new Rows(store, { network: identity.network, trader: identity.trader });
    const cards = new OwnCards({ store, identity, rows, now });
    const placings = new Placings(store);
    const leases = new OwnLeases({ store, identity, rows, now });
    this.#versions = new Versions(store, identity);
    this.#blobs = store.table('blobs', rawCodec);
    const stock = new Stock(store.table('reservations', cborCodec<Reservation>()), levelsOf(rows));
    const overtake = (slot: string, seq: number): Promise<void> => this.#overtake(slot, seq);
    const distribution = new Distribution({ identity, verify, rows, cards, placings, outlet, overtake, logger });
    const version = (id: CID) => this.version(id);
    const lock = this.#lock;
    this.#rows = rows;
    this.#cards = cards;
    this.#stock = stock;
    this.#placings = placings;
    this.#leases = leases;
    this.#distribution = distribution;
    const keeping = { store, identity, rows, cards, stock, leases, placings, distribution, outlet };
    this.#upkeep = new Upkeep({ ...keeping, lock, version, now, logger });
    this.#schedule = new Schedule({
      resume: async () => (this.#mayWrite ? this.#inBackground('upkeep', (signal) => this.#upkeep.resume(signal)) : 0),
      refresh: async () => {
        // What this device may not sign now is not done for the day: it may a moment later.
        if (!this.#mayWrite) throw new NiagaError('WRITER_OTHER', 'Another device says that the cards stand.');
        await this.#inBackground('upkeep', (signal) => this.#upkeep.refresh(signal));
      },
      isThin: () => this.#isThin(),
      joined: async () => deps.ready?.(JOIN_TIMEOUT, this.#stopping.signal).catch(() => undefined),
      onPeer: deps.onPeer,
      peers: deps.peers,
      now,
    });
    const preparation = { identity, rows, cards, stock, versions: this.#versions, blobs: this.#blobs, pictures, now };
    const lacks = (): void => this.#schedule.lacks();
    const { ready, peers } = deps;
    this.#publishing = new Publishing({ ...preparation, store, distribution, outlet, lock, ready, peers, lacks });
  }

  start(): Promise<void> {
    this.#started ??= this.#start();
    return this.#started;
  }

  async #start(): Promise<void> {
    const stopping = new AbortController();
    this.#stopping = stopping;
    await this.#rows.load();
    await this.#placings.load();
    await this.#leases.load();
    await this.#stock.load();
    if (!stopping.signal.aborted) this.#schedule.start();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#started?.catch(() => undefined);
    this.#started = undefined;
    this.#schedule.stop();
    await this.#background.ended();
    await this.#publishing.ended();
    await this.#lock(() => Promise.resolve());
    await this.#placings.flush();
  }

  /** Begins at the first `next()`: a generator that was made before `start()` belongs to the node that has started by then. */
  async *publish(items: readonly PublishItem[], options: PublishOptions = {}): AsyncGenerator<PublishedView> {
    yield* this.#publishing.publish(items, options, this.#stopping.signal);
  }

  list({ limit, after }: { limit: number; after?: string | undefined }): Promise<Listed<ListingView>> {
    const isActive = (id: string): boolean => this.#rows.get(this.#rows.slotOf(id) ?? '')?.removed === false;
    const ids = this.#rows.ids().filter((id) => (after === undefined || id > after) && isActive(id));
    return listed(ids, limit, (id) => this.show(id));
  }

  count(): number {
    let count = 0;
    for (const [, row] of this.#rows.entries()) if (!row.removed) count++;
    return count;
  }

  lacking(): number {
    let count = 0;
    for (const [slot, row] of this.#rows.entries())
      if (!row.removed && !this.#distribution.of(slot, row).whole) count++;
    return count;
  }

  async show(listing: string): Promise<ListingView | undefined> {
    const slot = this.#rows.slotOf(listing);
    const row = slot === undefined ? undefined : this.#rows.get(slot);
    if (slot === undefined || row === undefined) return undefined;
    const record = await this.#versions.of(listing, CID.parse(row.version));
    const { replicas, quorum } = this.#distribution.of(slot, row);
    return {
      ...listingToView(record, row.removed ? 'removed' : 'active'),
      available: row.removed ? 0 : this.#stock.available(slot),
      ...this.#availableVariants(slot, row),
      replicas,
      quorum,
    };
  }

  #availableVariants(slot: string, { removed, variants = [] }: Row): Pick<ListingView, 'availableVariants'> {
    if (removed || variants.length === 0) return {};
    return { availableVariants: variants.map(({ sku }) => ({ sku, available: this.#stock.available(slot, sku) })) };
  }

  async remove(listing: string): Promise<ListingView> {
    const slot = this.#rows.slotOf(listing);
    if (slot === undefined) {
      throw new NiagaError('LISTING_NOT_FOUND', `None of your own listings has the id ${listing}.`, {
        next: 'See your own with: niaga listing list',
      });
    }
    if (this.#rows.get(slot)?.removed === true) throw removedAlready();
    await this.#lock(() => this.#end(slot, (this.#rows.get(slot)?.cardSeq ?? 0) + 1));
    await unlessAborted(this.#distribution.place(slot).settled, this.#stopping.signal);
    const view = await unlessDamaged(this.show(listing));
    if (view === undefined)
      throw new NiagaError(
        'RECORD_CORRUPT',
        `The listing ${listing} was removed. What it said cannot be read any more.`,
        {
          next: 'See the others with: niaga listing list',
        },
      );
    return view;
  }

  async reload(): Promise<void> {
    if (this.#started === undefined) return;
    await this.stop();
    await this.start();
  }

  async adopt(listing: SignedRecord<Listing>, cardSeq: number): Promise<boolean> {
    const { slot } = listing.payload;
    const adopted = await this.#lock(async () => {
      const before = this.#rows.get(slot);
      if (before !== undefined && before.seq >= listing.payload.seq) return false;
      const row = adoptedRow(listing);
      const seq = Math.max(cardSeq, before?.cardSeq ?? 0) + 1;
      const available = this.#stock.availableOf(slot, row.level, row.variants ?? []);
      const { writes, fields } = this.#cards.make(listing, { before: undefined, seq, available });
      // Together with its card: a listing that is here counts as brought back.
      const batch = this.#rows.batch();
      batch.add(this.#versions.put(listing), ...writes);
      batch.put(slot, { ...row, ...fields });
      await batch.write(this.#deps.store);
      return true;
    });
    if (adopted) await unlessAborted(this.#distribution.place(slot).settled, this.#stopping.signal);
    return adopted;
  }

  version(id: CID): Promise<SignedRecord<Listing> | undefined> {
    return this.#versions.get(id);
  }

  async blob(id: CID): Promise<Uint8Array | undefined> {
    return this.#blobs.get(id.toString());
  }

  changeStock(steps: () => Write[]): StockChange {
    const { writes, undo } = this.#stock.change(steps);
    return {
      writes,
      undo: () => {
        const slots = undo();
        this.#stockChanged(slots);
        return slots;
      },
    };
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

  mustHave(trade: string, lines: readonly StockLine[]): void {
    this.#stock.mustHave(trade, lines);
  }

  sold(trade: string, lines: readonly StockLine[]): Write[] {
    const slots = [...this.#stock.slotsOf(trade), ...lines.map(({ slot }) => slot)];
    const writes = this.#stock.sold(trade, lines);
    this.#stockChanged([...new Set(slots)]);
    return writes;
  }

  /** Signs the end of a slot's card. To be called under the lock. */
  async #end(slot: string, seq: number): Promise<void> {
    const end = await this.#cards.end(slot, seq);
    // Read again: something may have been sold meanwhile.
    const row = this.#rows.get(slot);
    if (row === undefined) return;
    if (row.removed && row.cardSeq >= seq) throw removedAlready();
    const batch = this.#rows.batch();
    // A card that was leased stands as long as one that was signed now would.
    batch.put(slot, { ...row, removed: true, cardSeq: seq, validUntil: this.#deps.now() + CARD_LIFETIME });
    batch.add(...end);
    await batch.write(this.#deps.store);
  }

  /** Signs what stands in a slot anew, with a higher seq. */
  async #overtake(slot: string, seq: number): Promise<void> {
    if (this.#stopping.signal.aborted) return;
    if (this.#rows.get(slot)?.removed === true) await this.#lock(() => this.#end(slot, seq + 1));
    else await this.#upkeep.renew([slot], () => true, seq);
  }

  /** A card tells "in stock, few left, sold out": a delta is signed when that word changes, not with every piece. */
  #stockChanged(slots: readonly string[]): void {
    const changed = slots.filter((slot) => {
      const row = this.#rows.get(slot);
      return row !== undefined && !row.removed && row.availability !== availabilityOf(this.#stock.available(slot));
    });
    if (changed.length > 0 && this.#mayWrite)
      void this.#inBackground('stock', () => this.#upkeep.restock(changed)).catch(() => undefined);
  }

  get #mayWrite(): boolean {
    return this.#deps.mayWrite?.() !== false;
  }

  /** Whether a larger network would hold some card at more nodes. */
  #isThin(): boolean {
    const isThin = (slot: string, row: Row): boolean =>
      !row.removed && this.#distribution.of(slot, row).replicas < COPIES;
    return [...this.#rows.entries()].some(([slot, row]) => isThin(slot, row));
  }

  /**
   * What waits for the network does not keep the catalog from stopping.
   * @throws what the task throws, which is logged
   */
  #inBackground<T>(kind: 'upkeep' | 'stock', task: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const { signal } = this.#stopping;
    const work = this.#tasks[kind](() => {
      signal.throwIfAborted();
      return unlessAborted(task(signal), signal);
    });
    this.#background.add(work);
    return work;
  }
}

function removedAlready(): NiagaError {
  return new NiagaError('LISTING_REMOVED', 'The listing was removed already.');
}
