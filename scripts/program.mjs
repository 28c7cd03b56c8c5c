// Bundles the command line into few files: what Node spends on finding and reading hundreds of small ones is most of what a
// command costs beyond Node's own start. Commander, and all that belongs to the node, which only some commands load, stay where they
// are. Called by scripts/build.mjs.
import { copyFile, mkdir, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, relative, resolve } from 'node:path';
import { build } from 'esbuild';

/** The one library that is bundled too: it is two hundred files, a third of which are messages in other languages. */
const BUNDLED = 'zod';

/** @param from where the compiled sources are; @param out emptied first, beside the folders of `from` in the end */
export async function buildProgram(from, out) {
  await rm(out, { recursive: true, force: true });
  await build({
    entryPoints: { niaga: join(from, 'cli', 'main.js') },
    outdir: out,
    chunkNames: 'part-[hash]',
    bundle: true,
    splitting: true,
    minifyWhitespace: true,
    minifySyntax: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    logLevel: 'warning',
    plugins: [{ name: 'what stays outside', setup: (plugin) => plugin.onResolve({ filter: /./ }, outside(from)) }],
  });
  // Its licence asks for that.
  await mkdir(out, { recursive: true });
  const library = dirname(createRequire(import.meta.url).resolve(`${BUNDLED}/package.json`));
  await copyFile(join(library, 'LICENSE'), join(out, `LICENSE-${BUNDLED}.txt`));
}

function outside(from) {
  return ({ path, kind, importer }) => {
    if (kind === 'entry-point') return undefined;
    const inPackage = importer.includes(`${join('node_modules', BUNDLED)}`);
    if (!path.startsWith('.')) return inPackage || path === BUNDLED ? undefined : { path, external: true };
    const file = relative(from, resolve(dirname(importer), path));
    const isOurs = !inPackage && !file.startsWith(`cli/`);
    // From any of the bundle's files, all of which lie in one folder of dist/.
    return kind === 'dynamic-import' && isOurs ? { path: `../${file}`, external: true } : undefined;
  };
}
