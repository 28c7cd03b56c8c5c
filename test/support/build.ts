import { spawn } from 'node:child_process';
import { mkdir, readdir, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setTimeout as delay } from 'node:timers/promises';

/**
 * Builds `dist/` once before the tests, for those that need real processes: Node 20 cannot run TypeScript.
 * With `NIAGA_SKIP_BUILD=1` it does nothing: `dist/` is then used as it is.
 *
 * Types are not checked here: that is a step of its own, and so unfinished work in one folder does not stop the tests of another.
 */
const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const SOURCES = ['protocol', 'node', 'cli', 'tsconfig.base.json', 'tsconfig.build.json'];
const DIST = join(ROOT, 'dist');

/** Outside of `dist/`, which is published. With it the compiler writes only the files that have changed. */
const CACHE = join(ROOT, 'node_modules', '.cache', 'niaga');
const BUILD_INFO = join(CACHE, 'build.tsbuildinfo');
/** As old as the beginning of the last build: the compiler leaves files alone that would not change. */
const STAMP = join(CACHE, 'build.stamp');

/** Made by the run that builds: two must not write `dist/` at once. */
const LOCK = join(CACHE, 'build.lock');
const LOCK_STALE_MS = 120_000;

export default async function setup(): Promise<void> {
  if (process.env['NIAGA_SKIP_BUILD'] === '1') return;
  await mkdir(CACHE, { recursive: true });
  await withLock(async () => {
    if (await isCurrent()) return;
    // Without its output the compiler would still believe its notes, and write nothing.
    if ((await changed(DIST)) === 0) await rm(BUILD_INFO, { force: true });
    const begun = new Date();
    const { code, output } = await compile();
    await writeFile(STAMP, '');
    await utimes(STAMP, begun, begun);
    if (code !== 0)
      console.warn(`test/support/build.ts: tsc complained, dist/ may be incomplete\n${firstLines(output, 5)}`);
  });
}

/** True when nothing in the sources is newer than the last build. */
async function isCurrent(): Promise<boolean> {
  if ((await changed(DIST)) === 0) return false;
  const built = await changed(STAMP);
  for (const source of SOURCES) if ((await newestIn(join(ROOT, source))) >= built) return false;
  return true;
}

async function newestIn(path: string): Promise<number> {
  let newest = await changed(path);
  for (const entry of await readdir(path, { withFileTypes: true, recursive: true }).catch(() => [])) {
    newest = Math.max(newest, await changed(join(entry.parentPath, entry.name)));
  }
  return newest;
}

/** When a file was changed last, in milliseconds; 0 when there is none. */
async function changed(path: string): Promise<number> {
  const found = await stat(path).catch(() => undefined);
  return found?.mtimeMs ?? 0;
}

async function withLock(work: () => Promise<void>): Promise<void> {
  for (;;) {
    try {
      await mkdir(LOCK);
      break;
    } catch {
      const since = await changed(LOCK);
      if (since !== 0 && Date.now() - since > LOCK_STALE_MS) await rm(LOCK, { recursive: true, force: true });
      else await delay(100);
    }
  }
  try {
    await work();
  } finally {
    await rm(LOCK, { recursive: true, force: true });
  }
}

function compile(): Promise<{ code: number | null; output: string }> {
  const tsc = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin', 'tsc');
  const options = ['-p', 'tsconfig.build.json', '--noCheck', '--incremental', '--tsBuildInfoFile', BUILD_INFO];
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [tsc, ...options], { cwd: ROOT, stdio: ['ignore', 'pipe', 'inherit'] });
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, output }));
  });
}

const firstLines = (text: string, count: number): string => text.split('\n').slice(0, count).join('\n');
