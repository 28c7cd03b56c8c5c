import { createReadStream } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { NiagaError } from '../../protocol/errors.js';
import { FORMAT_FILE } from '../home/index.js';
import { Tally, type StoredRow } from '../store/index.js';
import { ownVersion } from '../version.js';
import { entry, readEntries, type Entry } from './entries.js';
import { damaged, unseal } from './seal.js';

const IDENTITY_FOLDER = 'identity';
/** The files of a home that go into a backup. Not the token of the running API, nor anything that others left there. */
const FILE = new RegExp(`^(${FORMAT_FILE}|config\\.json|${IDENTITY_FOLDER}/[a-z-]{1,40}\\.json)$`);

const aboutSchema = z.object({
  created: z.int(),
  version: z.string().max(40),
  network: z.string().regex(/^[a-z0-9-]{1,32}$/),
  trader: z.string().max(100),
});
const endSchema = z.object({ files: z.int(), rows: z.int() });

export type About = z.output<typeof aboutSchema>;

/** What a backup holds, and whether the store that it is of was sound. */
export interface Contents extends About {
  readonly files: number;
  readonly rows: number;
  /** A sentence for each thing that was wrong with the store when the backup was made. */
  readonly problems: readonly string[];
}

/** Rows of a store in the form that a backup has them. */
export function rowEntries(rows: readonly StoredRow[]): Uint8Array {
  return Buffer.concat(rows.map(([key, row]) => entry('row', key, row)));
}

export interface ContentOptions extends Pick<About, 'network' | 'trader'> {
  /** `<home>/<network>` */
  readonly folder: string;
  /** What {@link rowEntries} made of all rows. */
  readonly rows: AsyncIterable<{ readonly rows: Uint8Array; readonly count: number }>;
  readonly now: number;
}

/** All that a backup holds, in order. The files are read after the rows were fixed: keys that rows name are among them. */
export async function* contentOf(options: ContentOptions): AsyncGenerator<Uint8Array> {
  const { folder, network, trader, now } = options;
  const about: About = { created: now, version: ownVersion(), network, trader };
  yield entry('about', '', JSON.stringify(about));
  const source = options.rows[Symbol.asyncIterator]();
  let rows = 0;
  let names: string[];
  try {
    let next = await source.next();
    names = await filesOf(folder);
    for (const name of names) yield entry('file', name, await readFile(join(folder, name)));
    for (; next.done !== true; next = await source.next()) {
      yield next.value.rows;
      rows += next.value.count;
    }
  } finally {
    await source.return?.();
  }
  yield entry('end', '', JSON.stringify({ files: names.length, rows }));
}

async function filesOf(folder: string): Promise<string[]> {
  const keys = (await readdir(join(folder, IDENTITY_FOLDER))).map((name) => `${IDENTITY_FOLDER}/${name}`);
  return [...(await readdir(folder)), ...keys].filter((name) => FILE.test(name)).sort();
}

/**
 * Reads a backup through; each entry is handed out once it is known to be what was written, the end is not.
 * @throws NiagaError BACKUP_SEALED, BACKUP_INVALID, HOME_NEWER, FILE_NOT_FOUND, INPUT_FILE
 */
export async function* entriesOf(
  path: string,
  passphrase: string,
): AsyncGenerator<Entry & { kind: 'file' | 'row' | 'about' }> {
  const count = { about: 0, file: 0, row: 0 };
  let ended = false;
  for await (const { kind, name, value } of readEntries(unseal(bytesOf(path), passphrase))) {
    if (ended) throw damaged('goes on after its end');
    if (kind === 'end') {
      const { files, rows } = parse(endSchema, value);
      if (files !== count.file || rows !== count.row) throw damaged('lacks something');
      ended = true;
      continue;
    }
    if ((count.about === 0) !== (kind === 'about') || (kind === 'file' && count.row > 0))
      throw damaged('is not in order');
    if (kind === 'file' && !FILE.test(name.toString('latin1'))) throw damaged('holds a file that is no part of a home');
    count[kind]++;
    yield { kind, name, value };
  }
  if (!ended) throw damaged('has no end');
}

export function readAbout(value: Uint8Array): About {
  return parse(aboutSchema, value);
}

function parse<T>(schema: z.ZodType<T>, value: Uint8Array): T {
  try {
    return schema.parse(JSON.parse(Buffer.from(value).toString('utf8')));
  } catch (error) {
    throw damaged('holds something that this version does not know', error);
  }
}

async function* bytesOf(path: string): AsyncGenerator<Uint8Array> {
  try {
    for await (const bytes of createReadStream(path)) yield bytes as Buffer;
  } catch (error) {
    const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
    if (code === 'ENOENT') throw new NiagaError('FILE_NOT_FOUND', `There is no file "${path}".`, { where: path });
    if (code === undefined) throw error;
    throw new NiagaError('INPUT_FILE', `"${path}" cannot be read (${code}).`, { where: path, cause: error });
  }
}

/**
 * Reads a backup to its end, and says what it holds.
 * @throws as {@link entriesOf}
 */
export async function checkBackup(path: string, passphrase: string): Promise<Contents> {
  let about: About | undefined;
  let files = 0;
  let rows = 0;
  const tally = new Tally();
  for await (const { kind, name, value } of entriesOf(path, passphrase)) {
    if (kind === 'about') about = readAbout(value);
    else if (kind === 'file') files++;
    else {
      tally.add([name, value]);
      rows++;
    }
  }
  if (about === undefined) throw damaged('is empty');
  const { report } = tally.result({ lost: 0, witness: 'missing', files: { mended: [], damaged: [] } }, 0);
  return { ...about, files, rows, problems: report.problems };
}
