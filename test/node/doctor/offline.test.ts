import { chmod, mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Level } from 'level';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Finding } from '../../../node/api/rows/doctor.js';
import { checkMessages } from '../../../node/doctor/network.js';
import { examineHome } from '../../../node/doctor/offline.js';
import { openHome, type Home } from '../../../node/home/index.js';
import { createIdentity } from '../../../node/identity/index.js';
import type { StateChange } from '../../../node/mail/index.js';
import { createStore, jsonCodec } from '../../../node/store/index.js';

let folder: string;
let home: Home;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'niaga-doctor-'));
  home = await openHome(folder, 'main');
  await createIdentity({ home, network: 'main', now: Date.now() });
  await using store = createStore({ path: home.storeFolder });
  await store.start();
  const notes = store.table('notes', jsonCodec<string>());
  await store.write([notes.put('1', 'one'), notes.put('2', 'two')]);
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function finding(check: Finding['check'], repair = false): Promise<Finding | undefined> {
  const { findings } = await examineHome(home, { repair });
  return findings.find((one) => one.check === check);
}

describe('niaga doctor without a node', () => {
  it('finds a row that the disk has changed, and gives it up when told to', async () => {
    expect(await finding('integrity')).toMatchObject({ verdict: 'ok' });
    const db = new Level<string, Uint8Array>(home.storeFolder, { valueEncoding: 'view', compression: false });
    await db.put('!notes!1', new Uint8Array(40));
    await db.close();
    expect(await finding('integrity')).toMatchObject({ verdict: 'fail' });
    expect(await finding('integrity')).toMatchObject({ verdict: 'fail' });
    expect(await finding('integrity', true)).toMatchObject({ verdict: 'warn', repaired: true });
    expect(await finding('integrity')).toMatchObject({ verdict: 'ok' });
    await using store = createStore({ path: home.storeFolder });
    await store.start();
    expect(await store.table('notes', jsonCodec<string>()).get('2')).toBe('two');
  });

  it('finds keys that others of the machine can read, and closes them when told to', async () => {
    const key = join(home.identityFolder, 'device.json');
    await chmod(key, 0o644);
    expect(await finding('files')).toMatchObject({ verdict: 'fail', next: 'niaga doctor --repair' });
    expect((await stat(key)).mode & 0o777).toBe(0o644);
    expect(await finding('files', true)).toMatchObject({ verdict: 'ok', repaired: true });
    expect((await stat(key)).mode & 0o777).toBe(0o600);
    expect(await finding('files')).toEqual({ check: 'files', verdict: 'ok', found: 'Only you can read the keys.' });
  });

  it('says of a store that another process has open who has it, and does not touch it', async () => {
    await using store = createStore({ path: home.storeFolder });
    await store.start();
    const found = await finding('integrity', true);
    expect(found).toMatchObject({ verdict: 'fail', found: 'Another niaga process uses this home.' });
    expect((await store.check()).ok).toBe(true);
  });
});

describe('the check of messages', () => {
  const sent = (state: StateChange['state'], since: number): StateChange => ({
    id: '',
    to: new Uint8Array(32),
    kind: 'chat',
    state,
    since,
  });
  const of = (...waiting: StateChange[]) => checkMessages({ waiting: () => waiting }, 10_000_000);

  it('leaves alone what is under way, and tells what is stuck or was refused', () => {
    expect(of()).toMatchObject({ verdict: 'ok' });
    expect(of(sent('queued', 9_999_000), sent('stored', 0), sent('delivered', 0))).toMatchObject({ verdict: 'ok' });
    expect(of(sent('queued', 0))).toMatchObject({ verdict: 'warn', next: 'See niaga inbox' });
    expect(of(sent('refused', 9_999_999)).next).toContain('niaga inbox clear');
  });
});
