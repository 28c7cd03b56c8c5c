import { damaged } from './seal.js';

/**
 * What is inside of a backup: entries, each `kind (1 byte) ‖ length of the name (uint32) ‖ name ‖ length of the value (uint32) ‖
 * value`, numbers big endian. First an `about`, then the files, then the rows of the store, then an `end` that counts them.
 */
const KINDS = ['about', 'file', 'row', 'end'] as const;

export interface Entry {
  readonly kind: (typeof KINDS)[number];
  readonly name: Buffer;
  readonly value: Buffer;
}

/** Longer than any key of the store. */
const MAX_NAME = 64 * 1024;
/** Larger than any row: pictures are kept in blocks of 1 MiB. */
const MAX_VALUE = 64 * 1024 * 1024;

export function entry(kind: Entry['kind'], name: Uint8Array | string, value: Uint8Array | string): Uint8Array {
  const nameBytes = Buffer.from(name);
  const valueBytes = Buffer.from(value);
  const head = Buffer.of(KINDS.indexOf(kind));
  return Buffer.concat([head, lengthOf(nameBytes), nameBytes, lengthOf(valueBytes), valueBytes]);
}

function lengthOf(bytes: Uint8Array): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return length;
}

/** The entries of a stream of bytes; holds no more than one and what came with it. @throws NiagaError BACKUP_INVALID */
export async function* readEntries(source: AsyncIterable<Uint8Array>): AsyncGenerator<Entry> {
  let held: Buffer[] = [];
  let length = 0;
  /** Bytes that the entry at the beginning needs at least. */
  let needed = 9;
  for await (const bytes of source) {
    held.push(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
    length += bytes.length;
    if (length < needed) continue;
    const all = Buffer.concat(held, length);
    let at = 0;
    for (;;) {
      const size = sizeAt(all, at);
      if (all.length - at < size.whole) {
        needed = size.whole;
        break;
      }
      const kind = KINDS[all[at] ?? KINDS.length];
      if (kind === undefined) throw damaged('holds something that this version does not know');
      const name = all.subarray(at + 5, at + 5 + size.name);
      yield { kind, name, value: all.subarray(at + 9 + size.name, at + size.whole) };
      at += size.whole;
    }
    held = [all.subarray(at)];
    length -= at;
  }
  if (length > 0) throw damaged('ends in the middle of an entry');
}

/** How long the name is, and the whole entry, as far as that can be told yet. */
function sizeAt(bytes: Buffer, at: number): { name: number; whole: number } {
  if (bytes.length - at < 9) return { name: 0, whole: 9 };
  const name = bytes.readUInt32BE(at + 1);
  if (name > MAX_NAME) throw damaged('has a name that is too long');
  if (bytes.length - at < 9 + name) return { name, whole: 9 + name };
  const value = bytes.readUInt32BE(at + 5 + name);
  if (value > MAX_VALUE) throw damaged('has an entry that is too large');
  return { name, whole: 9 + name + value };
}
