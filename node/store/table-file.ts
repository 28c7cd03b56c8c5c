import { crc32c, maskCrc } from './crc32c.js';
import { readVarint, writeVarint } from './varint.js';

/**
 * LevelDB's table files (`doc/table_format.txt`): blocks, each with a CRC behind it, found through an index block, found through a
 * footer. LevelDB checks these CRCs only when it is asked to, and classic-level does not let us ask: a damaged block is
 * then parsed as it is, and where that breaks an assertion of LevelDB's the whole process aborts.
 */
const FOOTER_BYTES = 48;
const MAGIC = Buffer.from('57fb808b247547db', 'hex');
/** Kind of compression (1 byte) and CRC (4 bytes) behind each block. */
const TRAILER_BYTES = 5;
const UNCOMPRESSED = 0;

interface Block {
  readonly offset: number;
  readonly size: number;
}

export type Damage =
  /** Nothing in the file can be found any more. */
  | { readonly kind: 'file' }
  /** The block that says where the filter is; LevelDB can do without. */
  | { readonly kind: 'meta'; readonly index: Block }
  /** Of `data` some rows are gone; a `filter` only makes reading faster. */
  | { readonly kind: 'data' | 'filter'; readonly block: Block };

/** What in a table file is not what LevelDB wrote. */
export function findDamage(file: Buffer): readonly Damage[] {
  const footer = readFooter(file);
  if (footer === undefined || !isSound(file, footer.index)) return [{ kind: 'file' }];
  const { meta, index } = footer;
  const damaged: Damage[] = [];
  if (!isMended(footer)) {
    // The footer has no CRC, but the blocks that it names are always the last two.
    if (end(meta) !== index.offset || !isSound(file, meta)) damaged.push({ kind: 'meta', index });
    else for (const block of unsoundIn(file, meta)) damaged.push({ kind: 'filter', block });
  }
  for (const block of unsoundIn(file, index)) damaged.push({ kind: 'data', block });
  return damaged;
}

const unsoundIn = (file: Buffer, list: Block): Block[] => blocksIn(file, list).filter((block) => !isSound(file, block));

/**
 * The file with each damaged part replaced by one that says nothing: LevelDB then reads the rest as before. The rows that are
 * lost by it are missed by the digests.
 */
export function blankDamage(file: Buffer, damage: readonly Damage[]): Buffer {
  const repaired = Buffer.from(file);
  for (const part of damage) {
    if (part.kind === 'file') return emptyTable(file.length);
    if (part.kind === 'meta') {
      // The index block has no entry for a filter.
      writeFooter(repaired, part.index, part.index);
      continue;
    }
    // A filter of such bytes is none that LevelDB can read, and it then does without (`FilterBlockReader`);
    // one of zeros would be a filter that no key passes.
    writeBlank(repaired, part.block, part.kind === 'filter' ? 0xff : 0);
  }
  return repaired;
}

/** Zeros are a block with no entries: its last four bytes are the number of restart points. */
function writeBlank(file: Buffer, { offset, size }: Block, byte: number): void {
  file.fill(byte, offset, offset + size);
  file[offset + size] = UNCOMPRESSED;
  file.writeUInt32LE(maskCrc(crc32c(file, offset, offset + size + 1)), offset + size + 1);
}

/** A table of no rows that is as long as the one it replaces, since LevelDB has its length written down. */
function emptyTable(length: number): Buffer {
  const only = { offset: 0, size: 4 };
  const file = Buffer.alloc(Math.max(length, only.size + TRAILER_BYTES + FOOTER_BYTES));
  writeBlank(file, only, 0);
  writeFooter(file, only, only);
  return file;
}

function writeFooter(file: Buffer, meta: Block, index: Block): void {
  const numbers = [meta.offset, meta.size, index.offset, index.size].flatMap(writeVarint);
  file.fill(0, file.length - FOOTER_BYTES);
  file.set(numbers, file.length - FOOTER_BYTES);
  MAGIC.copy(file, file.length - MAGIC.length);
}

/** Meta and index block are one and the same only where {@link writeFooter} was told so. */
const isMended = ({ meta, index }: { meta: Block; index: Block }): boolean =>
  meta.offset === index.offset && meta.size === index.size;

/** Where the next block begins. */
const end = ({ offset, size }: Block): number => offset + size + TRAILER_BYTES;

function readFooter(file: Buffer): { meta: Block; index: Block } | undefined {
  const start = file.length - FOOTER_BYTES;
  if (start < 0 || !file.subarray(file.length - MAGIC.length).equals(MAGIC)) return undefined;
  const cursor = { at: start };
  return { meta: readHandle(file, cursor), index: readHandle(file, cursor) };
}

function isSound(file: Buffer, block: Block): boolean {
  // Not turned round: an end that is no number is beyond the file.
  if (!(end(block) <= file.length - FOOTER_BYTES)) return false;
  const crcAt = block.offset + block.size + 1;
  return file.readUInt32LE(crcAt) === maskCrc(crc32c(file, block.offset, crcAt));
}

/** The blocks that an index block points to. Those of a compressed one are taken for sound: this store writes none. */
function blocksIn(file: Buffer, { offset, size }: Block): Block[] {
  const blocks: Block[] = [];
  if (file[offset + size] !== UNCOMPRESSED) return blocks;
  const restarts = file.readUInt32LE(offset + size - 4);
  // A blank one has not even the one restart point that each other has.
  if (restarts === 0) return blocks;
  const entriesEnd = offset + size - 4 * (restarts + 1);
  const cursor = { at: offset };
  while (cursor.at < entriesEnd) {
    readVarint(file, cursor); // bytes of the key shared with the one before
    const keyBytes = readVarint(file, cursor);
    const valueBytes = readVarint(file, cursor);
    const value = cursor.at + keyBytes;
    blocks.push(readHandle(file, { at: value }));
    cursor.at = value + valueBytes;
  }
  return blocks;
}

function readHandle(file: Buffer, cursor: { at: number }): Block {
  return { offset: readVarint(file, cursor), size: readVarint(file, cursor) };
}
