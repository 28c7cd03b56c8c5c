import { CID } from 'multiformats/cid';
import type { Listing } from '../../protocol/catalog/card.js';
import { slotId } from '../../protocol/ids.js';
import { compareVersions, type SignedRecord } from '../../protocol/record.js';
import { hex } from '../bytes.js';
import { cborCodec, rawCodec, type Store, type Table, type Write } from '../store/index.js';

/** How often it is written down which listings were used when; a crash forgets that much of the order and nothing else. */
export const NOTE_USES_EVERY = 10 * 60 * 1000;
/** In memory and around the bytes on disk, about, for each thing that is kept. */
const ROW_OVERHEAD = 400;

interface ListingRow {
  readonly version: string;
  /** Of the listing's record, for the order of versions. */
  readonly seq: number;
  readonly device: Uint8Array;
  /** The seller's key. */
  readonly trader: Uint8Array;
  readonly listing: Uint8Array;
  readonly delegation: Uint8Array;
  /** Ids of the texts and pictures that came with it. */
  readonly blobs: readonly string[];
  /** Milliseconds UTC until which its card stands, as far as is known. */
  readonly until: number;
}

/** What is kept in memory of a listing. */
interface Kept {
  readonly id: CID;
  readonly version: string;
  readonly payload: { readonly seq: number; readonly device: Uint8Array };
  readonly seller: string;
  readonly bytes: number;
  readonly blobs: ReadonlySet<string>;
  until: number;
  /** Milliseconds UTC; 0 for one that nobody has asked for yet. */
  used: number;
}

export interface ShelfDeps {
  readonly store: Store;
  readonly networkName: string;
  /** Bytes of everything together. */
  readonly quota: number;
  /** Bytes of one seller. */
  readonly sellerQuota: number;
  readonly now: () => number;
}

/** A listing as it is handed out: two envelopes. */
export interface KeptListing {
  readonly listing: Uint8Array;
  readonly delegation: Uint8Array;
}

export interface PutOptions {
  /** Milliseconds UTC until which the listing's card stands. */
  readonly until: number;
  /** Somebody asked for it; else it is fetched on suspicion, and takes the place of nothing that was asked for. */
  readonly used: boolean;
}

/**
 * Listings of others, verified, with the texts and pictures that belong to them: one version of each listing, the newest, and
 * within a quota. What was not used for the longest time goes first, and before it what never was.
 */
export class Shelf {
  readonly #deps: ShelfDeps;
  readonly #rows: Table<ListingRow>;
  readonly #blobRows: Table<Uint8Array>;
  readonly #uses: Table<number>;
  /** By listing's id, those used longest ago first. */
  readonly #kept = new Map<string, Kept>();
  readonly #byVersion = new Map<string, string>();
  /** By blob's id its size and the listings that it belongs to. */
  readonly #blobs = new Map<string, { readonly bytes: number; readonly seller: string; readonly of: Set<string> }>();
  readonly #bySeller = new Map<string, number>();
  readonly #usedSince = new Set<string>();
  #bytes = 0;

  constructor(deps: ShelfDeps) {
    this.#deps = deps;
    this.#rows = deps.store.table('kept-listings', cborCodec<ListingRow>());
    this.#blobRows = deps.store.table('kept-blobs', rawCodec);
    this.#uses = deps.store.table('kept-uses', cborCodec<number>());
  }

  /** Bytes of all that is kept. */
  get bytes(): number {
    return this.#bytes;
  }

  get size(): number {
    return this.#kept.size;
  }

  async load(): Promise<void> {
    const uses = new Map<string, number>();
    for await (const [listing, used] of this.#uses.range()) uses.set(listing, used);
    const sizes = new Map<string, number>();
    for await (const [id, bytes] of this.#blobRows.range()) sizes.set(id, bytes.length);
    const found: [string, Kept][] = [];
    for await (const [listing, row] of this.#rows.range()) found.push([listing, keptOf(row, uses.get(listing) ?? 0)]);
    found.sort(([, a], [, b]) => a.used - b.used);
    for (const [listing, kept] of found) {
      // A blob that was lost is fetched again when it is asked for.
      this.#add(listing, { ...kept, blobs: new Set([...kept.blobs].filter((id) => sizes.has(id))) }, sizes);
    }
    const writes = [...uses.keys()].filter((listing) => !this.#kept.has(listing)).map((one) => this.#uses.del(one));
    for (const id of sizes.keys()) if (!this.#blobs.has(id)) writes.push(this.#blobRows.del(id));
    // The quota may have been larger.
    writes.push(...this.#makeRoom({ seller: '', bytes: 0, blobs: new Map(), used: true }).writes);
    await this.#deps.store.write(writes);
  }

  /** The version that is kept of a listing. */
  versionOf(listing: string): string | undefined {
    return this.#kept.get(listing)?.version;
  }

  /** A kept version by its id; to be asked for counts as use. */
  async version(id: string): Promise<KeptListing | undefined> {
    const listing = this.#byVersion.get(id);
    const row = listing === undefined ? undefined : await this.#rows.get(listing);
    if (listing === undefined || row?.version !== id) return undefined;
    this.#use(listing);
    return { listing: row.listing, delegation: row.delegation };
  }

  async blob(id: string): Promise<Uint8Array | undefined> {
    const known = this.#blobs.get(id);
    if (known === undefined) return undefined;
    for (const listing of known.of) this.#use(listing);
    return this.#blobRows.get(id);
  }

  has(blob: string): boolean {
    return this.#blobs.has(blob);
  }

  /**
   * Keeps a verified listing, in place of an older version of it.
   * @returns false where a newer one is kept, or there is no room
   */
  async put(
    record: SignedRecord<Listing>,
    delegation: Uint8Array,
    blobs: ReadonlyMap<string, Uint8Array>,
    { until, used }: PutOptions,
  ): Promise<boolean> {
    const { trader, device, seq, slot } = record.payload;
    const version = record.id.toString();
    const listing = slotId(this.#deps.networkName, trader, slot).toString();
    const before = this.#kept.get(listing);
    if (before?.version === version) {
      this.extend(listing, until);
      if (used) this.#use(listing);
      return this.attach(version, blobs);
    }
    if (before !== undefined && compareVersions(before, record) > 0) return false;
    const row = { version, seq, device, trader, listing: record.bytes, delegation, blobs: [...blobs.keys()], until };
    const kept = keptOf(row, used ? this.#deps.now() : (before?.used ?? 0));
    const { hasRoom, writes } = this.#makeRoom({
      seller: kept.seller,
      bytes: kept.bytes,
      blobs,
      used,
      instead: listing,
    });
    if (!hasRoom) return this.#write(writes, false);
    const fresh = [...blobs].filter(([id]) => !this.#blobs.has(id));
    this.#add(listing, kept, sizesOf(blobs));
    writes.push(this.#rows.put(listing, row), ...fresh.map(([id, bytes]) => this.#blobRows.put(id, bytes)));
    if (kept.used > 0) writes.push(this.#uses.put(listing, kept.used));
    return this.#write(writes, true);
  }

  /** Keeps texts or pictures with the version of a listing that they belong to. @returns false where that is not kept, or there is no room */
  async attach(version: string, blobs: ReadonlyMap<string, Uint8Array>): Promise<boolean> {
    const listing = this.#byVersion.get(version);
    const row = listing === undefined ? undefined : await this.#rows.get(listing);
    const kept = listing === undefined ? undefined : this.#kept.get(listing);
    // Memory has a new version before the disk has: the row read may still be that of the one before.
    if (listing === undefined || row?.version !== version || kept?.version !== version) return false;
    const more = new Map([...blobs].filter(([id]) => !kept.blobs.has(id)));
    if (more.size === 0) return true;
    const used = kept.used > 0;
    const { hasRoom, writes } = this.#makeRoom({ seller: kept.seller, bytes: 0, blobs: more, used, except: listing });
    if (!hasRoom) return this.#write(writes, false);
    for (const [id, bytes] of more) if (!this.#blobs.has(id)) writes.push(this.#blobRows.put(id, bytes));
    const whole = { ...kept, blobs: new Set([...kept.blobs, ...more.keys()]) };
    this.#kept.set(listing, whole);
    this.#addBlobs(listing, whole, sizesOf(more));
    writes.push(this.#rows.put(listing, { ...row, until: whole.until, blobs: [...whole.blobs] }));
    return this.#write(writes, true);
  }

  /** The listing's card stands until then. */
  extend(listing: string, until: number): void {
    const kept = this.#kept.get(listing);
    if (kept !== undefined) kept.until = Math.max(kept.until, until);
  }

  /** Forgets listings. */
  async drop(listings: Iterable<string>): Promise<void> {
    const writes = [...listings].flatMap((listing) => this.#remove(listing));
    if (writes.length > 0) await this.#deps.store.write(writes, { sync: false });
  }

  /** Those whose cards are over. */
  over(): string[] {
    const now = this.#deps.now();
    return [...this.#kept].filter(([, { until }]) => until <= now).map(([listing]) => listing);
  }

  /** Writes down what was used since the last time. */
  async noteUses(): Promise<void> {
    const writes = [...this.#usedSince].flatMap((listing) => {
      const kept = this.#kept.get(listing);
      return kept === undefined ? [] : [this.#uses.put(listing, kept.used)];
    });
    this.#usedSince.clear();
    if (writes.length > 0) await this.#deps.store.write(writes, { sync: false });
  }

  #use(listing: string): void {
    const kept = this.#kept.get(listing);
    if (kept === undefined) return;
    kept.used = this.#deps.now();
    this.#kept.delete(listing);
    this.#kept.set(listing, kept);
    this.#usedSince.add(listing);
  }

  #add(listing: string, kept: Kept, sizes: ReadonlyMap<string, number>): void {
    this.#kept.set(listing, kept);
    this.#byVersion.set(kept.version, listing);
    this.#count(kept.seller, kept.bytes);
    this.#addBlobs(listing, kept, sizes);
  }

  #addBlobs(listing: string, { blobs, seller }: Kept, sizes: ReadonlyMap<string, number>): void {
    for (const id of blobs) {
      const known = this.#blobs.get(id);
      known?.of.add(listing);
      if (known !== undefined) continue;
      // A text that many listings share counts once, for the seller who came first.
      const blob = { bytes: (sizes.get(id) ?? 0) + ROW_OVERHEAD, seller, of: new Set([listing]) };
      this.#blobs.set(id, blob);
      this.#count(seller, blob.bytes);
    }
  }

  #remove(listing: string): Write[] {
    const kept = this.#kept.get(listing);
    if (kept === undefined) return [];
    this.#kept.delete(listing);
    this.#byVersion.delete(kept.version);
    this.#usedSince.delete(listing);
    this.#count(kept.seller, -kept.bytes);
    const writes = [this.#rows.del(listing), this.#uses.del(listing)];
    for (const id of kept.blobs) {
      const blob = this.#blobs.get(id);
      blob?.of.delete(listing);
      if (blob === undefined || blob.of.size > 0) continue;
      this.#blobs.delete(id);
      this.#count(blob.seller, -blob.bytes);
      writes.push(this.#blobRows.del(id));
    }
    return writes;
  }

  /**
   * Takes out until there is room for what comes: the older version of it, then what was never asked for, and, for what was, what
   * was so longest ago.
   * @returns whether there is room now, and the writes for what was taken out
   */
  #makeRoom(wanted: Wanted): { readonly hasRoom: boolean; readonly writes: Write[] } {
    const { quota, sellerQuota } = this.#deps;
    const { seller, blobs, used, instead, except } = wanted;
    const cost = (): number => {
      let sum = wanted.bytes;
      for (const [id, { length }] of blobs) if (!this.#blobs.has(id)) sum += length + ROW_OVERHEAD;
      return sum;
    };
    const isOver = (): boolean => this.#bytes + cost() > quota;
    const isSellerOver = (): boolean => (this.#bySeller.get(seller) ?? 0) + cost() > sellerQuota;
    if (!this.#canFit(wanted, cost())) return { hasRoom: false, writes: [] };
    const writes = instead === undefined ? [] : this.#remove(instead);
    for (const others of used ? ['unused', 'all'] : ['unused']) {
      for (const [listing, one] of this.#kept) {
        const over = isOver();
        if (!over && !isSellerOver()) return { hasRoom: true, writes };
        if (listing === except || (others === 'unused' && one.used > 0)) continue;
        // A flood of one seller displaces what is of that seller.
        if (over || one.seller === seller) writes.push(...this.#remove(listing));
      }
    }
    return { hasRoom: !isOver() && !isSellerOver(), writes };
  }

  /** Whether there can be room at all, before anything is taken out for it. */
  #canFit({ seller, used, instead }: Wanted, cost: number): boolean {
    const { quota, sellerQuota } = this.#deps;
    let fixed = 0;
    let ofSeller = 0;
    if (!used) {
      for (const [listing, one] of this.#kept) {
        if (one.used === 0 || listing === instead) continue;
        fixed += one.bytes;
        if (one.seller === seller) ofSeller += one.bytes;
      }
    }
    return fixed + cost <= quota && ofSeller + cost <= sellerQuota;
  }

  /** What is lost of it in a crash is fetched again. */
  async #write(writes: readonly Write[], result: boolean): Promise<boolean> {
    if (writes.length > 0) await this.#deps.store.write(writes, { sync: false });
    return result;
  }

  #count(seller: string, change: number): void {
    this.#bytes += change;
    const bytes = (this.#bySeller.get(seller) ?? 0) + change;
    if (bytes <= 0) this.#bySeller.delete(seller);
    else this.#bySeller.set(seller, bytes);
  }
}

/** What comes, and in place of or beside what. */
interface Wanted {
  readonly seller: string;
  readonly bytes: number;
  readonly blobs: ReadonlyMap<string, Uint8Array>;
  readonly used: boolean;
  readonly instead?: string;
  readonly except?: string;
}

function sizesOf(blobs: ReadonlyMap<string, Uint8Array>): Map<string, number> {
  return new Map([...blobs].map(([id, { length }]) => [id, length]));
}

function keptOf(row: ListingRow, used: number): Kept {
  return {
    id: CID.parse(row.version),
    version: row.version,
    payload: { seq: row.seq, device: Uint8Array.from(row.device) },
    seller: hex(row.trader),
    bytes: row.listing.length + row.delegation.length + ROW_OVERHEAD,
    blobs: new Set(row.blobs),
    until: row.until,
    used,
  };
}
