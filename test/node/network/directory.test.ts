import '../../../node/polyfill.js';
import { privateKeyFromRaw } from '@libp2p/crypto/keys';
import { peerIdFromPrivateKey, peerIdFromString } from '@libp2p/peer-id';
import type { PeerId } from '@libp2p/interface';
import fc from 'fast-check';
import { afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { Directory, MAX_PEERS, SAVE_DELAY, type DirectoryDeps } from '../../../node/network/directory.js';
import type { PeerRow } from '../../../node/network/index.js';
import { kadIdOfKey, kadIdOfPeer } from '../../../node/network/keyspace.js';
import { deviceToPeerId } from '../../../protocol/ids.js';
import { keyPairFromSeed } from '../../../protocol/ed25519.js';
import { seed } from './fixtures.js';

const second = 1000;
const ADDRESS = '/ip4/127.0.0.1/tcp/4101';

let self: PeerId;
let now = 1_000_000;

beforeAll(() => {
  self = peerIdFromPrivateKey(privateKeyFromRaw(keyPairFromSeed(seed(0)).secretKey));
});
afterEach(() => void vi.useRealTimers());

/** Ids need not be real keys here, only many. */
function idOf(number: number): string {
  return deviceToPeerId(kadIdOfKey(seed(number)));
}

function directory(deps: Partial<DirectoryDeps> = {}): Directory {
  return new Directory({
    self,
    addresses: () => [],
    onError: (error) => expect.unreachable(String(error)),
    now: () => now,
    monotonic: () => now,
    ...deps,
  });
}

function learn(target: Directory, from: number, to: number): string[] {
  const ids = Array.from({ length: to - from }, (_, index) => idOf(from + index));
  target.learn(ids.map((id) => ({ id, addresses: [ADDRESS] })));
  return ids;
}

/** A store in memory, with all that was ever saved. */
function memoryStore(rows: readonly PeerRow[] = []) {
  const saves: (readonly PeerRow[])[] = [];
  return { saves, load: async () => rows, save: async (next: readonly PeerRow[]) => void saves.push(next) };
}

describe('closest', () => {
  test('is what sorting everybody by distance gives, with this node among them', () => {
    const known = directory();
    learn(known, 1, 200);
    const everybody = [...known.all(), known.self()];
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 32, maxLength: 32 }),
        fc.integer({ min: 1, max: 250 }),
        (target, count) => {
          const distance = (kadId: Uint8Array): bigint =>
            BigInt(`0x${Buffer.from(kadId).toString('hex')}`) ^ BigInt(`0x${Buffer.from(target).toString('hex')}`);
          const sorted = everybody
            .map(({ id, kadId }) => ({ id, d: distance(kadId) }))
            .sort((a, b) => (a.d < b.d ? -1 : 1));
          expect(known.closest(target, count).map(({ id }) => id)).toEqual(sorted.slice(0, count).map(({ id }) => id));
        },
      ),
      { numRuns: 50 },
    );
  });

  test('of an empty directory is this node', () => {
    expect(directory().closest(new Uint8Array(32), 20)).toEqual([
      { id: self.toString(), kadId: kadIdOfPeer(self), addresses: [], lastSeen: now, self: true },
    ]);
  });

  test('leaves out the failed for a time that doubles, until they are seen', () => {
    const known = directory();
    const [id = ''] = learn(known, 1, 2);
    known.markSeen(id);
    const isListed = (): boolean => known.closest(new Uint8Array(32), 9).some((ref) => ref.id === id);
    for (const pause of [2, 4, 8, 16, 32].map((seconds) => seconds * second)) {
      known.markFailed(id);
      now += pause - 1;
      expect([isListed(), known.isResting(id)]).toEqual([false, true]);
      now += 1;
      expect([isListed(), known.isResting(id)]).toEqual([true, false]);
    }
    known.markFailed(id);
    now += 3600 * second;
    expect([isListed(), known.isResting(id)]).toEqual([false, false]);
    known.markSeen(id);
    expect(isListed()).toBe(true);
  });

  test('gives only those that were met, and those too that failed a moment ago, where that is asked for', () => {
    const known = directory();
    const [met = '', failed = ''] = learn(known, 1, 4);
    for (const id of [met, failed]) known.markSeen(id);
    known.markFailed(failed);
    const given = (options: { met: boolean; resting?: boolean }): Set<string> =>
      new Set(known.closest(new Uint8Array(32), 9, options).map(({ id }) => id));
    expect(given({ met: true })).toEqual(new Set([self.toString(), met]));
    expect(given({ met: true, resting: true })).toEqual(new Set([self.toString(), met, failed]));
  });

  test('leaves out the blocked and those of other networks', () => {
    const blocked = new Set<string>();
    const known = directory({ isBlocked: (id) => blocked.has(id) });
    const ids = learn(known, 1, 4);
    blocked.add(ids[0] ?? '');
    const stranger = known.all().find(({ id }) => id === ids[1]);
    expect(stranger).toBeDefined();
    known.foreign(peerIdFromPrivateKey(privateKeyFromRaw(keyPairFromSeed(seed(7)).secretKey)));
    expect(known.size).toBe(4);
    expect(new Set(known.closest(new Uint8Array(32), 9).map(({ id }) => id))).toEqual(
      new Set([ids[1], ids[2], self.toString()]),
    );
  });
});

describe('what strangers say', () => {
  test('is taken when it can be a peer that this node could dial', () => {
    const known = directory();
    const other = idOf(2);
    known.learn([
      {
        id: idOf(1),
        addresses: [
          ADDRESS,
          ADDRESS,
          `/ip4/127.0.0.1/tcp/1/p2p/${idOf(1)}`,
          `/ip4/127.0.0.1/tcp/2/p2p/${other}`,
          '/ip4/127.0.0.1/udp/3',
          `/ip4/127.0.0.1/tcp/4/p2p/${other}/p2p-circuit`,
          'nonsense',
          `/dns4/${'x'.repeat(300)}/tcp/1`,
        ],
      },
      { id: 'nonsense', addresses: [ADDRESS] },
      { id: self.toString(), addresses: [ADDRESS] },
    ]);
    expect(known.all().map(({ id, addresses }) => ({ id, addresses }))).toEqual([
      { id: idOf(1), addresses: [`${ADDRESS}/p2p/${idOf(1)}`, `/ip4/127.0.0.1/tcp/1/p2p/${idOf(1)}`] },
    ]);
  });

  test('does not push aside what the peer said itself, or who was met', () => {
    const known = directory();
    const met = peerIdFromPrivateKey(privateKeyFromRaw(keyPairFromSeed(seed(9)).secretKey));
    known.connected(met, [ADDRESS]);
    learn(known, 100, 100 + 2 * MAX_PEERS);
    known.learn([{ id: met.toString(), addresses: ['/ip4/192.0.2.1/tcp/1'] }]);
    expect(known.size).toBeLessThanOrEqual(MAX_PEERS / 2 + 1);
    expect(known.get(met.toString())?.addresses).toEqual([`${ADDRESS}/p2p/${met.toString()}`]);
  });

  test('makes room for those who are asked next, and not for others', () => {
    const known = directory({ maxPeers: 20 });
    const met = learn(known, 1, 11);
    for (const id of met) known.markSeen(id);
    learn(known, 100, 120);
    const refs = [...known.all()].map(({ id }) => id);
    const wanted = deviceToPeerId(keyPairFromSeed(seed(7_777)).publicKey);
    known.learn([{ id: wanted, addresses: [ADDRESS] }]);
    expect(known.get(wanted)).toBeUndefined();
    known.learn([{ id: wanted, addresses: [ADDRESS] }], { needed: true });
    expect(known.get(wanted)).toBeDefined();
    expect(known.size).toBe(20);
    // Of those only heard of the one heard of first has gone; whom this node spoke to stays.
    for (const id of met) expect(known.get(id)).toBeDefined();
    expect(refs.filter((id) => known.get(id) === undefined)).toEqual([refs[10]]);
  });

  test('has room for a few who are asked next also where all others are of use; connected ones stay', () => {
    const known = directory({ maxPeers: 40 });
    const ids = learn(known, 1, 21);
    for (const id of ids) known.markSeen(id);
    ids.push(...learn(known, 21, 41));
    for (const id of ids) known.answered(id, 5);
    const [first = ''] = ids;
    known.connected(peerIdFromString(first), [ADDRESS]);
    const wanted = Array.from({ length: 8 }, (_, at) => idOf(1_000 + at));
    for (const id of wanted) known.learn([{ id, addresses: [ADDRESS] }], { needed: true });
    expect(known.size).toBe(40);
    expect(wanted.filter((id) => known.get(id) !== undefined)).toEqual(wanted.slice(4));
    expect(ids.filter((id) => known.get(id) === undefined)).toEqual(ids.slice(1, 5));
  });

  test('gives way to who is met when the directory is full', () => {
    const known = directory();
    const ids = learn(known, 1, 1 + MAX_PEERS / 2);
    for (const id of ids) known.markSeen(id);
    const more = learn(known, 10_000, 10_000 + MAX_PEERS);
    expect(known.size).toBe(MAX_PEERS);
    const met = peerIdFromPrivateKey(privateKeyFromRaw(keyPairFromSeed(seed(9)).secretKey));
    known.connected(met, [ADDRESS]);
    expect(known.size).toBe(MAX_PEERS);
    expect(known.get(met.toString())?.lastSeen).toBe(now);
    for (const id of ids) expect(known.get(id)).toBeDefined();
    expect(more.filter((id) => known.get(id) !== undefined).length).toBe(MAX_PEERS - ids.length - 1);
  });

  test('that answered a request lately stays when others are only met on the way', () => {
    const known = directory({ maxPeers: 20 });
    const ids = learn(known, 1, 11);
    for (const id of ids) known.answered(id, 5);
    const meet = (number: number): void => {
      const peer = peerIdFromPrivateKey(privateKeyFromRaw(keyPairFromSeed(seed(number)).secretKey));
      known.connected(peer, [ADDRESS]);
      known.disconnected(peer.toString());
    };
    for (let number = 100; number < 150; number++) meet(number);
    expect(known.size).toBe(20);
    for (const id of ids) expect(known.get(id)).toBeDefined();
    now += 2 * 60 * 60 * second;
    for (let number = 200; number < 400; number++) meet(number);
    expect(known.size).toBe(20);
    expect(ids.filter((id) => known.get(id) !== undefined).length).toBeLessThan(ids.length);
  });

  test('is forgotten after three failures', () => {
    const known = directory();
    const [id = ''] = learn(known, 1, 2);
    for (let count = 0; count < 3; count++) known.markFailed(id);
    expect(known.size).toBe(0);
  });

  test('is forgotten when it is said not to be there, and nobody who was met', () => {
    const known = directory();
    const [heard = '', met = ''] = learn(known, 1, 3);
    known.connected(peerIdFromString(met), []);
    known.disconnected(met);
    known.forget([heard, met, idOf(9)]);
    expect(known.all().map(({ id }) => id)).toEqual([met]);
  });
});

describe('keeping it', () => {
  test('writes new peers together and soon, and what was only seen again when it closes', async () => {
    vi.useFakeTimers();
    const store = memoryStore();
    const known = directory({ store });
    await known.load();
    const ids = learn(known, 1, 4);
    await vi.advanceTimersByTimeAsync(10 * SAVE_DELAY);
    expect(store.saves).toEqual([]);
    for (const id of ids) known.markSeen(id);
    await vi.advanceTimersByTimeAsync(SAVE_DELAY);
    expect(store.saves.map((rows) => rows.map(({ id }) => id))).toEqual([ids]);
    now += second;
    known.markSeen(ids[0] ?? '');
    await vi.advanceTimersByTimeAsync(SAVE_DELAY);
    expect(store.saves.length).toBe(1);
    await known.flush();
    expect(store.saves[1]?.map(({ lastSeen }) => lastSeen)).toEqual([now, now - second, now - second]);
    await known.flush();
    expect(store.saves.length).toBe(2);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('brings back who was met, the ones that answered last first', async () => {
    const rows = [1, 2, 3].map((number) => ({
      id: idOf(number),
      addresses: [ADDRESS],
      lastSeen: now - number * second,
    }));
    const month = 31 * 24 * 3600 * second;
    const known = directory({
      store: memoryStore([...rows, { id: idOf(4), addresses: [ADDRESS], lastSeen: now - month }]),
    });
    await known.load();
    expect(known.toDial(2)).toEqual([idOf(1), idOf(2)]);
    known.markFailed(idOf(1));
    expect(known.toDial(9)).toEqual([idOf(2), idOf(3), idOf(1)]);
  });

  test('knows over a restart where a peer was seen, whatever it says of its addresses', async () => {
    const store = memoryStore();
    const before = directory({ store });
    await before.load();
    before.learn([{ id: idOf(1), addresses: [ADDRESS] }]);
    expect(before.get(idOf(1))).not.toHaveProperty('seenAt');
    before.connected(peerIdFromString(idOf(1)), [ADDRESS], '/ip4/8.8.4.4/tcp/53211');
    expect(before.get(idOf(1))).toMatchObject({ seenAt: '/ip4/8.8.4.4', addresses: [`${ADDRESS}/p2p/${idOf(1)}`] });
    await before.flush();
    const after = directory({ store: memoryStore(store.saves.at(-1)) });
    await after.load();
    expect(after.get(idOf(1))).toMatchObject({ seenAt: '/ip4/8.8.4.4' });
  });

  test('goes on without a store that fails', async () => {
    const errors: string[] = [];
    const broken = { load: () => Promise.reject(new Error('disk')), save: () => Promise.reject(new Error('disk')) };
    const known = directory({ store: broken, onError: (_, what) => void errors.push(what) });
    await known.load();
    known.markSeen(learn(known, 1, 2)[0] ?? '');
    await known.flush();
    expect(errors).toEqual(['the saved peers could not be read', 'the known peers could not be saved']);
  });
});
