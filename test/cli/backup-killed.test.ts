import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { createIdentity, eraseRoot } from '../../node/identity/index.js';
import { entry } from '../../node/backup/entries.js';
import { openHome } from '../../node/home/index.js';
import { createStore } from '../../node/store/index.js';
import { folderWith, niaga, serveHome } from './cli.js';

const MAIN = fileURLToPath(new URL('../../dist/bin/niaga.js', import.meta.url));
const PASSPHRASE = 'lima kata yang diingat';

/** Runs a command until something has come true, then kills it: it ends by nothing else. */
async function killedOnce(words: readonly string[], isSo: () => Promise<boolean>): Promise<void> {
  // Standard input stays open and says nothing: whoever asks waits.
  const child = spawn(process.execPath, [MAIN, ...words], { stdio: ['pipe', 'ignore', 'ignore'] });
  const ended = once(child, 'close');
  while (!(await isSo()) && child.exitCode === null) await new Promise((resolve) => setTimeout(resolve, 20));
  expect(child.exitCode).toBe(null);
  child.kill('SIGKILL');
  await ended;
}

const temporaries = async (folder: string) => (await readdir(folder)).filter((name) => name.endsWith('.niaga-tmp'));

it('a backup that is killed in the middle leaves no file of its name', { timeout: 240_000 }, async () => {
  const row = Buffer.from(entry('row', 'key', new Uint8Array(1024 * 1024))).toString('base64');
  await using served = await serveHome({
    async *backup(_input, { signal }) {
      yield { rows: row, count: 1 };
      await once(signal, 'abort');
    },
  });
  await using folder = await folderWith({ secret: PASSPHRASE });
  await createIdentity({
    home: { identityFolder: join(served.home, 'main', 'identity') },
    network: 'main',
    now: Date.now(),
  });
  const words = [
    'backup',
    join(folder.path, 'b'),
    '--passphrase-file',
    join(folder.path, 'secret'),
    '--home',
    served.home,
  ];
  await killedOnce(words, async () => {
    const [name] = await temporaries(folder.path);
    return name !== undefined && (await stat(join(folder.path, name))).size > 500_000;
  });
  expect((await readdir(folder.path)).filter((name) => !name.endsWith('.niaga-tmp'))).toEqual(['secret']);
});

it(
  'a restoring that is killed in the middle leaves no home, and the next one removes what it had written',
  { timeout: 240_000 },
  async () => {
    await using folder = await folderWith({ secret: PASSPHRASE });
    const at = (name: string) => join(folder.path, name);
    const home = await openHome(at('home'), 'main');
    await createIdentity({ home, network: 'main', now: Date.now() });
    await eraseRoot(home);
    {
      await using store = createStore({ path: home.storeFolder });
      await store.start();
    }
    const given = ['--passphrase-file', at('secret'), '--home'];
    expect(await niaga(['backup', at('b'), ...given, home.home])).toMatchObject({ code: 0 });
    // It asks for the words when everything else is there.
    await killedOnce(['restore', at('b'), ...given, at('new')], async () => {
      const [name] = await temporaries(at('new')).catch(() => []);
      return name !== undefined && (await readdir(at(`new/${name}`))).includes('FORMAT');
    });
    expect(await readdir(at('new'))).toEqual(await temporaries(at('new')));
    expect(await temporaries(at('new'))).toHaveLength(1);
    await writeFile(at('new/mine'), '');
    expect(await niaga(['restore', at('b'), ...given, at('new')])).toMatchObject({ code: 4 });
    expect(await readdir(at('new'))).toEqual(['mine']);
  },
);
