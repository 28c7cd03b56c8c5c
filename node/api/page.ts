import { readdir, readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Where the build puts the page; it is not there when the sources run without a build. */
export const DEFAULT_PAGE_FOLDER = fileURLToPath(new URL('../../page/', import.meta.url));

/** The kinds of files that a page consists of. */
const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.webmanifest': 'application/manifest+json',
};
const START = 'index.html';
/** A browser looks for a newer one under the same name. */
const WORKER = '/worker.js';
/** Compressed forms, the smallest first, and how the build names them. */
const ENCODINGS = [
  { name: 'br', suffix: '.br' },
  { name: 'gzip', suffix: '.gz' },
] as const;
const YEAR_SECONDS = 365 * 24 * 60 * 60;

/**
 * Nothing but the node's own files may load, and only the node may be asked: text of strangers that became a script, a style or a
 * picture's address by mistake would do nothing.
 */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "worker-src 'self'",
  "manifest-src 'self'",
  "connect-src 'self'",
  "img-src 'self' blob: data:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

interface PageFile {
  readonly type: string;
  readonly plain: Uint8Array<ArrayBuffer>;
  readonly compressed: ReadonlyMap<string, Uint8Array<ArrayBuffer>>;
}

/** The page that people tap, as the build left it. */
export interface Page {
  /**
   * The file at a path; `/` is the page itself. Undefined where there is none: only names that were in the folder at the start are
   * known, and no path is ever looked up on the disk.
   */
  answer(path: string, acceptEncoding: string | undefined): Response | undefined;
}

/** Reads a built page into memory (some 100 KiB); undefined where there is none in that folder. */
export async function readPage(folder: string): Promise<Page | undefined> {
  const names = await readdir(folder).catch((): string[] => []);
  if (!names.includes(START)) return undefined;
  const files = new Map<string, PageFile>();
  for (const name of names) {
    const type = TYPES[extname(name)];
    if (type === undefined) continue;
    const compressed = new Map<string, Uint8Array<ArrayBuffer>>();
    for (const { name: encoding, suffix } of ENCODINGS) {
      if (names.includes(name + suffix)) compressed.set(encoding, await bytesOf(join(folder, name + suffix)));
    }
    files.set(name === START ? '/' : `/${name}`, { type, plain: await bytesOf(join(folder, name)), compressed });
  }
  return {
    answer(path, acceptEncoding) {
      const file = files.get(path);
      if (file === undefined) return undefined;
      const encoding = ENCODINGS.find(({ name }) => file.compressed.has(name) && accepts(acceptEncoding, name))?.name;
      const bytes = encoding === undefined ? undefined : file.compressed.get(encoding);
      return new Response(bytes ?? file.plain, {
        headers: {
          'content-type': file.type,
          'content-security-policy': POLICY,
          // The names of all others change with their content.
          'cache-control': path === '/' || path === WORKER ? 'no-cache' : `public, max-age=${YEAR_SECONDS}, immutable`,
          vary: path === '/' ? 'accept, accept-encoding' : 'accept-encoding',
          ...(bytes === undefined || encoding === undefined ? {} : { 'content-encoding': encoding }),
        },
      });
    },
  };
}

/** Uint8Array rather than Buffer: what a Response takes. */
async function bytesOf(path: string): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await readFile(path));
}

function accepts(header: string | undefined, encoding: string): boolean {
  return (header ?? '')
    .split(',')
    .map((part) => part.trim().toLowerCase().split(';'))
    .some(([name, quality]) => name?.trim() === encoding && quality?.replaceAll(' ', '') !== 'q=0');
}
