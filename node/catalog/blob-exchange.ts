import { CID } from 'multiformats/cid';
import type { Listing } from '../../protocol/catalog/card.js';
import { decode, encode } from '../../protocol/cbor.js';
import { isNiagaError, NiagaError } from '../../protocol/errors.js';
import { blobId, CODEC_RAW, deviceToPeerId, slotId } from '../../protocol/ids.js';
import type { SignedRecord } from '../../protocol/record.js';
import { readBody, writeBody } from '../network/bodies.js';
import type { Network } from '../network/index.js';
import { isLie } from '../keep/collect.js';
import { firstGood, type Failure } from '../keep/first-good.js';
import { meetingPoint } from '../keep/meeting-point.js';
import type { Shelf } from '../keep/shelf.js';
import { BLOB_METHOD, blobRequestSchema, MAX_BLOB_REQUEST, MAX_PICTURE, MAX_TEXT } from '../keep/wire.js';
import type { Catalog } from './index.js';

/** A person waits for a listing that they opened; a node that is there answers in milliseconds. */
export const FETCH_TIMEOUT = 4_000;
/** The seller and two keepers, so that neither a seller who sleeps nor a keeper who does not answer costs any time. */
export const ASKED_TOGETHER = 3;
export const ASK_NEXT_AFTER = 300;
/** A picture over a slow line, of which only one is fetched at a time: it is a hundred times as large as a text. */
const PICTURE_TIMEOUT = 20_000;
/** Four are known to the schema, and later versions may add some; each may be {@link MAX_TEXT} long. */
const MAX_TEXTS = 8;

export interface FetchOptions {
  readonly signal?: AbortSignal | undefined;
  /** Peers that may have it, beside the seller and the listing's keepers. Default: none. */
  readonly hints?: readonly string[] | undefined;
  /** Somebody wants to see it: else it takes the place of nothing that somebody wanted. Default true. */
  readonly wanted?: boolean | undefined;
}

export interface BlobExchangeDeps {
  readonly network: Network;
  readonly networkName: string;
  readonly catalog: Pick<Catalog, 'blob'>;
  readonly shelf: Shelf;
  readonly onRefused: (code: string) => void;
}

/** Gives texts of conditions and pictures to whoever asks for them by id, and fetches those of others. */
export class BlobExchange {
  readonly #deps: BlobExchangeDeps;

  constructor(deps: BlobExchangeDeps) {
    this.#deps = deps;
  }

  /** Answers other nodes from now on. */
  serve(): void {
    this.#deps.network.handle(BLOB_METHOD, (body) => this.#give(body), { maxRequest: MAX_BLOB_REQUEST });
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

  /**
   * One picture of a listing for somebody here.
   * @throws NiagaError PICTURE_NOT_FOUND with who was asked, where nobody who is there has it
   */
  async picture(
    id: CID,
    listing: SignedRecord<Listing>,
    options: FetchOptions & { readonly keep: boolean },
  ): Promise<Uint8Array> {
    let failures: readonly Failure[] = [];
    const onMissing = (asked: readonly Failure[]): void => void (failures = asked);
    const bytes = await this.#blob(id, listing, MAX_PICTURE, { ...options, onMissing });
    if (bytes !== undefined) return bytes;
    throw new NiagaError('PICTURE_NOT_FOUND', whyMissing(failures, deviceToPeerId(listing.payload.device)));
  }

  async #give(body: Uint8Array): Promise<Uint8Array> {
    const { id } = readBody(blobRequestSchema, body, BLOB_METHOD);
    const blob = (await this.#deps.catalog.blob(id)) ?? (await this.#deps.shelf.blob(id.toString()));
    if (blob === undefined || blob.length > MAX_PICTURE)
      throw new NiagaError('LISTING_NOT_FOUND', 'This node does not have that text or picture.');
    return encode(blob);
  }

  /** One text or picture: from here, or from the same peers as its listing. Kept with it, unless that is not wanted. */
  async #blob(
    id: CID,
    listing: SignedRecord<Listing>,
    most: number,
    {
      signal,
      hints,
      wanted,
      keep = true,
      onMissing,
    }: FetchOptions & { readonly keep?: boolean; readonly onMissing?: (failures: readonly Failure[]) => void },
  ): Promise<Uint8Array | undefined> {
    const { catalog, shelf, network, networkName } = this.#deps;
    const version = listing.id.toString();
    const here = (await catalog.blob(id)) ?? (await shelf.blob(id.toString()));
    if (here !== undefined) {
      if (keep) await shelf.attach(version, new Map([[id.toString(), here]]));
      return here;
    }
    const { trader, device, slot } = listing.payload;
    const sources = sourcesOf(slotId(networkName, trader, slot).toString(), deviceToPeerId(device), this.#deps, hints);
    const { good, failures } = await firstGood(
      sources,
      (peer, asking) => askBlob(network, peer, id, { most, signal: asking }),
      { together: wanted === false || most > MAX_TEXT ? 1 : ASKED_TOGETHER, hedge: ASK_NEXT_AFTER, signal },
    );
    for (const { error } of failures) if (isLie(error)) this.#deps.onRefused(error.code);
    // The listing can be shown without it; its id says what text is meant.
    if (good === undefined) {
      onMissing?.(failures);
      return undefined;
    }
    if (keep) await shelf.attach(version, new Map([[id.toString(), good.answer]]));
    return good.answer;
  }
}

/**
 * One node's copy of a text or picture.
 * @param most bytes that it may have
 * @throws NiagaError RECORD_ID where it is another, LISTING_NOT_FOUND, PEER_UNREACHABLE, …
 */
export async function askBlob(
  network: Network,
  peer: string,
  id: CID,
  { most, signal }: { readonly most: number; readonly signal?: AbortSignal | undefined },
): Promise<Uint8Array> {
  const timeout = most > MAX_TEXT ? PICTURE_TIMEOUT : FETCH_TIMEOUT;
  const options = { timeout, retry: true, maxResponse: most + MAX_BLOB_REQUEST, signal };
  const answer = await network.request(peer, BLOB_METHOD, writeBody({ id }), options);
  const bytes = decode(answer, { maxBytes: most + MAX_BLOB_REQUEST });
  if (!(bytes instanceof Uint8Array) || !blobId(bytes).equals(id))
    throw new NiagaError('RECORD_ID', 'A node gave another text or picture than the one asked for.');
  return bytes;
}

/** Whom to ask for what is of a listing, this node not among them: the seller, who is told of, those who keep the listing for all. */
export function sourcesOf(
  listing: string,
  seller: string,
  deps: { readonly network: Network; readonly networkName: string },
  hints: readonly string[] = [],
): string[] {
  const peers = new Set([seller, ...hints, ...meetingPoint(listing, deps)]);
  peers.delete(deps.network.peerId);
  return [...peers];
}

/** Who was asked in vain, and with what success, in a sentence. */
function whyMissing(failures: readonly Failure[], seller: string): string {
  const own = failures.find(({ peer }) => peer === seller);
  const others = failures.length - (own === undefined ? 0 : 1);
  const asked = `the ${others === 1 ? 'one other node' : `${others} other nodes`} that ${others === 1 ? 'was' : 'were'} asked`;
  if (own === undefined) return others === 0 ? 'No other node could be asked for it.' : `None of ${asked} gave it.`;
  const what = isLie(own.error)
    ? 'gave something else'
    : isNiagaError(own.error, 'LISTING_NOT_FOUND')
      ? 'does not have it'
      : 'did not answer';
  return others === 0 ? `The seller’s node ${what}.` : `The seller’s node ${what}, and none of ${asked} gave it.`;
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
