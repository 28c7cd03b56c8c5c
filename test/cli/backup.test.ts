import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { openHome } from '../../node/home/index.js';
import { createIdentity, eraseRoot, ownWords } from '../../node/identity/index.js';
import { createStore, jsonCodec } from '../../node/store/index.js';
import { folderWith, niaga } from './cli.js';

const PASSPHRASE = 'lima kata yang diingat';

const OF_THE_MACHINE = ['api-tokens', 'api-keys', 'api-answers', 'webhooks'];

/** A home with an identity and some rows, on which no node runs. */
async function someHome(rows = 3) {
  const folder = await folderWith({ secret: `${PASSPHRASE}\n`, short: 'kopi' });
  const home = await openHome(join(folder.path, 'home'), 'main');
  await createIdentity({ home, network: 'main', name: 'Warung Sari', now: Date.now() });
  await using store = createStore({ path: home.storeFolder });
  await store.start();
  const notes = store.table('notes', jsonCodec<string>());
  await store.write(Array.from({ length: rows }, (_, at) => notes.put(String(at), `row ${at}`)));
  await store.write(OF_THE_MACHINE.map((name) => store.table(name, jsonCodec<string>()).put('one', '')));
  const at = (name: string) => join(folder.path, name);
  return { ...folder, at, home, [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose]() };
}

async function rowsOf(path: string): Promise<number[]> {
  await using store = createStore({ path });
  await store.start();
  return await Promise.all([...OF_THE_MACHINE, 'notes'].map((name) => store.table(name, jsonCodec<string>()).count()));
}

const secret = (at: (name: string) => string) => ['--passphrase-file', at('secret')];

describe('niaga backup', () => {
  it('writes one file of the home, which is checked and restored by commands', { timeout: 240_000 }, async () => {
    await using given = await someHome();
    const { at, home } = given;
    const file = at('niaga.backup');
    const made = await niaga(['backup', file, ...secret(at), '--home', home.home, '--json']);
    expect(made).toMatchObject({ code: 0 });
    expect(JSON.parse(made.out)).toMatchObject({ file, network: 'main', problems: [] });
    expect(made.err).toContain('Without the passphrase nobody can open it');
    const checked = await niaga(['backup', 'check', file, ...secret(at)]);
    expect(checked).toMatchObject({ code: 0 });
    expect(checked.err).toContain('The backup is whole.');

    const restored = await niaga(['restore', file, ...secret(at), '--home', at('new'), '--json']);
    expect(restored).toMatchObject({ code: 0 });
    const view = JSON.parse(restored.out) as { device: string; before: string; home: string };
    expect(view.device).not.toBe(view.before);
    expect(view.home).toBe(at('new/main'));
    expect(restored.err).toContain(`niaga identity revoke ${view.before}`);
    expect((await readdir(at('new/main'))).sort()).toEqual(['FORMAT', 'identity', 'store']);
    // Whom the other machine let in, and where its events went, is not this one's.
    expect(await rowsOf(home.storeFolder)).toEqual([1, 1, 1, 1, 3]);
    expect(await rowsOf(at('new/main/store'))).toEqual([0, 0, 0, 0, 3]);

    const again = await niaga(['restore', file, ...secret(at), '--home', at('new')]);
    expect(again).toMatchObject({ code: 1 });
    expect(again.err).toContain('There is a home');
    expect(await readdir(at('new'))).toEqual(['main']);
  });

  it('asks for the words where the backup has no root key, and for nothing before', { timeout: 240_000 }, async () => {
    await using given = await someHome();
    const { at, home } = given;
    const { words, traderText } = await ownWords(home, undefined);
    await eraseRoot(home);
    const file = at('niaga.backup');
    expect(await niaga(['backup', file, ...secret(at), '--home', home.home])).toMatchObject({ code: 0 });
    const none = await niaga(['restore', file, ...secret(at), '--home', at('new')]);
    expect(none).toMatchObject({ code: 4 });
    expect(await readdir(at('new'))).toEqual([]);
    const done = await niaga(['restore', file, ...secret(at), '--home', at('new'), '--json'], {
      stdin: `${words.join(' ')}\n`,
    });
    expect(done).toMatchObject({ code: 0 });
    expect(JSON.parse(done.out)).toMatchObject({ trader: traderText });
    // The words are typed for one signature: the root key is not on this machine either.
    expect((await readdir(at('new/main/identity'))).sort()).toEqual(['device.json', 'records.json', 'restoring.json']);
  });

  it('that is not there is told of before a passphrase is asked for', async () => {
    await using folder = await folderWith();
    const file = join(folder.path, 'none.backup');
    for (const words of [['restore'], ['backup', 'check']])
      expect(await niaga([...words, file, '--home', folder.path])).toMatchObject({
        code: 5,
        err: expect.stringContaining(file) as string,
      });
  });

  it('has its passphrase from a file or a terminal, and takes none that is short', { timeout: 240_000 }, async () => {
    await using given = await someHome();
    const { at, home } = given;
    const ask = (...words: string[]) => niaga(['backup', at('b'), '--home', home.home, ...words]);
    expect(await ask()).toMatchObject({ code: 2, err: expect.stringContaining('--passphrase-file') as string });
    expect(await ask('--passphrase-file', at('short'))).toMatchObject({ code: 1 });
    expect(await readdir(given.path)).not.toContain('b');
    const stdin = Object.assign(new PassThrough(), { isTTY: true, setRawMode: () => undefined });
    stdin.write(`${PASSPHRASE}\r`);
    const typing = niaga(['backup', at('b'), '--home', home.home], {
      stdin,
      onErr: (text) => void (text.includes('once more') && stdin.write(`${PASSPHRASE}\r`)),
    });
    const typed = await typing;
    expect(typed).toMatchObject({ code: 0 });
    expect(typed.err).not.toContain('lima');
    expect(await niaga(['backup', 'check', at('b'), ...secret(at)])).toMatchObject({ code: 0 });
  });

  it(
    'writes over no file unless told, and keeps the one that is there when it fails',
    { timeout: 240_000 },
    async () => {
      await using given = await someHome();
      const { at, home } = given;
      await writeFile(at('b'), 'older');
      const command = ['backup', at('b'), ...secret(at), '--home', home.home];
      expect(await niaga(command)).toMatchObject({ code: 1 });
      await rm(home.identityFolder, { recursive: true });
      await mkdir(home.identityFolder);
      expect(await niaga([...command, '--force'])).toMatchObject({ code: 3 });
      expect(await readFile(at('b'), 'utf8')).toBe('older');
      expect((await readdir(given.path)).sort()).toEqual(['b', 'home', 'secret', 'short']);
    },
  );
});
