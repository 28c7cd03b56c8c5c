import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { withoutPrivate } from '../../cli/without-private.js';
import { createStore } from '../../node/store/index.js';
import { openHome } from '../../node/home/index.js';
import { niaga } from './cli.js';

let root: string;
beforeEach(async () => void (root = await mkdtemp(join(tmpdir(), 'niaga-bundle-'))));
afterEach(() => rm(root, { recursive: true, force: true }));

describe('the file of niaga doctor --bundle', () => {
  it('says nothing of where the home is, also where the system does', async () => {
    const folder = join(root, 'Rumah Sulastri', 'data niaga');
    const home = await openHome(folder, 'main');
    await using store = createStore({ path: home.storeFolder });
    await store.start();
    await store.stop();
    await rm(join(home.storeFolder, 'CURRENT'));
    await mkdir(join(home.storeFolder, 'CURRENT'));
    const file = join(root, 'Rumah Sulastri', 'report.json');
    const env = { USER: 'sulastri' };
    const ran = await niaga(['doctor', '--bundle', file, '--home', folder], { env });
    // Its owner is told which file it is.
    expect([ran.code, ran.out]).toEqual([1, expect.stringContaining(join(folder, 'main')) as string]);
    const shown = await readFile(file, 'utf8');
    expect(JSON.parse(shown)).toMatchObject({ running: false, findings: expect.arrayContaining([]) as unknown });
    expect(shown).toContain('PATH: ');
    for (const word of ['sulastri', 'rumah', 'data niaga', root, tmpdir()])
      expect(shown.toLowerCase()).not.toContain(word.toLowerCase());
  });
});

describe('what is private', () => {
  const known = { folders: ['/srv/toko bu sari/niaga'], env: { USER: 'bu.sari', LOGNAME: 'root' } };
  const clean = (text: string): string => withoutPrivate({ a: [text] }, known).a[0] ?? '';

  it.each([
    ['IO error: /srv/toko bu sari/niaga/main/store/000005.ldb: no', 'IO error: PATH: no'],
    ['open "/home/dewi/.local/share/x.json" failed', 'open "PATH" failed'],
    ['open C:\\Users\\Dewi Ayu\\niaga\\main\\LOCK: busy', 'open PATH: busy'],
    ['\\\\server\\dewi\\x', 'PATH'],
    ['reached 203.0.113.7 and 2001:db8::17 port 4101', 'reached ADDRESS and ADDRESS port 4101'],
    ['at /ip4/203.0.113.7/tcp/4101/p2p/12D3KooWQ1abcdefghijklmnopqrstuv', 'at PATH'],
    ['/dns4/dewi.example/tcp/4101', 'PATH'],
    [`of z6Mk${'a'.repeat(44)} and bafyrei${'b'.repeat(52)}`, 'of ID and ID'],
    ['the account of Bu.Sari is full', 'the account of NAME is full'],
  ])('is taken out: %s', (text, left) => {
    expect(clean(text)).toBe(left);
  });

  it.each([
    'The root key is still on this machine: who takes the machine has the trader.',
    'niaga backup, then niaga restore on another disk; 3/4 of 1,024 MiB; TypeError: x: y.',
    'linux x64',
    'v20.20.2',
  ])('is nothing of: %s', (text) => {
    expect(clean(text)).toBe(text);
  });
});
