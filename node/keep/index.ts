/**
 * What this node keeps of others, so that the hit of a seller who sleeps opens: listings with the texts of their conditions. A
 * reader keeps what was opened; the nodes that hold a listing's card under `listing:<id>` are where its keepers are found, and the
 * first of them fetch it before anybody asks.
 *
 * ```ts
 * const shelf = createShelf({ store, networkName: 'main', now: Date.now });
 * await shelf.load();
 * const exchange = new ListingExchange({ ...deps, shelf, onMiss: (listing, version) => keeper.missed(listing, version) });
 * const keeper = createKeeper({ network, networkName: 'main', source: index, shelf, exchange, now: Date.now, logger });
 * await keeper.start();
 * ```
 */
import type { CID } from 'multiformats/cid';
import type { Listing } from '../../protocol/catalog/card.js';
import type { SignedRecord } from '../../protocol/record.js';
import type { ListingExchange } from '../catalog/listing-exchange.js';
import type { Index } from '../index/index.js';
import type { Logger } from '../logger.js';
import type { Network } from '../network/index.js';
import type { Store } from '../store/index.js';
import { KeeperService } from './keeper.js';
import { Shelf } from './shelf.js';

export { Shelf } from './shelf.js';

const second = 1000;
const MiB = 1024 * 1024;

/** Some 20,000 listings of three kilobytes: less than a minute of film, on a disk as in memory nothing to think about. */
const KEEP_BYTES = 64 * MiB;
/** With pictures, of which one takes as much as a hundred listings. */
const KEEP_BYTES_WITH_MEDIA = 512 * MiB;
/** Of what is kept, one seller has this part at most: a flood of long listings displaces the seller's own. */
const SELLER_PART = 1 / 8;
/** Sellers correct what they just published. */
export const PREFETCH_DELAY = 30 * second;
/**
 * While cards are being brought or questions asked there is better to do; but a node that is never idle must fetch listings too, before
 * their sellers go to sleep.
 */
export const PREFETCH_PATIENCE = 2 * 60 * second;
/** Of one seller, whose node is asked gently: a hundred listings in one request, and no more of them within the next minute. */
export const PREFETCH_PER_SECOND = 2;

export interface KeepOptions {
  /** Also pictures of others' listings that somebody asked for. Default false: nobody must keep strangers' pictures. */
  readonly media?: boolean | undefined;
  /** Bytes kept of others. Default {@link KEEP_BYTES}, with media {@link KEEP_BYTES_WITH_MEDIA}. */
  readonly bytes?: number | undefined;
  /** Milliseconds between a card's coming and the fetching of its listing. Default {@link PREFETCH_DELAY}. */
  readonly prefetchDelay?: number | undefined;
  /** Milliseconds that it waits beyond that for a node that is busy. Default {@link PREFETCH_PATIENCE}. */
  readonly prefetchPatience?: number | undefined;
  /** Listings of one seller fetched a second, on average. Default {@link PREFETCH_PER_SECOND}. */
  readonly prefetchPerSecond?: number | undefined;
}

/** The cards held here, as far as a keeper needs them. */
export type CardSource = Pick<Index, 'listings' | 'record' | 'seller' | 'ended' | 'isBusy' | 'onChange'>;

/** Fetches and keeps. */
type Fetching = Pick<ListingExchange, 'collect' | 'texts' | 'collectPictures'>;

export interface KeeperDeps {
  readonly network: Network;
  readonly networkName: string;
  readonly source: CardSource;
  readonly shelf: Shelf;
  readonly exchange: Fetching;
  readonly now: () => number;
  readonly logger: Logger;
  readonly options?: KeepOptions | undefined;
}

export interface Keeper {
  start(): Promise<void>;
  stop(): Promise<void>;
  /** A version of a listing was asked for here in vain: it is fetched, where a card held here names it. */
  missed(listing: string, version: CID): void;
  /** Somebody here has opened a listing. */
  opened(listing: SignedRecord<Listing>): void;
}

export function createShelf(deps: {
  readonly store: Store;
  readonly networkName: string;
  readonly now: () => number;
  readonly options?: KeepOptions | undefined;
}): Shelf {
  const { media = false, bytes = media ? KEEP_BYTES_WITH_MEDIA : KEEP_BYTES } = deps.options ?? {};
  return new Shelf({ ...deps, quota: bytes, sellerQuota: bytes * SELLER_PART });
}

export function createKeeper(deps: KeeperDeps): Keeper {
  return new KeeperService(deps);
}
