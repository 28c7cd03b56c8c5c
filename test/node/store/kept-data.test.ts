import { cp, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createNode } from '../../../node/index.js';
import { cborCodec, createStore, jsonCodec, type Migration } from '../../../node/store/index.js';
import { MIGRATIONS } from '../../../node/store/migrations.js';
import { bytesOf } from './support.js';

/** Made by scripts/data-folder.mjs, one with each version. */
const FIXTURES = fileURLToPath(new URL('../../fixtures/data/', import.meta.url));

interface Shown {
  readonly now: number;
  readonly trader: string;
  readonly listings: Readonly<Record<string, object>>;
  readonly trade: { readonly id: string; readonly state: string };
  readonly chat: readonly string[];
  readonly tokens: readonly object[];
  readonly watches: number;
}

describe.each(await readdir(FIXTURES))('the data folder of version %s', (version) => {
  let folder: string;
  let shown: Shown;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'niaga-kept-'));
    await cp(join(FIXTURES, version, 'home'), folder, { recursive: true });
    shown = JSON.parse(await readFile(join(FIXTURES, version, 'shown.json'), 'utf8')) as Shown;
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('is opened by this one, and shows what it showed', { timeout: 120_000 }, async () => {
    const begun = performance.now();
    await using node = await createNode({
      home: folder,
      listen: ['/ip4/127.0.0.1/tcp/0'],
      mdns: false,
      // The permission of a device ends after a year; data is kept for longer.
      now: () => shown.now + Math.round(performance.now() - begun),
    });
    const { id, state } = shown.trade;
    expect(node.trader).toBe(shown.trader);
    for (const [listing, view] of Object.entries(shown.listings))
      expect(await node.listingShow({ listing })).toMatchObject(view);
    expect((await node.tradeShow({ trade: id })).state).toBe(state);
    expect((await node.chatShow({ with: id })).items.map(({ text }) => text)).toEqual(shown.chat);
    expect((await node.tokenList({})).items).toMatchObject(shown.tokens);
    expect((await node.watchList({})).items).toHaveLength(shown.watches);
    expect((await node.status({})).integrity).toMatchObject({ ok: true, corrupt: 0, lost: 0 });
  });

  it('is brought up by numbered steps after a copy was put aside, and then refused by this one unchanged', async () => {
    const path = join(folder, 'main', 'store');
    const before = await bytesOf(path);
    const next: Migration = {
      version: MIGRATIONS.length + 1,
      name: 'a step of a later version',
      migrate: async (store) => [store.table('later', jsonCodec<string>()).put('k', 'new')],
    };
    {
      await using later = createStore({ path, options: { migrations: [...MIGRATIONS, next] } });
      await later.start();
      expect(later.integrity?.ok).toBe(true);
      expect(await later.table('later', jsonCodec<string>()).get('k')).toBe('new');
      expect(await later.table('api-tokens', cborCodec()).count()).toBe(shown.tokens.length);
    }
    const [copy = ''] = (await readdir(join(folder, 'main'))).filter((name) => name.startsWith('store-of-schema-'));
    expect(await bytesOf(join(folder, 'main', copy))).toEqual(before);
    const after = await bytesOf(path);
    const options = { home: folder, listen: ['/ip4/127.0.0.1/tcp/0'], mdns: false };
    await expect(createNode(options)).rejects.toMatchObject({ code: 'HOME_NEWER' });
    expect(await bytesOf(path)).toEqual(after);
  });
});
