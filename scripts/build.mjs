// Builds dist/ from the sources: npm run build. With --no-check types are not looked at, and nothing is done where nothing
// has changed; that is for the tests, which start real processes while others may be running.
//
// The compiler writes into a folder of its own, and dist/ is then brought to that state file by file: a program that runs
// from dist/ never meets half a file, nothing of a source that is gone stays behind to be published, and a build that
// fails leaves dist/ as it was.
import { spawn } from 'node:child_process';
import { mkdir, readdir, readFile, rename, rm, rmdir, stat, utimes, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildPage } from './page.mjs';
import { buildProgram } from './program.mjs';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const SOURCES = [
  'protocol',
  'node',
  'cli',
  'web',
  'scripts/page.mjs',
  'scripts/program.mjs',
  'tsconfig.base.json',
  'tsconfig.build.json',
];
const DIST = join(ROOT, 'dist');
/** Kept between builds: with it only what has changed is compiled again. */
const CACHE = join(ROOT, 'node_modules', '.cache', 'niaga');
const OUT = join(CACHE, 'out');
/** Files of the page and of the program have no sources of the same name. */
const BUNDLES = ['page', 'bin'];
const [PAGE, PROGRAM] = BUNDLES;
const NOTES = join(CACHE, 'out.tsbuildinfo');
/** As old as the beginning of the last build whose result is in dist/. */
const STAMP = join(CACHE, 'build.stamp');
/** Made by the one that builds; it renews it, so an old one is of a build that was killed. */
const LOCK = join(CACHE, 'build.lock');
const LOCK_STALE_MS = 120_000;

const check = !process.argv.includes('--no-check');
await mkdir(CACHE, { recursive: true });
process.exitCode = await withLock(build);

async function build() {
  if (!check && (await isCurrent())) return 0;
  // Without its output the compiler would still believe its notes, and write nothing.
  if ((await changed(OUT)) === 0) await rm(NOTES, { force: true });
  const begun = new Date();
  const failed = await compile();
  if (failed !== 0 && check) return failed;
  if (failed !== 0) console.warn('scripts/build.mjs: tsc complained, dist/ may be incomplete');
  await buildPage(ROOT, join(OUT, PAGE));
  await buildProgram(OUT, join(OUT, PROGRAM));
  await bring(OUT, DIST);
  await writeFile(STAMP, '');
  await utimes(STAMP, begun, begun);
  return 0;
}

function compile() {
  const tsc = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin', 'tsc');
  const options = ['-p', 'tsconfig.build.json', '--outDir', OUT, '--incremental', '--tsBuildInfoFile', NOTES];
  const child = spawn(process.execPath, [tsc, ...options, ...(check ? [] : ['--noCheck'])], {
    cwd: ROOT,
    stdio: 'inherit',
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve(code ?? 1));
  });
}

/** Makes `to` hold what `from` holds of sources that still exist, and nothing else. */
async function bring(from, to) {
  const wanted = new Set();
  for (const file of await filesIn(from)) {
    if (!BUNDLES.includes(dirname(file)) && (await changed(join(ROOT, file.replace(/(\.d\.ts|\.js)$/, '.ts')))) === 0) {
      await rm(join(from, file));
      continue;
    }
    wanted.add(file);
    const bytes = await readFile(join(from, file));
    const before = await readFile(join(to, file)).catch(() => undefined);
    if (before?.equals(bytes)) continue;
    await mkdir(dirname(join(to, file)), { recursive: true });
    const half = join(to, `${file}.new`);
    await writeFile(half, bytes);
    await rename(half, join(to, file));
  }
  for (const file of await filesIn(to)) if (!wanted.has(file)) await rm(join(to, file));
  // The longest paths first: a folder whose last folder went is empty, too. Those that are not stay.
  for (const folder of (await foldersIn(to)).sort((a, b) => b.length - a.length))
    await rmdir(folder).catch(() => undefined);
}

/** True when nothing in the sources is newer than what dist/ was built from. */
async function isCurrent() {
  const built = await changed(STAMP);
  if (built === 0 || (await changed(join(DIST, 'node', 'index.js'))) === 0) return false;
  for (const source of SOURCES) {
    if ((await changed(join(ROOT, source))) >= built) return false;
    // A folder is as new as the last file that was added, renamed or removed in it.
    for (const entry of await entriesIn(join(ROOT, source))) {
      if ((await changed(join(entry.parentPath, entry.name))) >= built) return false;
    }
  }
  return true;
}

function entriesIn(folder) {
  return readdir(folder, { withFileTypes: true, recursive: true }).catch(() => []);
}

/** Paths below `folder`, relative to it. */
async function filesIn(folder) {
  const files = (await entriesIn(folder)).filter((entry) => entry.isFile());
  return files.map((entry) => relative(folder, join(entry.parentPath, entry.name)));
}

async function foldersIn(folder) {
  const folders = (await entriesIn(folder)).filter((entry) => entry.isDirectory());
  return folders.map((entry) => join(entry.parentPath, entry.name));
}

/** When a file or folder was changed last, in milliseconds; 0 when there is none. */
async function changed(path) {
  return (await stat(path).catch(() => undefined))?.mtimeMs ?? 0;
}

async function withLock(work) {
  for (;;) {
    try {
      await mkdir(LOCK);
      break;
    } catch {
      const since = await changed(LOCK);
      if (since !== 0 && Date.now() - since > LOCK_STALE_MS) await rm(LOCK, { recursive: true, force: true });
      else await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
  const renewal = setInterval(
    () => void utimes(LOCK, new Date(), new Date()).catch(() => undefined),
    LOCK_STALE_MS / 4,
  ).unref();
  try {
    return await work();
  } finally {
    clearInterval(renewal);
    await rm(LOCK, { recursive: true, force: true });
  }
}
