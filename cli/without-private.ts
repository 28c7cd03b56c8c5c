import { realpathSync } from 'node:fs';
import { homedir, hostname, userInfo } from 'node:os';
import { basename, resolve } from 'node:path';

/** Names of accounts and machines that say nothing of anybody, and stand in ordinary sentences. */
const COMMON = new Set([
  'root',
  'user',
  'users',
  'home',
  'admin',
  'node',
  'niaga',
  'localhost',
  'linux',
  'debian',
  'ubuntu',
  'data',
  'tmp',
  'private',
]);
/** A shorter name would be found inside of ordinary words. */
const SHORTEST_NAME = 3;

/** Trader keys, peer ids and ids of records. */
const ID = /\b(?:z6Mk|12D3Koo|Qm|baf[yk])[A-Za-z0-9]{20,}/g;
/** IPv4 and IPv6: an address says where somebody lives, more or less. */
const ADDRESS = /\b(?:\d{1,3}\.){3}\d{1,3}\b|(?<![\w:])[0-9a-f]{0,4}(?::[0-9a-f]{0,4}){2,7}(?![\w:])/gi;
/** From the root of a file system or a share, or of a multiaddr. What follows a blank may be a part of it, and is taken where it has a slash. */
const PATH =
  /(?<![\w.])(?:[A-Za-z]:)?[\\/]{1,2}[^\s\\/:;,"'`]+(?:[\\/][^\\/:;,"'`\n]*(?=[\\/])|[\\/][^\s\\/:;,"'`]*)*/g;

interface Known {
  /** Folders and files whose paths are known; other paths are found by their form. */
  readonly folders: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** The same value with every path, address, id and name of a person or machine in its texts replaced by what it was. */
export function withoutPrivate<T>(value: T, known: Known): T {
  const folders = [...known.folders.map((folder) => resolve(folder)), homedir()].filter((folder) => folder.length > 1);
  const paths = [...new Set(folders.flatMap((folder) => [folder, realOf(folder)]))].sort((a, b) => b.length - a.length);
  const names = namesOf(known.env);
  const clean = (text: string): string => {
    let rest = text;
    for (const path of paths) rest = rest.replaceAll(path, '/PATH');
    rest = rest.replace(PATH, 'PATH').replace(ID, 'ID').replace(ADDRESS, 'ADDRESS');
    for (const name of names) rest = rest.replace(name, 'NAME');
    return rest;
  };
  return walk(value, clean) as T;
}

function walk(value: unknown, clean: (text: string) => string): unknown {
  if (typeof value === 'string') return clean(value);
  if (Array.isArray(value)) return value.map((one) => walk(one, clean));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [clean(key), walk(one, clean)]));
}

/** Who uses this machine and what it is called, as whole words, whatever their case. */
function namesOf(env: Known['env']): RegExp[] {
  const accounts = [userName(), env['USER'], env['LOGNAME'], env['USERNAME'], basename(homedir())];
  const names = [...accounts, hostname(), hostname().split('.')[0]].filter((name) => name !== undefined);
  return [...new Set(names.map((name) => name.toLowerCase()))]
    .filter((name) => name.length >= SHORTEST_NAME && !COMMON.has(name))
    .sort((a, b) => b.length - a.length)
    .map(
      (name) =>
        new RegExp(`(?<![\\p{L}\\p{N}])${name.replace(/[$()*+./?[\\\]^{|}]/g, '\\$&')}(?![\\p{L}\\p{N}])`, 'giu'),
    );
}

function userName(): string | undefined {
  try {
    return userInfo().username;
  } catch {
    // An account without an entry, as in some containers.
    return undefined;
  }
}

function realOf(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}
