import { readFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const DIST = fileURLToPath(new URL('../../dist/', import.meta.url));
/** Static imports and re-exports; `import(…)` is loaded when it is needed only. */
const IMPORT = /(?:^|;)(?:import|export)\s*(?:[^'"();]*?from\s*)?['"]([^'"]+)['"]/gm;

/** All that a module brings with it: our own files, and the packages that they name. */
async function closure(entry: string): Promise<{ files: Set<string>; packages: Set<string> }> {
  const files = new Set<string>();
  const packages = new Set<string>();
  const visit = async (path: string): Promise<void> => {
    if (files.has(relative(DIST, path))) return;
    files.add(relative(DIST, path));
    for (const [, name = ''] of (await readFile(path, 'utf8')).matchAll(IMPORT)) {
      if (name.startsWith('.')) await visit(join(dirname(path), name));
      else if (!name.startsWith('node:')) packages.add(name);
    }
  };
  await visit(join(DIST, entry));
  return { files, packages };
}

it('a command loads the operation table and what asks a node, and no library but commander and zod', async () => {
  const { files, packages } = await closure('cli/run.js');
  expect([...packages].sort()).toEqual(['commander', 'zod']);
  expect([...files].filter((file) => file.startsWith('node/')).sort()).toEqual([
    'node/api/client.js',
    'node/api/input.js',
    'node/api/operation.js',
    'node/api/operations.js',
    'node/api/rows/arbiter.js',
    'node/api/rows/backup.js',
    'node/api/rows/bases.js',
    'node/api/rows/blocks.js',
    'node/api/rows/chat.js',
    'node/api/rows/config.js',
    'node/api/rows/content.js',
    'node/api/rows/doctor.js',
    'node/api/rows/events.js',
    'node/api/rows/evidence.js',
    'node/api/rows/export.js',
    'node/api/rows/identity.js',
    'node/api/rows/inbox.js',
    'node/api/rows/listing-form.js',
    'node/api/rows/listing.js',
    'node/api/rows/log.js',
    'node/api/rows/mcp.js',
    'node/api/rows/node.js',
    'node/api/rows/picture.js',
    'node/api/rows/private.js',
    'node/api/rows/proof.js',
    'node/api/rows/rating.js',
    'node/api/rows/search.js',
    'node/api/rows/shell.js',
    'node/api/rows/token.js',
    'node/api/rows/trade-fields.js',
    'node/api/rows/trade.js',
    'node/api/rows/trader.js',
    'node/api/rows/watch.js',
    'node/api/rows/webhook.js',
    'node/api/trade-views.js',
    'node/api/views.js',
    'node/events/types.js',
    'node/home/locate.js',
    'node/options.js',
    'node/version.js',
  ]);
});

it('as it is built, a command reads few files, and no library but commander beside them', async () => {
  const { files, packages } = await closure('bin/niaga.js');
  expect([...packages]).toEqual(['commander']);
  expect(files.size).toBeLessThan(20);
});

it('publish, verify and export load no libp2p and no database', async () => {
  for (const name of ['publish', 'verify', 'export', 'init']) {
    const { packages } = await closure(`cli/commands/${name}.js`);
    expect(
      [...packages].filter((each) => /libp2p|chainsafe|level|hono|pino/.test(each)),
      name,
    ).toEqual([]);
  }
});
