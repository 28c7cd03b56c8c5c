/**
 * This trader's own listings: their versions, stock and reservations, and the cards that stand for them in the index.
 *
 * ```ts
 * const catalog = createCatalog({ store, identity, verify, now: Date.now, logger, outlet: index.outlet });
 * await catalog.start();
 * for await (const line of catalog.publish([{ line: 1, value: { sku: 'kopi-1', title: 'Kopi Gayo', price: '85000 IDR' } }])) {
 *   console.log(line.status, line.listing);
 * }
 * ```
 */
import type { CID } from 'multiformats/cid';
import type { Listing } from '../../protocol/catalog/card.js';
import type { SignedRecord } from '../../protocol/record.js';
import type { ListingView, PublishedView } from '../api/views.js';
import type { Listed } from '../listed.js';
import type { Write } from '../store/index.js';
import type { StockChange } from './stock.js';

export { createCatalog } from './catalog.js';
export type { CatalogDeps } from './catalog.js';

export interface PublishItem {
  /** Where it came from, for the answer: a line of a file or a place in a list, counted from 1. */
  readonly line: number;
  readonly value: unknown;
}

export interface PublishOptions {
  /** Refuse listings with fields that Niaga does not know. */
  readonly strict?: boolean;
  /** What is stated is there now, also where the same was stated before and some of it was sold. */
  readonly restock?: boolean;
  readonly signal?: AbortSignal;
}

/** Some of one listing, or of one of its variants: `slot` as in the listing's record, `variant` its sku. */
export interface StockLine {
  readonly slot: string;
  readonly variant?: string;
  readonly quantity: number;
}

export interface Catalog {
  start(): Promise<void>;
  stop(): Promise<void>;
  /**
   * Signs, stores and publishes; one answer an item, in order, as soon as its card has its quorum of copies or cannot have it now; the
   * rest goes on in the background. What was answered is on disk. An invalid item is answered, never thrown.
   * @throws the signal's reason; NiagaError STORE_…: what was not answered may be published all the same
   */
  publish(items: readonly PublishItem[], options?: PublishOptions): AsyncIterable<PublishedView>;
  /** Own listings, in the order of their ids; what the disk has damaged is named beside the others. */
  list(page: { limit: number; after?: string | undefined }): Promise<Listed<ListingView>>;
  /** How many are active. */
  count(): number;
  /** How many active ones are not yet held by all nodes that should hold them. */
  lacking(): number;
  /** The own listing with this id, removed ones too. */
  show(listing: string): Promise<ListingView | undefined>;
  /** @throws NiagaError LISTING_NOT_FOUND, LISTING_REMOVED */
  remove(listing: string): Promise<ListingView>;
  /** Reads everything from disk again, where another device's catalogue was copied. */
  reload(): Promise<void>;
  /**
   * Takes up an own listing that this disk does not have, as the network has it, and signs its card anew. Stock is what the seller
   * stated last: what was sold since is not known.
   * @param cardSeq of the newest card or delta that is known of it
   * @returns false where a version as new is here already
   */
  adopt(listing: SignedRecord<Listing>, cardSeq: number): Promise<boolean>;
  /** A version of an own listing. */
  version(id: CID): Promise<SignedRecord<Listing> | undefined>;
  /** A text of conditions that an own listing names, by its id. */
  blob(id: CID): Promise<Uint8Array | undefined>;
  /**
   * Steps of the three kinds below, all or none.
   * @throws what `steps` throws; nothing of it stays then
   */
  changeStock(steps: () => Write[]): StockChange;
  /**
   * Sets stock aside for a trade; the writes belong into the batch that makes the promise. Asked again for the same
   * trade, the new lines take the place of the old ones.
   * @throws NiagaError STOCK_SHORT, LISTING_REMOVED
   */
  reserve(trade: string, lines: readonly StockLine[]): Write[];
  /** Gives back what was set aside. */
  release(trade: string): Write[];
  /**
   * That there are pieces for a trade: those that are set aside for it, and those that are set aside for nobody.
   * @throws NiagaError STOCK_SHORT
   */
  mustHave(trade: string, lines: readonly StockLine[]): void;
  /**
   * What was set aside has left the house; once a trade. `lines` is what the trade says was sold: it counts where nothing
   * was set aside, as for a contract that stood before there was stock for it.
   */
  sold(trade: string, lines: readonly StockLine[]): Write[];
}
