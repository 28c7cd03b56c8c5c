import { CID } from 'multiformats/cid';
import type { Listing } from '../../protocol/catalog/card.js';
import { isNiagaError, NiagaError } from '../../protocol/errors.js';
import { CODEC_RAW, parseId } from '../../protocol/ids.js';
import { LISTING_LIMITS } from '../../protocol/listing/item.js';
import type { SignedRecord } from '../../protocol/record.js';
import type { PictureView } from '../api/rows/picture.js';
import type { ListingExchange } from '../catalog/listing-exchange.js';
import type { Catalog } from '../catalog/index.js';
import type { Shelf } from '../keep/index.js';
import type { Search } from '../search/index.js';
import { cleanPicture } from './clean.js';
import type { CleanPicture } from './formats/format.js';
import type { Pictures } from './index.js';
import { SeenPictures } from './seen-pictures.js';

/** Fetched side by side, so that one that nobody has keeps no other waiting. */
const TOGETHER = 4;

const NOT_FETCHED = 'It is not on this node, and nobody has asked others for it (--fetch).';
const NO_PICTURE = 'It is no JPEG, PNG or WebP picture that can be shown.';

export interface ListingPicturesDeps {
  readonly pictures: Pick<Pictures, 'get'>;
  readonly catalog: Pick<Catalog, 'show' | 'version' | 'blob'>;
  readonly exchange: Pick<ListingExchange, 'known' | 'open' | 'picture'>;
  readonly search: Pick<Search, 'find'>;
  readonly shelf: Pick<Shelf, 'versionOf' | 'blob'>;
  /** The owner wants pictures of others fetched, and kept for others. */
  readonly keepMedia?: boolean | undefined;
}

/** What is to be shown, or to be saved. */
export interface Media {
  /** Of a picture: without what does not draw it, whoever published it. */
  readonly bytes: Uint8Array;
  /** Undefined for what is no picture: nothing that a browser may show. */
  readonly type: CleanPicture['type'] | undefined;
}

/** The pictures of anybody's listings, as people see them here. Those of strangers are fetched when they are asked for, and not before. */
export class ListingPictures {
  readonly #deps: ListingPicturesDeps;
  readonly #seen = new SeenPictures();

  constructor(deps: ListingPicturesDeps) {
    this.#deps = deps;
  }

  /**
   * The pictures of a listing in its order, each as soon as it is known.
   * @param fetch whether those that are not here are fetched from the seller or a keeper
   * @throws NiagaError ID_INVALID, LISTING_NOT_FOUND, PEER_UNREACHABLE, … as to open the listing; the signal's reason
   */
  async *list(text: string, { fetch, signal }: { fetch: boolean; signal: AbortSignal }): AsyncGenerator<PictureView> {
    const listing = await this.#listing(text, signal);
    const ids = (listing.payload.item.image ?? []).filter(({ code }) => code === CODEC_RAW);
    const asked: Promise<PictureView>[] = [];
    for (const [at, id] of ids.slice(0, LISTING_LIMITS.images).entries()) {
      const one = this.#view(id, listing, { at, fetch: fetch || this.#deps.keepMedia === true, signal });
      // Whoever comes to it finds out.
      one.catch(() => undefined);
      asked.push(one);
      const first = asked.length < TOGETHER ? undefined : asked.shift();
      if (first !== undefined) yield await first;
    }
    for (const one of asked) yield await one;
  }

  /** A picture, or a text, that is here. Undefined where it is not: nobody is asked for it. */
  async find(id: CID): Promise<Media | undefined> {
    const bytes = await this.#here(id);
    if (bytes === undefined) return undefined;
    const clean = cleanOrNot(bytes);
    return { bytes: clean?.bytes ?? bytes, type: clean?.type };
  }

  async #listing(text: string, signal: AbortSignal): Promise<SignedRecord<Listing>> {
    const { catalog, exchange, search, shelf } = this.#deps;
    const id = parseId(text, 'listing').toString();
    const version = (await catalog.show(id))?.version ?? shelf.versionOf(id);
    const known = version === undefined ? undefined : await exchange.known(CID.parse(version));
    if (known !== undefined) return known;
    const found = await search.find(id, { signal });
    if (found === undefined)
      throw new NiagaError('LISTING_NOT_FOUND', 'No reachable node knows that listing.', {
        next: 'Search with: niaga search WORDS',
      });
    return exchange.open(found, { signal });
  }

  async #here(id: CID): Promise<Uint8Array | undefined> {
    const { pictures, catalog, shelf } = this.#deps;
    const text = id.toString();
    return (await pictures.get(id)) ?? (await catalog.blob(id)) ?? (await shelf.blob(text)) ?? this.#seen.get(text);
  }

  async #view(
    id: CID,
    listing: SignedRecord<Listing>,
    { at, fetch, signal }: { at: number; fetch: boolean; signal: AbortSignal },
  ): Promise<PictureView> {
    const found = (await this.#here(id)) ?? (fetch ? await this.#fetched(id, listing, signal) : NOT_FETCHED);
    const view = { picture: id.toString(), place: at + 1 };
    if (typeof found === 'string') return { ...view, here: false, why: found };
    const clean = cleanOrNot(found);
    if (clean === undefined) return { ...view, here: true, why: NO_PICTURE };
    return {
      ...view,
      here: true,
      type: clean.type,
      size: clean.bytes.length,
      width: clean.width,
      height: clean.height,
    };
  }

  /** Of what nobody gave, the reason. @throws the signal's reason */
  async #fetched(id: CID, listing: SignedRecord<Listing>, signal: AbortSignal): Promise<Uint8Array | string> {
    signal.throwIfAborted();
    const { exchange, keepMedia } = this.#deps;
    try {
      const bytes = await exchange.picture(id, listing, { signal, keep: keepMedia === true });
      this.#seen.add(id.toString(), bytes);
      return bytes;
    } catch (error) {
      if (isNiagaError(error, 'PICTURE_NOT_FOUND')) return error.message;
      throw error;
    }
  }
}

/** Undefined for what is no picture: a stranger may name any bytes. */
function cleanOrNot(bytes: Uint8Array): CleanPicture | undefined {
  try {
    return cleanPicture(bytes);
  } catch (error) {
    if (isNiagaError(error, 'PICTURE_INVALID')) return undefined;
    throw error;
  }
}
