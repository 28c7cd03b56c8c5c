import type { CID } from 'multiformats/cid';
import { NiagaError } from '../../protocol/errors.js';
import { blobId, parseId } from '../../protocol/ids.js';
import { createMutex } from '../concurrency.js';
import { MAX_PICTURE } from '../keep/wire.js';
import { cborCodec, rawCodec, type Store, type Table, type Write } from '../store/index.js';
import { cleanPicture } from './clean.js';
import type { AddedPicture, Pictures } from './index.js';

const KiB = 1024;
/** A form that was filled in in the evening is sent in the morning. */
const DRAFT_TIME = 24 * 60 * 60 * 1000;

interface Row {
  readonly size: number;
  /** Milliseconds UTC. */
  readonly added: number;
  /** A listing has named it: it stays, for trades may refer to that version for years. */
  readonly named: boolean;
}

export class OwnPictures implements Pictures {
  readonly #store: Store;
  readonly #now: () => number;
  readonly #max: number;
  readonly #bytes: Table<Uint8Array>;
  readonly #table: Table<Row>;
  readonly #rows = new Map<string, Row>();
  readonly #lock = createMutex();
  #total = 0;

  constructor({ store, now, maxBytes }: { store: Store; now: () => number; maxBytes: number }) {
    this.#store = store;
    this.#now = now;
    this.#max = maxBytes;
    this.#bytes = store.table('own-pictures', rawCodec);
    this.#table = store.table('own-picture-rows', cborCodec<Row>());
  }

  async start(): Promise<void> {
    await this.#read();
    await this.#store.write(this.#forgetDrafts());
  }

  async stop(): Promise<void> {
    await this.#lock(() => Promise.resolve());
  }

  add(given: Uint8Array): Promise<AddedPicture> {
    return this.#lock(async () => {
      const { type, width, height, bytes } = cleanPicture(given);
      if (bytes.length > MAX_PICTURE)
        throw new NiagaError(
          'INPUT_TOO_LARGE',
          `The picture has ${Math.ceil(bytes.length / KiB)} KiB, and the most is ${MAX_PICTURE / KiB} KiB.`,
          { next: 'Make it smaller: 1,600 pixels show what matters. The page (niaga open) does it by itself.' },
        );
      const id = blobId(bytes).toString();
      const writes = this.#forgetDrafts();
      const before = this.#rows.get(id);
      if (before === undefined && this.#total + bytes.length > this.#max)
        throw new NiagaError('PICTURE_LIMIT', `Own pictures have ${this.#max} bytes together at most.`);
      const row = { size: bytes.length, added: this.#now(), named: before?.named ?? false };
      this.#remember(id, row);
      if (before === undefined) writes.push(this.#bytes.put(id, bytes));
      await this.#store.write([...writes, this.#table.put(id, row)]);
      return { picture: id, type, size: bytes.length, width, height, removed: given.length - bytes.length };
    });
  }

  async get(id: CID): Promise<Uint8Array | undefined> {
    return this.#rows.has(id.toString()) ? this.#bytes.get(id.toString()) : undefined;
  }

  async named(id: CID): Promise<Uint8Array | undefined> {
    return this.#rows.get(id.toString())?.named === true ? this.get(id) : undefined;
  }

  fill(fetch: (id: CID) => Promise<Uint8Array>): Promise<void> {
    return this.#lock(async () => {
      await this.#read();
      for (const [text, { named }] of this.#rows) {
        if (!named || (await this.#bytes.has(text))) continue;
        const id = parseId(text);
        const bytes = await fetch(id).catch(() => undefined);
        if (bytes !== undefined && blobId(bytes).equals(id)) await this.#store.write([this.#bytes.put(text, bytes)]);
      }
    });
  }

  name(ids: readonly CID[]): { writes: Write[]; missing: readonly CID[] } {
    const writes: Write[] = [];
    for (const id of ids.map(String)) {
      const row = this.#rows.get(id);
      if (row === undefined || row.named) continue;
      const named = { ...row, named: true };
      // At once: what is being published is no draft any more.
      this.#rows.set(id, named);
      writes.push(this.#table.put(id, named));
    }
    return { writes, missing: ids.filter((id) => !this.#rows.has(id.toString())) };
  }

  async #read(): Promise<void> {
    const rows: [string, Row][] = [];
    for await (const found of this.#table.range()) rows.push(found);
    this.#rows.clear();
    this.#total = 0;
    for (const [id, row] of rows) this.#remember(id, row);
  }

  #remember(id: string, row: Row): void {
    this.#total += row.size - (this.#rows.get(id)?.size ?? 0);
    this.#rows.set(id, row);
  }

  #forgetDrafts(): Write[] {
    const writes: Write[] = [];
    for (const [id, { named, added, size }] of this.#rows) {
      if (named || added + DRAFT_TIME > this.#now()) continue;
      this.#rows.delete(id);
      this.#total -= size;
      writes.push(this.#table.del(id), this.#bytes.del(id));
    }
    return writes;
  }
}
