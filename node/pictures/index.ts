/**
 * Pictures of listings: own ones, cleaned and kept for whoever asks for a listing that names them, and those of others, fetched only
 * when somebody here wants to see them.
 *
 * ```ts
 * const pictures = createPictures({ store, now: Date.now });
 * await pictures.start();
 * const { picture } = await pictures.add(await readFile('kopi.jpg'));
 * for await (const line of catalog.publish([{ line: 1, value: { sku: 'kopi-1', title: 'Kopi', image: [picture] } }])) …
 * ```
 */
import type { CID } from 'multiformats/cid';
import type { Store, Write } from '../store/index.js';
import type { PictureType } from './formats/format.js';
import { OwnPictures } from './own-pictures.js';

export { ListingPictures } from './listing-pictures.js';

const GiB = 1024 * 1024 * 1024;

/** Some 20,000 pictures as the page makes them. */
const MAX_BYTES = 4 * GiB;

export interface PicturesDeps {
  readonly store: Store;
  readonly now: () => number;
  /** Bytes of all own pictures. Default {@link MAX_BYTES}. */
  readonly maxBytes?: number | undefined;
}

export interface AddedPicture {
  /** Its id, for the listing. */
  readonly picture: string;
  readonly type: PictureType;
  /** Bytes. */
  readonly size: number;
  readonly width: number;
  readonly height: number;
  /** Bytes that were taken out: metadata, and what was no part of the picture. */
  readonly removed: number;
}

/** Own pictures. One that no listing has named a day after it came goes again. */
export interface Pictures {
  start(): Promise<void>;
  stop(): Promise<void>;
  /**
   * Cleans and keeps a picture. What is here already is not kept twice.
   * @throws NiagaError PICTURE_INVALID, INPUT_TOO_LARGE, PICTURE_LIMIT
   */
  add(bytes: Uint8Array): Promise<AddedPicture>;
  get(id: CID): Promise<Uint8Array | undefined>;
  /** For others: only one that a listing names. */
  named(id: CID): Promise<Uint8Array | undefined>;
  /**
   * Has those that the catalogue of another device names, whose rows were copied from there.
   * @param fetch from that device; what it throws leaves that picture out
   */
  fill(fetch: (id: CID) => Promise<Uint8Array>): Promise<void>;
  /** An own listing names these. The writes belong into its batch; `missing` are not here. */
  name(ids: readonly CID[]): { readonly writes: Write[]; readonly missing: readonly CID[] };
}

export function createPictures(deps: PicturesDeps): Pictures {
  const { store, now, maxBytes = MAX_BYTES } = deps;
  return new OwnPictures({ store, now, maxBytes });
}
