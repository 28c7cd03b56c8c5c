import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32c, maskCrc } from './crc32c.js';
import { readVarint } from './varint.js';

/**
 * LevelDB's MANIFEST: a log (`doc/log_format.txt`) of edits (`db/version_edit.cc`) that says which table files belong to the
 * database. Others that lie beside them may be half written: it removes them when it is opened.
 */
const LOG_BLOCK = 32 * 1024;
const LOG_HEADER = 7;
/** Kinds of log records: a whole one, or a first, middle or last part. */
const [FULL, FIRST, LAST] = [1, 2, 4];

/**
 * The numbers of the table files that the database is made of.
 * @returns undefined when that cannot be read: LevelDB will refuse to open it, and say why.
 */
export async function liveFiles(folder: string): Promise<ReadonlySet<number> | undefined> {
  try {
    const name = (await readFile(join(folder, 'CURRENT'), 'latin1')).trimEnd();
    if (!/^MANIFEST-\d+$/.test(name)) return undefined;
    const live = new Set<number>();
    for (const edit of logRecords(await readFile(join(folder, name)))) applyEdit(edit, live);
    return live;
  } catch (error) {
    if (error instanceof Malformed || (error instanceof Error && 'code' in error)) return undefined;
    throw error;
  }
}

class Malformed extends Error {}

function* logRecords(log: Buffer): Generator<Buffer> {
  let parts: Buffer[] = [];
  for (let at = 0; at + LOG_HEADER <= log.length;) {
    const leftInBlock = LOG_BLOCK - (at % LOG_BLOCK);
    if (leftInBlock < LOG_HEADER) {
      at += leftInBlock;
      continue;
    }
    const data = at + LOG_HEADER;
    const end = data + log.readUInt16LE(at + 4);
    if (end > log.length) return; // the writer died in the middle of this one
    if (log.readUInt32LE(at) !== maskCrc(crc32c(log, at + 6, end))) throw new Malformed();
    const kind = log[at + 6];
    if (kind === FULL || kind === FIRST) parts = [];
    parts.push(log.subarray(data, end));
    if (kind === FULL || kind === LAST) yield Buffer.concat(parts);
    at = end;
  }
}

function applyEdit(edit: Buffer, live: Set<number>): void {
  const cursor = { at: 0 };
  const number = (): number => {
    const value = readVarint(edit, cursor);
    if (Number.isNaN(value)) throw new Malformed();
    return value;
  };
  const skipText = (): void => {
    const length = number();
    cursor.at += length;
  };
  while (cursor.at < edit.length) {
    const tag = number();
    switch (tag) {
      case 1: // name of the comparator
        skipText();
        break;
      case 2: // number of the log
      case 3: // next number of a file
      case 4: // last sequence number
      case 9: // number of the log before
        number();
        break;
      case 5: // where to go on compacting: level, key
        number();
        skipText();
        break;
      case 6: // file removed: level, number
        number();
        live.delete(number());
        break;
      case 7: // file added: level, number, size, smallest and largest key
        number();
        live.add(number());
        number();
        skipText();
        skipText();
        break;
      default:
        throw new Malformed();
    }
  }
}
