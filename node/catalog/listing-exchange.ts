import { CID } from 'multiformats/cid';
import { listingSlotOfCard, type Card, type Delta, type Listing } from '../../protocol/catalog/card.js';
import { decode, encode } from '../../protocol/cbor.js';
import { isNiagaError, NiagaError } from '../../protocol/errors.js';
import { blobId, CODEC_RAW, deviceToPeerId, equalBytes, parseId, slotId } from '../../protocol/ids.js';
import type { Delegation } from '../../protocol/identity/delegation.js';
import { openRecord, type SignedRecord, type Verify } from '../../protocol/record.js';
import { isIndexOf, parseIndex } from '../../protocol/search/index-terms.js';
import type { DelegationBook } from '../identity/index.js';
import { readBody, writeBody } from '../index/wire.js';
import { firstGood, type Failure } from '../keep/first-good.js';
import { meetingPoint } from '../keep/meeting-point.js';
import type { KeptListing, Shelf } from '../keep/shelf.js';
import {
  BLOB_METHOD,
  blobRequestSchema,
  KEEP_METHOD,
  LISTING_METHOD,
  listingAnswerSchema,
  listingRequestSchema,
  MAX_KEEP_REQUEST,
  MAX_LISTING_ANSWER,
  MAX_PICTURE,
  MAX_TEXT,
} from '../keep/wire.js';
import type { Network } from '../network/index.js';
import { rawCodec, type Store, type Table, type Write } from '../store/index.js';
import type { Catalog } from './index.js';

/** A person waits for a listing that they opened; a node that is there answers in milliseconds. */
const FETCH_TIMEOUT = 4_000;
/** The seller and two keepers, so that neither a seller who sleeps nor a keeper who does not answer costs any time. */
const ASKED_TOGETHER = 3;
const ASK_NEXT_AFTER = 300;
/** Four are known to the schema, and later versions may add some; each may be {@link MAX_TEXT} long. */
const MAX_TEXTS = 8;

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
}

/** A listing that was opened by its card. */
export interface OpenedListing extends Sought {
  readonly listing: SignedRecord<Listing>;
  /** Those of these records that are known. */
  readonly delegations: readonly SignedRecord<Delegation>[];
  /** To be kept for others: nobody at this node looked at it. */
  readonly forOthers: boolean;
}

export interface FetchOptions {
  readonly signal?: AbortSignal | undefined;
  /** Peers that may have it, beside the seller and the listing's keepers. Default: none. */
  readonly hints?: readonly string[] | undefined;
  /** Somebody wants to see it: else it takes the place of nothing that somebody wanted. Default true. */
  readonly wanted?: boolean | undefined;
  /** It is fetched to be kept for others: nobody at this node looks at it. Default false. */
  readonly forOthers?: boolean | undefined;
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

  constructor(deps: ListingExchangeDeps) {
    this.#deps = deps;
    this.#seen = deps.store.table('seen-listings', rawCodec);
  }

  /** Answers other nodes from now on. */
  serve(): void {
    const { network } = this.#deps;
    const options = { maxRequest: MAX_KEEP_REQUEST };
    network.handle(LISTING_METHOD, (body) => this.#giveListing(body), options);
    network.handle(BLOB_METHOD, (body) => this.#giveBlob(body), options);
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
    const { card, delta } = sought;
    const listing = (await this.known((delta ?? card).payload.listing)) ?? (await this.#collect(sought, options));
    checkOwn(card, listing);
    await this.#checkIndex(sought, listing, options.forOthers ?? false);
    return listing;
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
    const { record, delegation } = await this.#ask(peer, version, undefined, signal);
    await this.#pin(record, delegation);
    return record;
  }

  /** The texts of a listing's conditions by their names, as far as they are had. */
  async texts(listing: SignedRecord<Listing>, options: FetchOptions = {}): Promise<Record<string, string>> {
    const found = await Promise.all(
      textsOf(listing).map(async ([name, id]) => [name, await this.#blob(id, listing, MAX_TEXT, options)] as const),
    );
    const decoder = new TextDecoder();
    return Object.fromEntries(
      found.flatMap(([name, bytes]) => (bytes === undefined ? [] : [[name, decoder.decode(bytes)]])),
    );
  }

  /** Has the pictures of a listing kept here, as far as they are had. */
  async collectPictures(listing: SignedRecord<Listing>, options: FetchOptions = {}): Promise<void> {
    for (const id of listing.payload.item.image ?? []) {
      if (id.code === CODEC_RAW) await this.#blob(id, listing, MAX_PICTURE, options);
    }
  }

  // Giving

  async #giveListing(body: Uint8Array): Promise<Uint8Array> {
    const { catalog, ownDelegation, delegations, shelf, onMiss } = this.#deps;
    const { id, listing } = readBody(listingRequestSchema, body, LISTING_METHOD);
    const own = await catalog.version(id);
    if (own !== undefined) return encode({ listing: own.bytes, delegation: ownDelegation(own.delegation) });
    const kept = await shelf.version(id.toString());
    if (kept !== undefined) return encode({ ...kept });
    const pinned = await this.#pinned(id);
    const grant = pinned?.delegation === undefined ? undefined : delegations.find(pinned.delegation);
    if (pinned !== undefined && grant !== undefined) return encode({ listing: pinned.bytes, delegation: grant.bytes });
    if (listing !== undefined) onMiss?.(listing.toString(), id);
    throw new NiagaError('LISTING_NOT_FOUND', 'This node does not have that version of a listing.');
  }

  async #giveBlob(body: Uint8Array): Promise<Uint8Array> {
    const { id } = readBody(blobRequestSchema, body, BLOB_METHOD);
    const blob = (await this.#deps.catalog.blob(id)) ?? (await this.#deps.shelf.blob(id.toString()));
    if (blob === undefined || blob.length > MAX_PICTURE)
      throw new NiagaError('LISTING_NOT_FOUND', 'This node does not have that text or picture.');
    return encode(blob);
  }

  // Fetching

  /** Asks the seller and keepers side by side, and keeps what came. */
  async #collect({ card, delta }: Sought, options: FetchOptions): Promise<SignedRecord<Listing>> {
    const { network, shelf, networkName } = this.#deps;
    const { trader, device, slot, validUntil } = card.payload;
    const version = (delta ?? card).payload.listing;
    const id = slotId(networkName, trader, listingSlotOfCard(slot) ?? slot);
    const listing = id.toString();
    const seller = deviceToPeerId(device);
    const sources = this.#sources(listing, seller, options.hints);
    const { good, failures } = await firstGood(
      sources,
      async (peer, signal) => {
        const fetched = await this.#ask(peer, version, listing, signal);
        checkOwn(card, fetched.record);
        return fetched;
      },
      { together: ASKED_TOGETHER, hedge: ASK_NEXT_AFTER, signal: options.signal },
    );
    for (const { error } of failures) if (isLie(error)) this.#deps.onRefused(error.code);
    if (good === undefined) throw failureOf(failures, seller);
    const { record, delegation } = good.answer;
    await shelf.put(record, delegation, new Map(), { until: validUntil, used: options.wanted ?? true });
    // Keepers who were asked in vain learn that it can be had here.
    const body = writeBody({ id: version, listing: id });
    for (const { peer, error } of failures) {
      if (!isNiagaError(error, 'LISTING_NOT_FOUND') || peer === seller) continue;
      network.request(peer, KEEP_METHOD, body, { timeout: FETCH_TIMEOUT }).catch(() => undefined);
    }
    return record;
  }

  /** One text or picture: from here, or from the same peers as its listing. Kept with it. */
  async #blob(
    id: CID,
    listing: SignedRecord<Listing>,
    most: number,
    { signal, hints, wanted }: FetchOptions,
  ): Promise<Uint8Array | undefined> {
    const { catalog, shelf, network, networkName } = this.#deps;
    const version = listing.id.toString();
    const here = (await catalog.blob(id)) ?? (await shelf.blob(id.toString()));
    if (here !== undefined) {
      await shelf.attach(version, new Map([[id.toString(), here]]));
      return here;
    }
    const { trader, device, slot } = listing.payload;
    const sources = this.#sources(slotId(networkName, trader, slot).toString(), deviceToPeerId(device), hints);
    const { good, failures } = await firstGood(
      sources,
      async (peer, asking) => {
        const options = { timeout: FETCH_TIMEOUT, retry: true, maxResponse: most + MAX_KEEP_REQUEST, signal: asking };
        const bytes = decode(await network.request(peer, BLOB_METHOD, writeBody({ id }), options), {
          maxBytes: most + MAX_KEEP_REQUEST,
        });
        if (!(bytes instanceof Uint8Array) || !blobId(bytes).equals(id))
          throw new NiagaError('RECORD_ID', 'A node gave another text than the one asked for.');
        return bytes;
      },
      { together: wanted === false ? 1 : ASKED_TOGETHER, hedge: ASK_NEXT_AFTER, signal },
    );
    for (const { error } of failures) if (isLie(error)) this.#deps.onRefused(error.code);
    // The listing can be shown without it; its id says what text is meant.
    if (good === undefined) return undefined;
    await shelf.attach(version, new Map([[id.toString(), good.answer]]));
    return good.answer;
  }

  /** Whom to ask, this node not among them: who is told of, the seller, those who keep the listing for all. */
  #sources(listing: string, seller: string, hints: readonly string[] = []): string[] {
    const peers = new Set([seller, ...hints, ...meetingPoint(listing, this.#deps)]);
    peers.delete(this.#deps.network.peerId);
    return [...peers];
  }

  /** One node's copy of a version, checked. @throws NiagaError for what is not it, or no answer */
  async #ask(peer: string, version: CID, listing: string | undefined, signal?: AbortSignal): Promise<Fetched> {
    const { network } = this.#deps;
    const body = writeBody({ id: version, ...(listing === undefined ? {} : { listing: parseId(listing) }) });
    const answer = await network.request(peer, LISTING_METHOD, body, {
      timeout: FETCH_TIMEOUT,
      retry: true,
      maxResponse: MAX_LISTING_ANSWER,
      ...(signal === undefined ? {} : { signal }),
    });
    const kept = readBody(listingAnswerSchema, answer, LISTING_METHOD);
    const record = this.#read(kept);
    if (!record.id.equals(version))
      throw new NiagaError('RECORD_ID', 'A node gave another listing than the one asked for.');
    return { record, delegation: kept.delegation };
  }

  // Keeping

  async #pinned(version: CID): Promise<SignedRecord<Listing> | undefined> {
    const bytes = await this.#seen.get(version.toString());
    return bytes === undefined ? undefined : this.#open(bytes, (id) => this.#deps.delegations.find(id));
  }

  /** Keeps a listing for good. */
  async #pin(listing: SignedRecord<Listing>, delegation?: Uint8Array): Promise<void> {
    const { catalog, delegations, shelf, store } = this.#deps;
    const id = listing.id.toString();
    if ((await this.#seen.has(id)) || (await catalog.version(listing.id)) !== undefined) return;
    const grant = delegation ?? (await shelf.version(id))?.delegation;
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

/** Names and ids of the texts that a listing binds; loose fields may hold anything. */
function textsOf({ payload }: SignedRecord<Listing>): [string, CID][] {
  return Object.entries(payload.item.conditions ?? {})
    .flatMap(([name, value]): [string, CID][] => {
      const id = CID.asCID(value);
      return id?.code === CODEC_RAW ? [[name, id]] : [];
    })
    .slice(0, MAX_TEXTS);
}

/** @throws NiagaError RECORD_ID where a card names a listing that is not the one it stands for */
function checkOwn({ payload: card }: SignedRecord<Card>, { payload: listing }: SignedRecord<Listing>): void {
  if (equalBytes(listing.trader, card.trader) && listing.slot === listingSlotOfCard(card.slot)) return;
  throw new NiagaError('RECORD_ID', 'The card points at a listing that is not its own.');
}

/** Whether a peer gave what does not hold, and not only nothing. */
function isLie(error: unknown): error is NiagaError {
  if (!isNiagaError(error) || error.details?.['remote'] === true) return false;
  return error.code.startsWith('RECORD_') || error.code.startsWith('DELEGATION_') || error.code === 'PEER_PROTOCOL';
}

/** What to tell of several failures: how the seller failed says most. */
function failureOf(failures: readonly Failure[], seller: string): unknown {
  const told =
    failures.find(({ error }) => isLie(error)) ?? failures.find(({ peer }) => peer === seller) ?? failures[0];
  return told?.error ?? new NiagaError('LISTING_NOT_FOUND', 'Nobody who can be reached has that listing.');
}
