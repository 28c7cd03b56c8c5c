import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createStore, type Store } from '../../../node/store/index.js';
import { createTokens, type Tokens } from '../../../node/tokens/index.js';

const day = 24 * 60 * 60 * 1000;
const minute = 60_000;

let folder: string;
let store: Store;
let tokens: Tokens;
let now: number;

async function open(): Promise<void> {
  store = createStore({ path: join(folder, 'store') });
  await store.start();
  tokens = createTokens({ store, now: () => now });
  await tokens.start();
}

async function close(): Promise<void> {
  await tokens.stop();
  await store.stop();
}

beforeEach(async () => {
  now = 1_700_000_000_000;
  folder = await mkdtemp(join(tmpdir(), 'niaga-tokens-'));
  await open();
});

afterEach(async () => {
  await close();
  await rm(folder, { recursive: true, force: true });
});

describe('a token', () => {
  it('is known by its text, before and after a restart, and allows what it was made for', async () => {
    const { token } = await tokens.create('kasir', { scopes: ['trade', 'read', 'read'] });
    for (const time of ['before', 'after']) {
      const caller = tokens.find(token);
      expect([time, caller?.name, [...(caller?.scopes ?? [])]]).toEqual([time, 'kasir', ['read', 'trade']]);
      expect(tokens.find(`${token}A`)).toBeUndefined();
      expect(tokens.find(token.slice(1))).toBeUndefined();
      await close();
      await open();
    }
  });

  it('stands nowhere on the disk, nor in the list', async () => {
    const { token } = await tokens.create('kasir', { scopes: ['read'] });
    expect(JSON.stringify(tokens.list())).not.toContain(token);
    await close();
    const files = await readdir(join(folder, 'store'), { recursive: true, withFileTypes: true });
    for (const file of files.filter((each) => each.isFile())) {
      const bytes = await readFile(join(file.parentPath, file.name));
      expect(bytes.includes(token), file.name).toBe(false);
      expect(bytes.includes(Buffer.from(token, 'base64url')), file.name).toBe(false);
    }
    await open();
  });

  it('has a name of its own, none that pages and the owner have, and there is room for a hundred', async () => {
    await tokens.create('kasir', { scopes: ['read'] });
    for (const name of ['kasir', 'owner', 'page-1']) {
      await expect(tokens.create(name, { scopes: ['read'] }), name).rejects.toMatchObject({ code: 'TOKEN_NAME' });
    }
    for (let n = 1; n < 100; n++) await tokens.create(`t${n}`, { scopes: ['read'] });
    await expect(tokens.create('one-more', { scopes: ['read'] })).rejects.toMatchObject({ code: 'TOKEN_LIMIT' });
    await tokens.revoke('t5');
    await tokens.create('one-more', { scopes: ['read'] });
    expect(tokens.list()).toHaveLength(100);
  });

  it('works no more once it is revoked, and what runs in its name ends, also after a restart', async () => {
    const { token } = await tokens.create('kasir', { scopes: ['read'] });
    const caller = tokens.find(token);
    await tokens.revoke('kasir');
    expect(caller?.ended.reason).toMatchObject({ code: 'API_TOKEN' });
    expect([tokens.find(token), tokens.list()]).toEqual([undefined, []]);
    await expect(tokens.revoke('kasir')).rejects.toMatchObject({ code: 'TOKEN_NOT_FOUND' });
    await close();
    await open();
    expect(tokens.find(token)).toBeUndefined();
  });

  it('works no more when its days are over; its name is free then', async () => {
    const { token } = await tokens.create('kasir', { scopes: ['read'], days: 2 });
    now += 2 * day - 1;
    expect(tokens.find(token)).toBeDefined();
    now += 1;
    expect([tokens.find(token), tokens.list()]).toEqual([undefined, []]);
    const { token: next } = await tokens.create('kasir', { scopes: ['read'] });
    expect(tokens.find(next)?.name).toBe('kasir');
    expect(tokens.find(token)).toBeUndefined();
  });

  it('takes no room of the hundred when its days are over', async () => {
    for (let n = 0; n < 100; n++) await tokens.create(`t${n}`, { scopes: ['read'], days: 1 });
    await expect(tokens.create('one-more', { scopes: ['read'] })).rejects.toMatchObject({ code: 'TOKEN_LIMIT' });
    now += day;
    await tokens.create('one-more', { scopes: ['read'] });
    await close();
    await open();
    expect(tokens.list().map(({ name }) => name)).toEqual(['one-more']);
    for (let n = 1; n < 100; n++) await tokens.create(`t${n}`, { scopes: ['read'] });
  });

  it('ends what runs in its name when its days are over, without being asked for', async () => {
    const { token } = await tokens.create('kasir', { scopes: ['read'], days: 1 });
    await close();
    now += day - 20;
    await open();
    const ended = tokens.find(token)?.ended;
    now += 20;
    await new Promise<void>((resolve) => {
      if (ended?.aborted === true) resolve();
      else ended?.addEventListener('abort', () => resolve());
    });
    expect(ended?.reason).toMatchObject({ code: 'API_TOKEN' });
  });
});

describe('who has a token', () => {
  it('ends that one and no other, also after a restart; its name is free then', async () => {
    const phone = await tokens.redeem(tokens.link(['read'], 'telepon').code);
    const other = await tokens.create('kasir', { scopes: ['read'] });
    const caller = tokens.find(phone.token) ?? expect.unreachable();
    expect([await tokens.end(caller), caller.ended.aborted]).toEqual([true, true]);
    await close();
    await open();
    expect([tokens.find(phone.token), tokens.find(other.token)?.name]).toEqual([undefined, 'kasir']);
    const again = await tokens.redeem(tokens.link(['read'], 'telepon').code);
    // What is asked for with the old one when the new one is there.
    expect([await tokens.end(caller), tokens.find(again.token)?.name]).toEqual([false, 'telepon']);
  });
});

describe('a link to the page', () => {
  it('lets one page in, once, with what it was made for', async () => {
    const { code } = tokens.link(['read']);
    const { token, name, page } = await tokens.redeem(code);
    expect([page, tokens.find(token)?.name, [...(tokens.find(token)?.scopes ?? [])]]).toEqual([true, name, ['read']]);
    await expect(tokens.redeem(code)).rejects.toMatchObject({ code: 'API_CODE' });
    await tokens.revoke(name);
    expect(tokens.find(token)).toBeUndefined();
  });

  it('is good for ten minutes, and only in the life of the node', async () => {
    const old = tokens.link(['read']);
    now += 10 * minute;
    await expect(tokens.redeem(old.code)).rejects.toMatchObject({ code: 'API_CODE' });
    const { code } = tokens.link(['read']);
    const { token } = await tokens.redeem(tokens.link(['admin']).code);
    await close();
    expect(tokens.find(token)).toBeUndefined();
    await open();
    expect(tokens.find(token)).toBeUndefined();
    await expect(tokens.redeem(code)).rejects.toMatchObject({ code: 'API_CODE' });
  });

  it('gives way to newer ones, and so do pages: what anybody can ask for is bounded', async () => {
    const first = tokens.link(['read']);
    for (let n = 0; n < 16; n++) tokens.link(['read']);
    await expect(tokens.redeem(first.code)).rejects.toMatchObject({ code: 'API_CODE' });
    const pages: string[] = [];
    while (pages.length < 33) pages.push((await tokens.redeem(tokens.link(['read']).code)).token);
    expect(tokens.list()).toHaveLength(32);
    expect(tokens.find(pages[0] ?? '')).toBeUndefined();
    expect(tokens.find(pages[32] ?? '')).toBeDefined();
  });

  it('of a phone gives it a token of its own name, which is there after a restart and can be revoked', async () => {
    const { code } = tokens.link(['read', 'trade'], 'telepon');
    const { token, ...view } = await tokens.redeem(code);
    expect(view).toMatchObject({ name: 'telepon', scopes: ['read', 'trade'], page: false });
    await expect(tokens.redeem(code)).rejects.toMatchObject({ code: 'API_CODE' });
    const taken = { code: 'TOKEN_NAME', next: 'End that one first: niaga token revoke telepon' };
    expect(() => tokens.link(['read'], 'telepon')).toThrow(expect.objectContaining(taken) as Error);
    await close();
    await open();
    expect(tokens.find(token)?.name).toBe('telepon');
    await tokens.revoke('telepon');
    expect(tokens.find(token)).toBeUndefined();
  });
});
