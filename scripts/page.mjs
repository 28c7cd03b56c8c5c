// Builds web/ into a folder of files that the node serves as they are: one script, one style sheet and one icon, each with the
// hash of its content in its name, the page that names them, and each beside it compressed. Called by scripts/build.mjs.
import { createHash } from 'node:crypto';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { basename, extname, join } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import { build } from 'esbuild';

/** Browsers of phones that are still in use: Chrome 87, Safari 14. */
const TARGET = ['es2020'];

/** @param root the folder of package.json; @param out emptied first */
export async function buildPage(root, out) {
  const web = join(root, 'web');
  const { outputFiles } = await build({
    entryPoints: [join(web, 'main.tsx'), join(web, 'styles', 'main.css')],
    outdir: out,
    entryNames: '[name]-[hash]',
    bundle: true,
    minify: true,
    write: false,
    format: 'esm',
    platform: 'browser',
    target: TARGET,
    charset: 'utf8',
    legalComments: 'none',
    tsconfig: join(web, 'tsconfig.json'),
    logLevel: 'warning',
  });
  const files = new Map(outputFiles.map(({ path, contents }) => [basename(path), Buffer.from(contents)]));
  const icon = await readFile(join(web, 'icon.svg'));
  files.set(`icon-${hashOf(icon)}.svg`, icon);
  const template = await readFile(join(web, 'index.html'), 'utf8');
  files.set('index.html', Buffer.from(filledIn(template, [...files.keys()])));

  await rm(out, { recursive: true, force: true });
  await mkdir(out, { recursive: true });
  for (const [name, bytes] of files) {
    await writeFile(join(out, name), bytes);
    await writeFile(join(out, `${name}.gz`), gzipSync(bytes, { level: constants.Z_BEST_COMPRESSION }));
    await writeFile(join(out, `${name}.br`), brotliCompressSync(bytes));
  }
}

function hashOf(bytes) {
  return createHash('sha256').update(bytes).digest('hex').slice(0, 8).toUpperCase();
}

/** `{script}`, `{style}` and `{icon}` become the names of the files of these kinds. */
function filledIn(template, names) {
  const named = { script: '.js', style: '.css', icon: '.svg' };
  return template.replace(/\{(script|style|icon)\}/g, (_, what) => {
    const name = names.find((one) => extname(one) === named[what]);
    if (name === undefined) throw new Error(`web/ has no ${what}`);
    return name;
  });
}
