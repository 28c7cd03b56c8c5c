import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { NiagaError } from '../../../protocol/errors.js';
import { sealCapsule } from '../../../protocol/identity/capsule.js';
import { createIdentity, delegate, ownWords, restoreIdentity } from '../../../node/identity/index.js';
import { writeBody } from '../../../node/network/bodies.js';
import type { Network } from '../../../node/network/index.js';
import { createTraderRecords, TRADER_RECORD_KINDS } from '../../../node/trader-records/index.js';
import { GET_METHOD, LIST_METHOD, PUT_METHOD } from '../../../node/trader-records/wire.js';
import { temporaryFolder } from '../store/support.js';
import { createAuthor, DAY, NETWORK, openBase, openTrader, openTraders, type Trader } from './support.js';
import { PATIENCE } from '../../support/patience.js';

/** What is due is looked for every five seconds. */
const TWO_CHECKS = 11_000;
const NAMELESS = new Uint8Array(32).fill(9);

describe('the records of traders', () => {
  let sari: Trader;
  let others: Trader[];

  beforeEach(async () => {
    [sari, ...others] = (await openTraders(4)) as [Trader, ...Trader[]];
  });

  it('are read from other nodes while their trader sleeps, the newest of them', async () => {
    expect(await others[0]?.records.get(sari.identity.trader, 'block-list')).toBeUndefined();
    const blocked = { trader: NAMELESS, since: 5, reason: 'sold empty boxes' };
    await sari.records.publish('block-list', { traders: [] });
    const { replicas, record } = await sari.records.publish('block-list', { traders: [blocked] });
    expect(replicas).toBe(3);
    expect(record.payload.seq).toBe(2);
    await sari.stop();
    for (const { records } of others) {
      const found = await records.get(sari.identity.trader, 'block-list');
      expect(found?.payload.item.traders).toEqual([blocked]);
      expect(found?.id.equals(record.id)).toBe(true);
    }
  });

  it('are never those that a lying node makes up', async () => {
    const liar = await openBase({ bootstrap: sari.network.addresses() });
    const mallory = createAuthor(Date.now());
    const record = mallory.sign('profile', { name: 'Sari, the real one' }, 99);
    liar.network.handle(GET_METHOD, async () =>
      writeBody({ found: { record: record.bytes, delegation: mallory.delegation } }),
    );
    await vi.waitFor(() => expect(others[0]?.network.directory.get(liar.network.peerId)).toBeDefined(), PATIENCE);
    await sari.records.publish('profile', { name: 'Sari' });
    const found = await others[0]?.records.get(sari.identity.trader, 'profile');
    expect(found?.payload.item.name).toBe('Sari');
    expect(others[0]?.refused).toContain('RECORD_ID');
  });

  it('are listed though one beside them does not hold', async () => {
    const liar = await openBase({ bootstrap: sari.network.addresses() });
    const [expired, honest] = [createAuthor(Date.now() - 2 * DAY, Date.now() - DAY), createAuthor(Date.now())];
    const found = [expired, honest].map((author, at) => ({
      record: author.sign(
        'arbiter-offer',
        { open: true, languages: ['id'], fees: [{ amount: 1, currency: 'IDR' }] },
        1,
        Date.now() - 1.5 * (1 - at) * DAY,
      ).bytes,
      delegation: author.delegation,
    }));
    liar.network.handle(LIST_METHOD, async () => writeBody({ found }));
    await vi.waitFor(() => expect(others[0]?.network.directory.get(liar.network.peerId)).toBeDefined(), PATIENCE);
    await vi.waitFor(async () => {
      const listed = await others[0]?.records.list('arbiter-offer');
      expect(listed?.map(({ payload }) => payload.trader)).toEqual([honest.trader]);
    }, PATIENCE);
    expect(others[0]?.refused).not.toEqual([]);
  });

  it('come after what the network knows, where a home was set back', async () => {
    const folder = await temporaryFolder();
    const budi = await openTrader({ folder: await homeOf(folder, 'Budi'), bootstrap: sari.network.addresses() });
    await vi.waitFor(() => expect(budi.network.directory.size).toBe(4), PATIENCE);
    await budi.records.publish('block-list', { traders: [] });
    await budi.records.publish('block-list', { traders: [{ trader: NAMELESS, since: 1 }] });
    await budi.stop();
    const again = await openTrader({ folder: await copyIdentity(folder), bootstrap: sari.network.addresses() });
    await vi.waitFor(() => expect(again.network.directory.size).toBe(4), PATIENCE);
    const { record, replicas } = await again.records.publish('block-list', { traders: [] });
    expect([record.payload.seq, replicas]).toEqual([3, 4]);
    expect((await sari.records.get(again.identity.trader, 'block-list'))?.payload.seq).toBe(3);
  });

  it('are gone on from by a restored machine, also where it said something before it had heard of them', async () => {
    const folder = await homeOf(await temporaryFolder(), 'Budi');
    const bootstrap = sari.network.addresses();
    const old = await openTrader({ folder, bootstrap });
    const { trader } = old.identity;
    const nameOf = async () => (await sari.records.get(trader, 'profile'))?.payload.item.name;
    await vi.waitFor(async () => expect(await nameOf()).toBe('Budi'), PATIENCE);
    await old.records.publish('profile', { name: 'Budi', description: 'Tutup' });
    await old.stop();
    const { words } = await ownWords({ identityFolder: join(folder, 'identity') }, undefined);
    const restored = await temporaryFolder();
    const home = { identityFolder: join(restored, 'identity') };
    await restoreIdentity(home, words.join(' '), { network: NETWORK, now: Date.now(), label: 'Baru' });
    const again = await openTrader({ folder: restored, bootstrap });
    await vi.waitFor(() => expect(again.network.directory.size).toBeGreaterThan(2), PATIENCE);
    await again.records.publish('profile', { name: '', description: 'Buka' });
    expect(await again.records.takeOver(['profile'])).toEqual([true]);
    expect(again.records.own('profile')?.payload.item).toEqual({ name: 'Budi', description: 'Buka' });
    expect(await nameOf()).toBe('Budi');
  });

  it('tell nothing found from nobody answered', async () => {
    expect(await sari.records.get(NAMELESS, 'profile')).toBeUndefined();
    const alone = await openTrader();
    await expect(alone.records.get(NAMELESS, 'profile')).rejects.toMatchObject({ code: 'PEER_UNREACHABLE' });
  });
});

describe('a trader with a name', () => {
  it('has a profile as soon as there are others, signed anew only when it says something else', async () => {
    const folder = await homeOf(await temporaryFolder(), 'Warung Sari');
    const [reader] = (await openTraders(1)) as [Trader];
    const named = await openTrader({ folder, bootstrap: reader.network.addresses() });
    await vi.waitFor(async () => {
      const profile = await reader.records.get(named.identity.trader, 'profile');
      expect(profile?.payload.item.name).toBe('Warung Sari');
    }, PATIENCE);
    const before = named.records.own('profile');
    await named.records.stop();
    await named.records.start();
    expect(named.records.own('profile')?.id).toEqual(before?.id);
  });

  it('has its profile out within seconds though nobody took it at first, and with the next word it says', async () => {
    const folder = await homeOf(await temporaryFolder(), 'Warung Sari');
    const [reader] = (await openTraders(1)) as [Trader];
    const base = await openBase({ folder, bootstrap: reader.network.addresses() });
    let broken = true;
    const request: Network['request'] = (peer, method, ...rest) =>
      broken && method === PUT_METHOD
        ? Promise.reject(new NiagaError('PEER_UNREACHABLE', 'Cut for the test.'))
        : base.network.request(peer, method, ...rest);
    const network = new Proxy(base.network, {
      get: (target, name) => {
        if (name === 'request') return request;
        const value: unknown = Reflect.get(target, name, target);
        return typeof value === 'function' ? (value.bind(target) as unknown) : value;
      },
    });
    const records = createTraderRecords({ ...base.deps, network });
    onTestFinished(() => records.stop());
    const known = async (): Promise<string | undefined> =>
      (await reader.records.get(base.identity.trader, 'profile'))?.payload.item.name;
    // Each knows the other, so that what is not found is not there.
    await vi.waitFor(
      () => expect([reader.network, base.network].map(({ directory }) => directory.size)).toEqual([1, 1]),
      PATIENCE,
    );
    await records.start();
    await records.publish('block-list', { traders: [] });
    expect(await known()).toBeUndefined();
    broken = false;
    await records.publish('block-list', { traders: [] });
    expect(await known()).toBe('Warung Sari');

    broken = true;
    await records.publish('profile', { name: 'Warung Budi' });
    broken = false;
    await vi.waitFor(async () => expect(await known()).toBe('Warung Budi'), { timeout: 60_000, interval: 200 });
  });

  it('signs its records anew under a renewed delegation, so that they outlive the old one', async () => {
    const folder = await homeOf(await temporaryFolder(), 'Warung Sari');
    const trader = await openTrader({ folder });
    const before = trader.records.own('profile');
    await trader.stop();
    const later = await openTrader({ folder, clock: { now: Date.now() + 200 * DAY } });
    const after = later.records.own('profile');
    expect(after?.payload).toMatchObject({ seq: 2, item: { name: 'Warung Sari' } });
    expect(after?.delegation).toEqual(later.identity.delegation.id);
    expect(after?.delegation).not.toEqual(before?.delegation);
  });
});

describe('what a trader said under a delegation that was renewed while it runs', () => {
  /** A trader who has said something, and others who read it; the delegation of its device is renewed after half a year. */
  async function openRenewable(mayWrite?: () => boolean) {
    const clock = { now: Date.now() };
    const [reader] = (await openTraders(2, { clock })) as [Trader];
    const base = await openBase({ name: 'Warung Sari', bootstrap: reader.network.addresses(), clock });
    const records = createTraderRecords({ ...base.deps, mayWrite });
    onTestFinished(() => records.stop());
    await vi.waitFor(() => expect(base.network.directory.size).toBe(2), PATIENCE);
    await records.start();
    const { identity } = base;
    const root = await identity.root();
    if (root === undefined) throw new Error('no root');
    const renew = async () => {
      const renewed = delegate(root, identity.device, { network: NETWORK, now: clock.now });
      await identity.adopt(renewed, clock.now);
      return renewed;
    };
    return { clock, reader, records, identity, renew };
  }

  it('is signed anew then, and outlives the old one without a restart', { timeout: 120_000 }, async () => {
    const { clock, reader, records, identity, renew } = await openRenewable();
    const { recovery } = identity.delegation.payload;
    if (recovery === undefined) throw new Error('nothing to seal a capsule to');
    const open = { counter: 0, as: clock.now, trades: [], omitted: 0 };
    await records.publish('capsule', { sealed: sealCapsule(open, recovery, new Uint8Array(32).fill(7)) });
    await records.publish('arbiter-offer', { open: true, languages: ['id'], fees: [{ amount: 1, currency: 'IDR' }] });
    await records.publish('block-list', { traders: [] });
    await records.publish('ratings', { ratings: [] });
    const said = TRADER_RECORD_KINDS.map((kind) => records.own(kind));
    const first = identity.delegation;
    clock.now += 183 * DAY;
    const second = await renew();
    clock.now = first.payload.expires + DAY;
    for (const before of said) {
      if (before === undefined) throw new Error('it says less than there is to say');
      await vi.waitFor(async () => {
        const found = await reader.records.get(identity.trader, before.payload.kind);
        expect([found?.payload.item, found?.delegation]).toEqual([before.payload.item, second.id]);
      }, PATIENCE);
    }
  });

  it('is signed anew by no device but the one that writes, and by that one once it does', async () => {
    const can = { write: true };
    const { clock, records, renew } = await openRenewable(() => can.write);
    await records.publish('block-list', { traders: [] });
    const before = records.own('block-list');
    can.write = false;
    clock.now += 183 * DAY;
    const second = await renew();
    await new Promise((resolve) => setTimeout(resolve, TWO_CHECKS));
    expect(records.own('block-list')?.id).toEqual(before?.id);
    can.write = true;
    await vi.waitFor(() => expect(records.own('block-list')?.delegation).toEqual(second.id), PATIENCE);
  });
});

/** A folder with an identity of that name. */
async function homeOf(folder: string, name: string): Promise<string> {
  const home = { identityFolder: join(folder, 'identity') };
  await createIdentity({ home, network: NETWORK, name, now: Date.now() });
  return folder;
}

/** The same keys in a new folder: all else of the home is lost. */
async function copyIdentity(folder: string): Promise<string> {
  const copy = await temporaryFolder();
  await cp(join(folder, 'identity'), join(copy, 'identity'), { recursive: true });
  return copy;
}
