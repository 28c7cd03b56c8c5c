// Builds web/ into a folder of files that the node serves as they are: scripts (what only few views need apart), one style sheet,
// icon and manifest, each with the hash of its content in its name; the page that names them; the service worker, which is found by
// its name; and each beside it compressed. Called by scripts/build.mjs.
import { createHash } from 'node:crypto';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import { build } from 'esbuild';

/** Browsers of phones that are still in use: Chrome 87, Safari 14. */
const TARGET = ['es2020'];

const OPTIONS = {
  bundle: true,
  minify: true,
  write: false,
  format: 'esm',
  platform: 'browser',
  target: TARGET,
  charset: 'utf8',
  legalComments: 'none',
  logLevel: 'warning',
};

/** @param root the folder of package.json; @param out emptied first */
export async function buildPage(root, out) {
  const web = join(root, 'web');
  const { outputFiles, metafile } = await build({
    ...OPTIONS,
    metafile: true,
    entryPoints: [join(web, 'main.tsx'), join(web, 'styles', 'main.css')],
    outdir: out,
    entryNames: '[name]-[hash]',
    chunkNames: 'part-[hash]',
    splitting: true,
    tsconfig: join(web, 'tsconfig.json'),
  });
  const files = new Map(outputFiles.map(({ path, contents }) => [basename(path), Buffer.from(contents)]));
  for (const name of ['icon.svg', 'manifest.webmanifest']) {
    const text = filledIn(await readFile(join(web, name), 'utf8'), [...files.keys()]);
    files.set(name.replace('.', `-${hashOf(text)}.`), Buffer.from(text));
  }
  const named = [...files.keys()];
  const page = filledIn(await readFile(join(web, 'index.html'), 'utf8'), named);
  files.set('index.html', Buffer.from(page));
  const later = loadedLater(metafile.outputs);
  const kept = named.filter((name) => !later.has(name));
  files.set('worker.js', await buildWorker(web, kept, hashOf(page)));

  await rm(out, { recursive: true, force: true });
  await mkdir(out, { recursive: true });
  for (const [name, bytes] of files) {
    await writeFile(join(out, name), bytes);
    await writeFile(join(out, `${name}.gz`), gzipSync(bytes, { level: constants.Z_BEST_COMPRESSION }));
    await writeFile(join(out, `${name}.br`), brotliCompressSync(bytes));
  }
}

/** Names of the scripts that are loaded only when somebody opens what needs them, and is of no use without the node. */
function loadedLater(outputs) {
  const at = new Map(Object.entries(outputs).map(([path, output]) => [basename(path), output]));
  const first = new Set([...at.keys()].filter((name) => name.startsWith('main-')));
  for (const name of first) {
    for (const { path, kind } of at.get(name).imports) if (kind === 'import-statement') first.add(basename(path));
  }
  return new Set([...at.keys()].filter((name) => !first.has(name)));
}

/** The page names all other files, so its hash stands for all of them. */
async function buildWorker(web, names, version) {
  const { outputFiles } = await build({
    ...OPTIONS,
    entryPoints: [join(web, 'worker', 'main.ts')],
    tsconfig: join(web, 'worker', 'tsconfig.json'),
    define: { FILES: JSON.stringify(names.map((name) => `/${name}`)), VERSION: JSON.stringify(version) },
  });
  return Buffer.from(outputFiles[0].contents);
}

function hashOf(text) {
  return createHash('sha256').update(text).digest('hex').slice(0, 8).toUpperCase();
}

/** `{script}`, `{style}`, `{icon}` and `{manifest}` become the names of these files. */
function filledIn(template, names) {
  const named = { script: /^main-.*\.js$/, style: /\.css$/, icon: /\.svg$/, manifest: /\.webmanifest$/ };
  return template.replace(/\{(script|style|icon|manifest)\}/g, (_, what) => {
    const name = names.find((one) => named[what].test(one));
    if (name === undefined) throw new Error(`web/ has no ${what}`);
    return name;
  });
}
