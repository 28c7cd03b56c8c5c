// The store of a simulated node: node/store's `Store` and `Table` in memory. Nothing is written to a disk and nothing is lost.

/** Envelopes of records are kept once for the whole simulation, however many nodes hold them. */
const LEAST_SHARED = 128;

/** Gives one copy of equal byte strings. */
export class SharedBytes {
  #known = new Map();

  share(bytes) {
    if (!(bytes instanceof Uint8Array) || bytes.length < LEAST_SHARED) return bytes;
    // The end of an envelope is its signature, which tells records apart; the rest is compared.
    const name = Buffer.from(bytes.buffer, bytes.byteOffset + bytes.length - 64, 64).toString('latin1');
    const same = (this.#known.get(name) ?? []).find((other) => Buffer.compare(other, bytes) === 0);
    if (same !== undefined) return same;
    const own = Uint8Array.from(bytes);
    this.#known.set(name, [...(this.#known.get(name) ?? []), own]);
    return own;
  }
}

class MemoryTable {
  constructor(name, rows, shared) {
    this.name = name;
    this.rows = rows;
    this.shared = shared;
  }

  async get(key) {
    return this.rows.get(key);
  }

  async has(key) {
    return this.rows.has(key);
  }

  put(key, value) {
    return { table: this.name, key, row: NO_BYTES, value: this.#keep(value) };
  }

  del(key) {
    return { table: this.name, key, row: undefined };
  }

  async *range({ prefix = '', gt, gte, lt, lte, reverse = false, limit = Infinity } = {}) {
    const keys = [...this.rows.keys()]
      .filter((key) => key.startsWith(prefix))
      .filter((key) => (gt === undefined || key > gt) && (gte === undefined || key >= gte))
      .filter((key) => (lt === undefined || key < lt) && (lte === undefined || key <= lte))
      .sort();
    if (reverse) keys.reverse();
    let left = limit;
    for (const key of keys) {
      if (left-- <= 0) return;
      const value = this.rows.get(key);
      if (value !== undefined) yield [key, value];
    }
  }

  async count(prefix = '') {
    let count = 0;
    for (const key of this.rows.keys()) if (key.startsWith(prefix)) count++;
    return count;
  }

  #keep(value) {
    if (value instanceof Uint8Array) return this.shared.share(value);
    if (typeof value !== 'object' || value === null || !(value.bytes instanceof Uint8Array)) return value;
    return { ...value, bytes: this.shared.share(value.bytes) };
  }
}

/** What stands for encoded rows: the simulation keeps values. */
const NO_BYTES = new Uint8Array(0);

export class MemoryStore {
  path = 'memory';
  integrity = undefined;
  #tables = new Map();
  #shared;
  #writes = 0;

  constructor(shared) {
    this.#shared = shared;
  }

  table(name) {
    return new MemoryTable(name, this.#rows(name), this.#shared);
  }

  async write(writes) {
    this.#writes++;
    for (const { table, key, row, value } of writes) {
      if (row === undefined) this.#rows(table).delete(key);
      else this.#rows(table).set(key, value);
    }
  }

  counters() {
    return { corrupt: 0, writes: this.#writes, batches: this.#writes };
  }

  /** Rows of a table, and about the bytes that they would take on a disk: byte strings and texts at their length. */
  size(name) {
    let bytes = 0;
    for (const [key, value] of this.#rows(name)) bytes += key.length + sizeOf(value);
    return { rows: this.#rows(name).size, bytes };
  }

  async start() {}
  async stop() {}
  async [Symbol.asyncDispose]() {}

  #rows(name) {
    let rows = this.#tables.get(name);
    if (rows === undefined) this.#tables.set(name, (rows = new Map()));
    return rows;
  }
}

function sizeOf(value) {
  if (value instanceof Uint8Array) return value.length;
  if (typeof value === 'string') return Buffer.byteLength(value);
  if (typeof value !== 'object' || value === null) return 8;
  return Object.values(value).reduce((sum, part) => sum + sizeOf(part), 0);
}
