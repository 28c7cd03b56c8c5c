import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { createStore, type Store, type StoreOptions, type Table } from '../../../node/store/index.js';

/** A folder that goes with the test. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'niaga-store-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** A running store, at a new place unless one is named; stopped with the test. */
export async function openStore({ path, options }: { path?: string; options?: StoreOptions } = {}): Promise<Store> {
  const store = createStore({ path: path ?? join(await temporaryFolder(), 'store'), options });
  onTestFinished(() => store.stop());
  await store.start();
  return store;
}

export async function entries<V>(rows: AsyncIterable<[string, V]>): Promise<[string, V][]> {
  const all = [];
  for await (const row of rows) all.push(row);
  return all;
}

export async function keys(table: Table<unknown>): Promise<string[]> {
  return (await entries(table.range())).map(([key]) => key);
}

export async function filesOf(folder: string, pattern: RegExp): Promise<string[]> {
  return (await readdir(folder)).filter((name) => pattern.test(name)).sort();
}

export async function flipBit(path: string, byte: number, bit: number): Promise<void> {
  const bytes = await readFile(path);
  bytes.writeUInt8(bytes.readUInt8(byte) ^ (1 << bit), byte);
  await writeFile(path, bytes);
}

/** Every file of a folder, by name. */
export async function bytesOf(folder: string): Promise<Record<string, string>> {
  const names = await filesOf(folder, /./);
  const read = async (name: string) => [name, (await readFile(join(folder, name))).toString('base64')] as const;
  return Object.fromEntries(await Promise.all(names.map(read)));
}

/** Files of a folder that hold these bytes, or this text. */
export async function filesHolding(folder: string, bytes: Uint8Array | string): Promise<string[]> {
  const names = await filesOf(folder, /./);
  try {
    const contents = await Promise.all(names.map((name) => readFile(join(folder, name))));
    return names.filter((_, at) => contents[at]?.includes(Buffer.from(bytes)));
  } catch (error) {
    // LevelDB has put others in their place meanwhile.
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return filesHolding(folder, bytes);
    throw error;
  }
}
