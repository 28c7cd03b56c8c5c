import { CID } from 'multiformats/cid';
import { z } from 'zod';
import { listingSlotOfCard, type Card, type Listing } from '../../protocol/catalog/card.js';
import { decode, encode } from '../../protocol/cbor.js';
import { NiagaError } from '../../protocol/errors.js';
import { blobId, equalBytes } from '../../protocol/ids.js';
import { openRecord, type SignedRecord, type Verify } from '../../protocol/record.js';
import { cidSchema } from '../../protocol/schema.js';
import type { DelegationBook } from '../identity/index.js';
import { readBody } from '../index/wire.js';
import type { Network } from '../network/index.js';
import { rawCodec, type Store, type Table } from '../store/index.js';
import type { Catalog } from './index.js';

const LISTING_METHOD = 'listing.get';
const BLOB_METHOD = 'blob.get';
/** A text of conditions is a few pages; pictures are not served by this version. */
const MAX_BLOB = 256 * 1024;
/** A person waits for a listing that they opened; a seller that is there answers in milliseconds. */
const FETCH_TIMEOUT = 4_000;

const requestSchema = z.object({ id: cidSchema });
const envelope = z.custom<Uint8Array>((value) => value instanceof Uint8Array);
const listingAnswerSchema = z.object({ listing: envelope, delegation: envelope });

export interface ListingExchangeDeps {
  readonly store: Store;
  readonly network: Network;
  readonly networkName: string;
  readonly catalog: Catalog;
  readonly delegations: DelegationBook;
  /** The own delegation that an own record names. */
  readonly ownDelegation: (id: CID | undefined) => Uint8Array;
  readonly verify: Verify;
}

/** Gives own listings and contract texts to whoever asks for them by id, and fetches those of others. */
export class ListingExchange {
  readonly #deps: ListingExchangeDeps;
  readonly #seen: Table<Uint8Array>;
  readonly #blobs: Table<Uint8Array>;

  constructor(deps: ListingExchangeDeps) {
    this.#deps = deps;
    this.#seen = deps.store.table('seen-listings', rawCodec);
    this.#blobs = deps.store.table('seen-blobs', rawCodec);
  }

  /** Answers other nodes from now on. */
  serve(): void {
    const { network, catalog, ownDelegation } = this.#deps;
    network.handle(LISTING_METHOD, async (body) => {
      const { id } = readBody(requestSchema, body, LISTING_METHOD);
      const listing = await catalog.version(id);
      if (listing === undefined)
        throw new NiagaError('LISTING_NOT_FOUND', 'This node does not have that version of a listing.');
      return encode({ listing: listing.bytes, delegation: ownDelegation(listing.delegation) });
    });
    network.handle(BLOB_METHOD, async (body) => {
      const { id } = readBody(requestSchema, body, BLOB_METHOD);
      const blob = await catalog.blob(id);
      if (blob === undefined || blob.length > MAX_BLOB)
        throw new NiagaError('LISTING_NOT_FOUND', 'This node does not have that text.');
      return encode(blob);
    });
  }

  /** A version of anybody's listing that this node has; undefined where it was never seen. */
  async known(version: CID): Promise<SignedRecord<Listing> | undefined> {
    const own = await this.#deps.catalog.version(version);
    if (own !== undefined) return own;
    const bytes = await this.#seen.get(version.toString());
    return bytes === undefined ? undefined : this.#open(bytes);
  }

  /**
   * The listing that a card sums up, from here or from the peer that is named.
   * @throws NiagaError LISTING_NOT_FOUND, RECORD_ID and RECORD_… where the peer lies or the card names a listing of
   *   somebody else, PEER_UNREACHABLE, TIMED_OUT
   */
  async fetch(card: SignedRecord<Card>, peer: string, signal?: AbortSignal): Promise<SignedRecord<Listing>> {
    const listing = await this.fetchVersion(card.payload.listing, peer, signal);
    const { trader, slot } = listing.payload;
    if (!equalBytes(trader, card.payload.trader) || slot !== listingSlotOfCard(card.payload.slot)) {
      throw new NiagaError('RECORD_ID', 'The card points at a listing that is not its own.');
    }
    return listing;
  }

  /** A version of a listing by its id alone. @throws as {@link ListingExchange.fetch} */
  async fetchVersion(version: CID, peer: string, signal?: AbortSignal): Promise<SignedRecord<Listing>> {
    const known = await this.known(version);
    if (known !== undefined) return known;
    const answer = readBody(
      listingAnswerSchema,
      await this.#ask(peer, LISTING_METHOD, version, signal),
      LISTING_METHOD,
    );
    const learnt = this.#deps.delegations.learn(answer.delegation);
    const listing = this.#open(answer.listing);
    if (!listing.id.equals(version)) {
      throw new NiagaError('RECORD_ID', 'The seller’s node gave another listing than the one asked for.');
    }
    const writes = [this.#seen.put(version.toString(), listing.bytes)];
    if (learnt.write !== undefined) writes.push(learnt.write);
    await this.#deps.store.write(writes);
    return listing;
  }

  /** A contract text by its id; undefined where neither this node nor the peer has it. */
  async text(id: CID, peer: string, signal?: AbortSignal): Promise<string | undefined> {
    const bytes =
      (await this.#deps.catalog.blob(id)) ??
      (await this.#blobs.get(id.toString())) ??
      (await this.#fetchBlob(id, peer, signal));
    return bytes === undefined ? undefined : new TextDecoder().decode(bytes);
  }

  async #fetchBlob(id: CID, peer: string, signal?: AbortSignal): Promise<Uint8Array | undefined> {
    let bytes: unknown;
    try {
      bytes = decode(await this.#ask(peer, BLOB_METHOD, id, signal));
    } catch {
      // The listing can be shown without it; its id says what text is meant.
      return undefined;
    }
    if (!(bytes instanceof Uint8Array) || !blobId(bytes).equals(id)) return undefined;
    await this.#deps.store.write([this.#blobs.put(id.toString(), bytes)]);
    return bytes;
  }

  async #ask(peer: string, method: string, id: CID, signal?: AbortSignal): Promise<Uint8Array> {
    return this.#deps.network.request(peer, method, encode({ id }), {
      timeout: FETCH_TIMEOUT,
      retry: true,
      ...(signal === undefined ? {} : { signal }),
    });
  }

  #open(bytes: Uint8Array): SignedRecord<Listing> {
    const { networkName, delegations, verify } = this.#deps;
    return openRecord(bytes, {
      network: networkName,
      kinds: ['listing'],
      delegation: (id) => delegations.find(id),
      verify,
    });
  }
}
