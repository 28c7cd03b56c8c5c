import type { CID } from 'multiformats/cid';
import { isPartOf, partCount, partsOfFile, readPart, writePart, type FileRef } from '../../protocol/chat/file-part.js';
import { NiagaError } from '../../protocol/errors.js';
import { blobId, concat, traderToText } from '../../protocol/ids.js';
import { createKeyedMutex } from '../concurrency.js';
import type { Incoming } from '../mail/index.js';
import { cborCodec, rawCodec, type Table, type Write } from '../store/index.js';
import type { Files, FilesDeps, Hold, OutgoingFile } from './index.js';
import { FileQuota } from './quota.js';

/** Something that names a file: while there is one, the file stays. */
interface HolderRow {
  readonly size: number;
  /** Named by this trader, who has all of it. */
  readonly own: boolean;
}

const DIGITS = 3;

/**
 * Keys of both tables begin with the other trader's key in text, whichever of the two sent the file, and the file's id. What names a
 * file holds it: the same bytes may go with several messages, in both directions, and only the last of them takes them along.
 */
export class FilesService implements Files {
  readonly #deps: FilesDeps;
  readonly #holders: Table<HolderRow>;
  readonly #parts: Table<Uint8Array>;
  readonly #lock = createKeyedMutex();
  readonly #listeners = new Set<(from: Uint8Array, cid: string) => void>();
  #quota: Promise<FileQuota> | undefined;

  constructor(deps: FilesDeps) {
    this.#deps = deps;
    this.#holders = deps.store.table('file-holders', cborCodec<HolderRow>());
    this.#parts = deps.store.table('file-parts', rawCodec);
    deps.mail.handle('file-part', { take: (parcel) => this.#take(parcel) });
  }

  outgoing(to: Uint8Array, bytes: Uint8Array, about?: CID): OutgoingFile {
    const cid = blobId(bytes);
    const key = keyOf(to, cid);
    const parts = partsOfFile(cid, bytes);
    return {
      cid,
      parcels: parts.map((part) => ({ to, kind: 'file-part', bytes: writePart(part), about })),
      keep: (holder) => [
        this.#holders.put(`${key}/${holder}`, { size: bytes.length, own: true }),
        ...parts.map((part) => this.#parts.put(partKey(key, part.at), part.bytes)),
      ],
    };
  }

  async expect(from: Uint8Array, { cid, size }: Pick<FileRef, 'cid' | 'size'>, holder: string): Promise<Write[]> {
    const key = keyOf(from, cid);
    const quota = await (this.#quota ??= this.#counted());
    // The size that was named first stands: parts were measured by it.
    const known = await this.#named(key);
    if (known === undefined) quota.take(traderToText(from), size);
    return [this.#holders.put(`${key}/${holder}`, { size: known?.size ?? size, own: false })];
  }

  async read(trader: Uint8Array, cid: CID | string): Promise<Uint8Array | undefined> {
    const key = keyOf(trader, cid);
    const named = await this.#named(key);
    if (named === undefined) return undefined;
    const parts: Uint8Array[] = [];
    for (let at = 0; at < partCount(named); at++) {
      const part = await this.#parts.get(partKey(key, at));
      if (part === undefined) return undefined;
      parts.push(part);
    }
    const bytes = concat(...parts);
    if (blobId(bytes).toString() === cid.toString()) return bytes;
    throw new NiagaError('RECORD_ID', 'What came is not the file that its sender named.');
  }

  async progress(trader: Uint8Array, cid: CID | string): Promise<{ have: number; of: number } | undefined> {
    const key = keyOf(trader, cid);
    const named = await this.#named(key);
    if (named === undefined) return undefined;
    const of = partCount(named);
    return { have: Math.min(of, await this.#parts.count(`${key}/`)), of };
  }

  async drop(trader: Uint8Array, holds: readonly Hold[]): Promise<Write[]> {
    const writes: Write[] = [];
    const quota = await (this.#quota ??= this.#counted());
    for (const cid of new Set(holds.map((hold) => hold.cid.toString()))) {
      const key = keyOf(trader, cid);
      const going = new Set(
        holds.filter((hold) => hold.cid.toString() === cid).map(({ holder }) => `${key}/${holder}`),
      );
      const gone: HolderRow[] = [];
      let others = 0;
      for await (const [holder, row] of this.#holders.range({ prefix: `${key}/` })) {
        if (!going.has(holder)) others++;
        else {
          gone.push(row);
          writes.push(this.#holders.del(holder));
        }
      }
      if (others > 0 || gone.length === 0) continue;
      for await (const [part] of this.#parts.range({ prefix: `${key}/` })) writes.push(this.#parts.del(part));
      if (!gone.some(({ own }) => own)) quota.gone(gone[0]?.size ?? 0);
    }
    return writes;
  }

  onComplete(listener: (from: Uint8Array, cid: string) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async #take({ from, bytes, receipt }: Incoming): Promise<void> {
    const part = readPart(bytes);
    const key = keyOf(from, part.of);
    await this.#lock(key, async () => {
      const named = await this.#named(key);
      // Not final: what names it may still be on its way. Without that anybody could fill this disk.
      if (named === undefined) throw new NiagaError('FILE_NOT_FOUND', 'Nothing that came names that file.');
      if (!isPartOf(named, part)) throw new NiagaError('RECORD_SCHEMA', 'The part does not fit the size of its file.');
      if (await this.#parts.has(partKey(key, part.at))) return;
      await this.#deps.store.write([this.#parts.put(partKey(key, part.at), part.bytes), ...receipt().writes]);
      if ((await this.#parts.count(`${key}/`)) < partCount(named)) return;
      for (const listener of this.#listeners) listener(from, part.of.toString());
    });
  }

  /** An own holder knows the file; others only what its sender says. */
  async #named(key: string): Promise<HolderRow | undefined> {
    let first: HolderRow | undefined;
    for await (const [, row] of this.#holders.range({ prefix: `${key}/` })) {
      if (row.own) return row;
      first ??= row;
    }
    return first;
  }

  async #counted(): Promise<FileQuota> {
    const quota = new FileQuota({ max: this.#deps.maxBytes, now: this.#deps.now });
    const files = new Map<string, number>();
    for await (const [key, { size, own }] of this.#holders.range()) {
      const file = key.slice(0, key.lastIndexOf('/'));
      files.set(file, own ? 0 : (files.get(file) ?? size));
    }
    for (const size of files.values()) quota.found(size);
    return quota;
  }
}

function keyOf(trader: Uint8Array, cid: CID | string): string {
  return `${traderToText(trader)}/${cid.toString()}`;
}

function partKey(key: string, at: number): string {
  return `${key}/${String(at).padStart(DIGITS, '0')}`;
}
