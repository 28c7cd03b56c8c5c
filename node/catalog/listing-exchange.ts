import { CID } from 'multiformats/cid';
import { listingSlotOfCard, type Card, type Delta, type Listing } from '../../protocol/catalog/card.js';
import { isNiagaError, NiagaError } from '../../protocol/errors.js';
import { deviceToPeerId, equalBytes, slotId } from '../../protocol/ids.js';
import type { Delegation } from '../../protocol/identity/delegation.js';
import { openRecord, type SignedRecord, type Verify } from '../../protocol/record.js';
import { isIndexOf, parseIndex } from '../../protocol/search/index-terms.js';
import type { DelegationBook } from '../identity/index.js';
import { collectListings, isLie } from '../keep/collect.js';
import { firstGood, type Failure } from '../keep/first-good.js';
import { askListings, giveListings, type WantedVersion } from '../keep/listing-requests.js';
import type { KeptListing, Shelf } from '../keep/shelf.js';
import { KEEP_METHOD, LISTING_METHOD, MAX_LISTINGS, MAX_LISTINGS_REQUEST } from '../keep/wire.js';
import { writeBody } from '../network/bodies.js';
import type { Network } from '../network/index.js';
import { rawCodec, type Store, type Table, type Write } from '../store/index.js';
import {
  ASK_NEXT_AFTER,
  ASKED_TOGETHER,
  BlobExchange,
  FETCH_TIMEOUT,
  sourcesOf,
  type FetchOptions,
} from './blob-exchange.js';
import type { Catalog } from './index.js';

/** Of a listing that nobody has asked for, so many of its keepers are asked where its seller has not got it. */
const KEEPERS_ASKED = 3;
/** Batches answered side by side, each of a hundred reads from disk. */
const CONCURRENT_BATCHES = 8;

export interface ListingExchangeDeps {
  readonly store: Store;
  readonly network: Network;
  readonly networkName: string;
  readonly catalog: Pick<Catalog, 'version' | 'blob'>;
  readonly delegations: DelegationBook;
  /** What is kept of others. */
  readonly shelf: Shelf;
  /** The own delegation that an own record names. */
  readonly ownDelegation: (id: CID | undefined) => Uint8Array;
  readonly verify: Verify;
  /** Told of each refusal, for the counters. */
  readonly onRefused: (code: string) => void;
  /** Told of a version of a listing that this node was asked for in vain. Default: nobody is. */
  readonly onMiss?: ((listing: string, version: CID) => void) | undefined;
  /** Told of a card whose `index` is not the one of the listing that it names: both signed, so together they prove it. Default: nobody is. */
  readonly onMismatch?: ((opened: OpenedListing) => void) | undefined;
}

/** What is looked for: the version that a card names, or the delta to it where there is one. */
export interface Sought {
  readonly card: SignedRecord<Card>;
  readonly delta?: SignedRecord<Delta> | undefined;
  /** Milliseconds UTC until which the card stands, by itself or by its seller's lease: for so long the listing is kept. */
  readonly until: number;
}

/** A listing that was opened by its card. */
export interface OpenedListing extends Pick<Sought, 'card' | 'delta'> {
  readonly listing: SignedRecord<Listing>;
  /** Those of these records that are known. */
  readonly delegations: readonly SignedRecord<Delegation>[];
  /** To be kept for others: nobody at this node looked at it. */
  readonly forOthers: boolean;
}

/** What is to be kept for others. */
export interface SoughtForOthers extends Sought {
  /** Peers that may have it. */
  readonly hints: readonly string[];
  /** Somebody asked for it: everybody who may have it is asked, and it takes the place of what nobody asked for. */
  readonly wanted: boolean;
}

export interface CollectedForOthers {
  /** In the order of what was sought; undefined for what could not be had. */
  readonly listings: readonly (SignedRecord<Listing> | undefined)[];
  /** Peers that were asked, and of them those that did not answer. */
  readonly asked: ReadonlySet<string>;
  readonly silent: ReadonlySet<string>;
}

/** A listing that came over the network and holds. */
interface Fetched {
  readonly record: SignedRecord<Listing>;
  readonly delegation: Uint8Array;
}

/** Gives listings, texts of conditions and pictures to whoever asks for them by id, and fetches those of others. */
export class ListingExchange {
  readonly #deps: ListingExchangeDeps;
  /** Versions that trades build on: they stay. */
  readonly #seen: Table<Uint8Array>;
  readonly #blobs: BlobExchange;

  constructor(deps: ListingExchangeDeps) {
    this.#deps = deps;
    this.#blobs = new BlobExchange(deps);
    this.#seen = deps.store.table('seen-listings', rawCodec);
  }

  /** Answers other nodes from now on. */
  serve(): void {
    const { network, onMiss } = this.#deps;
    const find = (id: CID): Promise<KeptListing | undefined> => this.#find(id);
    const missed = ({ id, listing }: WantedVersion): void => {
      if (listing !== undefined) onMiss?.(listing.toString(), id);
    };
    network.handle(LISTING_METHOD, (body) => giveListings(body, find, missed), {
      maxRequest: MAX_LISTINGS_REQUEST,
      maxConcurrent: CONCURRENT_BATCHES,
    });
    this.#blobs.serve();
  }

  /** A version of anybody's listing that this node has; undefined where it has not. */
  async known(version: CID): Promise<SignedRecord<Listing> | undefined> {
    const own = (await this.#deps.catalog.version(version)) ?? (await this.#pinned(version));
    if (own !== undefined) return own;
    const kept = await this.#deps.shelf.version(version.toString());
    return kept === undefined ? undefined : this.#read(kept);
  }

  /**
   * The listing that a card sums up: from here, from the seller, or from whoever keeps it. It is kept here then, for the next
   * reader.
   * @throws NiagaError RECORD_ID, RECORD_… where the card names a listing of somebody else, or everybody who has one lies;
   *   PEER_UNREACHABLE, TIMED_OUT where nobody who is there has it
   */
  async open(sought: Sought, options: FetchOptions = {}): Promise<SignedRecord<Listing>> {
    const { card, delta, until } = sought;
    const listing = (await this.known((delta ?? card).payload.listing)) ?? (await this.#collect(sought, options));
    checkOwn(card, listing);
    // What was here already may have been opened before its seller's lease let it stand for longer.
    this.#deps.shelf.extend(this.#placeOf(card).id.toString(), until);
    await this.#checkIndex(sought, listing, false);
    return listing;
  }

  /**
   * Has the newest versions of many listings kept here for others, in as few messages as there are peers that have them.
   * @param resting peers that are not asked: they did not answer of late
   * @throws the signal's reason when it was aborted
   */
  async collect(
    sought: readonly SoughtForOthers[],
    { resting, signal }: { readonly resting: (peer: string) => boolean; readonly signal?: AbortSignal | undefined },
  ): Promise<CollectedForOthers> {
    const { network, shelf, onRefused } = this.#deps;
    const wanted = sought.map(({ card, delta, hints, wanted: isWanted }) => {
      const { id, seller } = this.#placeOf(card);
      const sources = sourcesOf(id.toString(), seller, this.#deps, hints);
      const some = isWanted ? sources : sources.slice(0, 1 + hints.length + KEEPERS_ASKED);
      return {
        sources: some.filter((peer) => !resting(peer)),
        version: (delta ?? card).payload.listing,
        listing: id,
        read: (given: KeptListing): Fetched => this.#readVersion(given, (delta ?? card).payload.listing, card),
      };
    });
    const { found, asked, silent, lacked, lies } = await collectListings(network, wanted, signal);
    for (const code of lies) onRefused(code);
    const listings: (SignedRecord<Listing> | undefined)[] = [];
    for (const [at, one] of sought.entries()) {
      const fetched = found[at];
      listings.push(fetched?.record);
      if (fetched === undefined) continue;
      await shelf.put(fetched.record, fetched.delegation, new Map(), { until: one.until, used: one.wanted });
      await this.#checkIndex(one, fetched.record, true);
    }
    const sellers = new Set(sought.map(({ card }) => deviceToPeerId(card.payload.device)));
    for (const [peer, versions] of lacked) if (!sellers.has(peer)) this.#tellKeeper(peer, versions);
    return { listings, asked, silent };
  }

  /** The same for a trade, which needs that version for good. @throws as {@link open} */
  async fetch(sought: Sought, signal?: AbortSignal): Promise<SignedRecord<Listing>> {
    const listing = await this.open(sought, { signal });
    await this.#pin(listing);
    return listing;
  }

  /** A version of a listing by its id alone, for a trade with the peer that has it. @throws as {@link open} */
  async fetchVersion(version: CID, peer: string, signal?: AbortSignal): Promise<SignedRecord<Listing>> {
    const known = await this.known(version);
    if (known !== undefined) {
      await this.#pin(known);
      return known;
    }
    const { record, delegation } = await this.#ask(peer, { id: version }, undefined, signal);
    await this.#pin(record, delegation);
    return record;
  }

  /** The texts of a listing's conditions by their names, as far as they are had. */
  texts(listing: SignedRecord<Listing>, options: FetchOptions = {}): Promise<Record<string, string>> {
    return this.#blobs.texts(listing, options);
  }

  /** Has the pictures of a listing kept here, as far as they are had. */
  collectPictures(listing: SignedRecord<Listing>, options: FetchOptions = {}): Promise<void> {
    return this.#blobs.collectPictures(listing, options);
  }

  /**
   * One picture of a listing, for somebody here: kept for others only where `keep` says so.
   * @throws NiagaError PICTURE_NOT_FOUND with who was asked, where nobody who is there has it
   */
  picture(
    id: CID,
    listing: SignedRecord<Listing>,
    options: FetchOptions & { readonly keep: boolean },
  ): Promise<Uint8Array> {
    return this.#blobs.picture(id, listing, options);
  }

  // Giving

  async #find(id: CID): Promise<KeptListing | undefined> {
    const { catalog, ownDelegation, delegations, shelf } = this.#deps;
    const own = await catalog.version(id);
    if (own !== undefined) return { listing: own.bytes, delegation: ownDelegation(own.delegation) };
    const kept = await shelf.version(id.toString());
    if (kept !== undefined) return kept;
    const pinned = await this.#pinned(id);
    const grant = pinned?.delegation === undefined ? undefined : delegations.find(pinned.delegation);
    return pinned === undefined || grant === undefined ? undefined : { listing: pinned.bytes, delegation: grant.bytes };
  }

  // Fetching

  /** Asks the seller and keepers side by side, and keeps what came. */
  async #collect({ card, delta, until }: Sought, options: FetchOptions): Promise<SignedRecord<Listing>> {
    const { shelf } = this.#deps;
    const version = (delta ?? card).payload.listing;
    const { id, seller } = this.#placeOf(card);
    const { good, failures } = await firstGood(
      sourcesOf(id.toString(), seller, this.#deps, options.hints),
      (peer, signal) => this.#ask(peer, { id: version, listing: id }, card, signal),
      { together: ASKED_TOGETHER, hedge: ASK_NEXT_AFTER, signal: options.signal },
    );
    for (const { error } of failures) if (isLie(error)) this.#deps.onRefused(error.code);
    if (good === undefined) throw failureOf(failures, seller);
    const { record, delegation } = good.answer;
    await shelf.put(record, delegation, new Map(), { until, used: options.wanted ?? true });
    for (const { peer, error } of failures)
      if (isNiagaError(error, 'LISTING_NOT_FOUND') && peer !== seller)
        this.#tellKeeper(peer, [{ id: version, listing: id }]);
    return record;
  }

  /** A keeper who was asked in vain learns that these can be had here. */
  #tellKeeper(peer: string, listings: readonly WantedVersion[]): void {
    const { network } = this.#deps;
    for (let start = 0; start < listings.length; start += MAX_LISTINGS) {
      const body = writeBody({ listings: listings.slice(start, start + MAX_LISTINGS) });
      network.request(peer, KEEP_METHOD, body, { timeout: FETCH_TIMEOUT }).catch(() => undefined);
    }
  }

  /** The listing that a card stands for, and the peer that signed it. */
  #placeOf({ payload: { trader, device, slot } }: SignedRecord<Card>): { id: CID; seller: string } {
    const id = slotId(this.#deps.networkName, trader, listingSlotOfCard(slot) ?? slot);
    return { id, seller: deviceToPeerId(device) };
  }

  /** One node's copy of a version, checked: a batch of one. @throws NiagaError for what is not it, or no answer */
  async #ask(
    peer: string,
    wanted: WantedVersion,
    card: SignedRecord<Card> | undefined,
    signal?: AbortSignal,
  ): Promise<Fetched> {
    const came: KeptListing[] = [];
    const take = (_: number, given: KeptListing): void => void came.push(given);
    await askListings(this.#deps.network, peer, [wanted], take, { timeout: FETCH_TIMEOUT, signal });
    const [given] = came;
    if (given === undefined)
      throw new NiagaError('LISTING_NOT_FOUND', 'A node does not have that version of a listing.');
    return this.#readVersion(given, wanted.id, card);
  }

  #readVersion(given: KeptListing, version: CID, card: SignedRecord<Card> | undefined): Fetched {
    const record = this.#read(given);
    if (!record.id.equals(version))
      throw new NiagaError('RECORD_ID', 'A node gave another listing than the one asked for.');
    if (card !== undefined) checkOwn(card, record);
    return { record, delegation: given.delegation };
  }

  // Keeping

  async #pinned(version: CID): Promise<SignedRecord<Listing> | undefined> {
    const bytes = await this.#seen.get(version.toString());
    if (bytes === undefined) return undefined;
    try {
      return this.#open(bytes, (id) => this.#deps.delegations.find(id));
    } catch (error) {
      // It is asked for again, and its delegation comes with it.
      if (isNiagaError(error, 'DELEGATION_MISSING')) return undefined;
      throw error;
    }
  }

  /** Keeps a listing for good. */
  async #pin(listing: SignedRecord<Listing>, delegation?: Uint8Array): Promise<void> {
    const { catalog, delegations, shelf, store } = this.#deps;
    const id = listing.id.toString();
    if ((await this.#pinned(listing.id)) !== undefined || (await catalog.version(listing.id)) !== undefined) return;
    const met = listing.delegation === undefined ? undefined : delegations.met(listing.delegation)?.bytes;
    // The shelf may have had no room for it, or have a newer version.
    const grant = delegation ?? (await shelf.version(id))?.delegation ?? met;
    const writes: Write[] = [this.#seen.put(id, listing.bytes)];
    const learnt = grant === undefined ? undefined : delegations.learn(grant).write;
    if (learnt !== undefined) writes.push(learnt);
    await store.write(writes);
  }

  async #checkIndex({ card, delta }: Sought, listing: SignedRecord<Listing>, forOthers: boolean): Promise<void> {
    const { onMismatch, delegations, shelf } = this.#deps;
    if (onMismatch === undefined || isIndexOf(parseIndex(card.payload.index), listing.payload.item)) return;
    const kept = await shelf.version(listing.id.toString());
    const grants = new Map<string, SignedRecord<Delegation>>();
    for (const { delegation } of [card, delta, listing].filter((record) => record !== undefined)) {
      const grant = delegation === undefined ? undefined : delegations.met(delegation);
      if (grant !== undefined) grants.set(grant.id.toString(), grant);
    }
    const own = kept === undefined ? undefined : delegations.read(kept.delegation);
    if (own !== undefined) grants.set(own.id.toString(), own);
    onMismatch({ card, delta, listing, delegations: [...grants.values()], forOthers });
  }

  #read({ listing, delegation }: KeptListing): SignedRecord<Listing> {
    const grant = this.#deps.delegations.read(delegation);
    return this.#open(listing, (id) => (grant.id.equals(id) ? grant : undefined));
  }

  #open(bytes: Uint8Array, delegation: (id: CID) => ReturnType<DelegationBook['find']>): SignedRecord<Listing> {
    const { networkName, verify } = this.#deps;
    return openRecord(bytes, { network: networkName, kinds: ['listing'], delegation, verify });
  }
}

/** @throws NiagaError RECORD_ID where a card names a listing that is not the one it stands for */
function checkOwn({ payload: card }: SignedRecord<Card>, { payload: listing }: SignedRecord<Listing>): void {
  if (equalBytes(listing.trader, card.trader) && listing.slot === listingSlotOfCard(card.slot)) return;
  throw new NiagaError('RECORD_ID', 'The card points at a listing that is not its own.');
}

/** What to tell of several failures: how the seller failed says most. */
function failureOf(failures: readonly Failure[], seller: string): unknown {
  const told =
    failures.find(({ error }) => isLie(error)) ?? failures.find(({ peer }) => peer === seller) ?? failures[0];
  return told?.error ?? new NiagaError('LISTING_NOT_FOUND', 'Nobody who can be reached has that listing.');
}
