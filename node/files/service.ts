import type { CID } from 'multiformats/cid';
import { isPartOf, partCount, partsOfFile, readPart, writePart, type FileRef } from '../../protocol/chat/file-part.js';
import { NiagaError } from '../../protocol/errors.js';
import { blobId, concat, traderToText } from '../../protocol/ids.js';
import { createKeyedMutex } from '../concurrency.js';
import type { Incoming } from '../mail/index.js';
import { cborCodec, rawCodec, type Table, type Write } from '../store/index.js';
import type { Files, FilesDeps, OutgoingFile } from './index.js';

interface Row {
  readonly size: number;
  /** How many of its parts are here. */
  readonly have: number;
}

const DIGITS = 3;

/** Keys of both tables begin with the other trader's key in text, whichever of the two sent the file, and the file's id. */
export class FilesService implements Files {
  readonly #deps: FilesDeps;
  readonly #rows: Table<Row>;
  readonly #parts: Table<Uint8Array>;
  readonly #lock = createKeyedMutex();
  readonly #listeners = new Set<(from: Uint8Array, cid: string) => void>();

  constructor(deps: FilesDeps) {
    this.#deps = deps;
    this.#rows = deps.store.table('files', cborCodec<Row>());
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
      writes: [
        this.#rows.put(key, { size: bytes.length, have: parts.length }),
        ...parts.map((part) => this.#parts.put(partKey(key, part.at), part.bytes)),
      ],
    };
  }

  async expect(from: Uint8Array, { cid, size }: Pick<FileRef, 'cid' | 'size'>): Promise<Write[]> {
    const key = keyOf(from, cid);
    return (await this.#rows.has(key)) ? [] : [this.#rows.put(key, { size, have: 0 })];
  }

  async read(trader: Uint8Array, cid: CID | string): Promise<Uint8Array | undefined> {
    const key = keyOf(trader, cid);
    const row = await this.#rows.get(key);
    if (row === undefined || row.have < partCount(row)) return undefined;
    const parts: Uint8Array[] = [];
    for await (const [, part] of this.#parts.range({ prefix: `${key}/` })) parts.push(part);
    const bytes = concat(...parts);
    if (blobId(bytes).toString() === cid.toString()) return bytes;
    throw new NiagaError('RECORD_ID', 'What came is not the file that its sender named.');
  }

  async progress(trader: Uint8Array, cid: CID | string): Promise<{ have: number; of: number } | undefined> {
    const row = await this.#rows.get(keyOf(trader, cid));
    return row === undefined ? undefined : { have: row.have, of: partCount(row) };
  }

  async drop(trader: Uint8Array, cid: CID | string): Promise<Write[]> {
    const key = keyOf(trader, cid);
    const writes = [this.#rows.del(key)];
    for await (const [part] of this.#parts.range({ prefix: `${key}/` })) writes.push(this.#parts.del(part));
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
      const row = await this.#rows.get(key);
      // Not final: what names it may still be on its way. Without that anybody could fill this disk.
      if (row === undefined) throw new NiagaError('FILE_NOT_FOUND', 'Nothing that came names that file.');
      if (!isPartOf(row, part)) throw new NiagaError('RECORD_SCHEMA', 'The part does not fit the size of its file.');
      const known = await this.#parts.has(partKey(key, part.at));
      const have = row.have + (known ? 0 : 1);
      const writes = known
        ? []
        : [this.#parts.put(partKey(key, part.at), part.bytes), this.#rows.put(key, { ...row, have })];
      await this.#deps.store.write([...writes, ...receipt().writes]);
      if (!known && have === partCount(row)) for (const listener of this.#listeners) listener(from, part.of.toString());
    });
  }
}

function keyOf(trader: Uint8Array, cid: CID | string): string {
  return `${traderToText(trader)}/${cid.toString()}`;
}

function partKey(key: string, at: number): string {
  return `${key}/${String(at).padStart(DIGITS, '0')}`;
}
