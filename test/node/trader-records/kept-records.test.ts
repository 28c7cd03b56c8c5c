import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createBulkVerifier, createDelegationBook, type Identity } from '../../../node/identity/index.js';
import type { Network, PeerRef } from '../../../node/network/index.js';
import { rawCodec, type Store } from '../../../node/store/index.js';
import type { TraderRecordsDeps } from '../../../node/trader-records/index.js';
import { KEPT_FOR, KeptRecords, SHARES, type Shares } from '../../../node/trader-records/kept-records.js';
import { encode } from '../../../protocol/cbor.js';
import { keyPairFromSeed } from '../../../protocol/ed25519.js';
import { equalBytes, traderToText } from '../../../protocol/ids.js';
import { placeOf, SALTS, traderKey } from '../../../protocol/search/posting-keys.js';
import { openStore } from '../store/support.js';
import { createAuthor, DAY, NETWORK, quiet, type Author } from './support.js';

const NOW = Date.UTC(2026, 0, 1);
const STRANGER = createAuthor(NOW).peer;

async function openKept(
  store?: Store,
  near = true,
  shares: Shares = SHARES,
  now = NOW,
  isRevoked: (trader: Uint8Array, device: Uint8Array) => boolean = () => false,
) {
  const clock = { now };
  const at = store ?? (await openStore());
  const verify = createBulkVerifier();
  // Whether this node is among the nearest is all that is asked of the network.
  const self = { id: 'here', kadId: new Uint8Array(32), addresses: [] as string[], self: true } as PeerRef;
  const directory = { closest: () => (near ? [self] : []), get: () => self };
  const deps: TraderRecordsDeps = {
    store: at,
    network: { directory, peerId: 'here' } as unknown as Network,
    networkName: NETWORK,
    identity: {} as Identity,
    delegations: createDelegationBook({
      table: at.table('delegations', rawCodec),
      network: NETWORK,
      verify,
      isRevoked,
    }),
    verify,
    now: () => clock.now,
    logger: quiet,
    onRefused: () => undefined,
  };
  const kept = new KeptRecords(deps, shares);
  await kept.load();
  return { kept, clock, store: at };
}

const profile = (author: Author, name: string, seq: number, created?: number) => ({
  record: author.sign('profile', { name }, seq, created).bytes,
  delegation: author.delegation,
});

describe('the records that a node keeps of other traders', () => {
  it('are the newest by seq, and outlive a restart', async () => {
    const { kept, store } = await openKept();
    const author = createAuthor(NOW);
    await kept.put(profile(author, 'Sari', 1), author.peer);
    const newer = profile(author, 'Warung Sari', 2);
    await kept.put(newer, author.peer);
    await expect(kept.put(profile(author, 'Sari', 1), author.peer)).rejects.toMatchObject({ code: 'RECORD_OLD' });
    const again = (await openKept(store)).kept;
    expect(again.size).toBe(1);
    expect(await again.get(author.trader, 'profile')).toEqual(newer);
    expect(await again.get(author.trader, 'block-list')).toBeUndefined();
    expect(await again.get(createAuthor(NOW).trader, 'profile')).toBeUndefined();
  });

  it('give way to an older one of another device once the device that signed them was revoked', async () => {
    const root = keyPairFromSeed(new Uint8Array(randomBytes(32)));
    const [phone, shop] = [0, 1].map(() => createAuthor(NOW, undefined, root)) as [Author, Author];
    let stolen = false;
    const { kept } = await openKept(
      undefined,
      true,
      SHARES,
      NOW,
      (_, device) => stolen && equalBytes(device, phone.device),
    );
    await kept.put(profile(phone, 'Pencuri', 9_000), phone.peer);
    const own = profile(shop, 'Sari', 2);
    await expect(kept.put(own, shop.peer)).rejects.toMatchObject({ code: 'RECORD_OLD' });
    stolen = true;
    await kept.put(own, shop.peer);
    expect(await kept.get(shop.trader, 'profile')).toEqual(own);
    await expect(kept.put(profile(phone, 'Pencuri', 9_001), phone.peer)).rejects.toMatchObject({
      code: 'DELEGATION_REVOKED',
    });
  });

  it('are refused where they do not hold, before anything is kept', async () => {
    const { kept } = await openKept();
    const author = createAuthor(NOW);
    const other = createAuthor(NOW);
    const record = author.sign('profile', { name: 'Sari' }, 1);
    const signature = record.signature.slice();
    signature[40] = (signature[40] ?? 0) ^ 1;
    const forged = encode({ payload: record.payloadBytes, signature, delegation: record.delegation });
    const refusals: [Uint8Array, Uint8Array, string][] = [
      [forged, author.delegation, 'RECORD_SIGNATURE'],
      [record.bytes, other.delegation, 'DELEGATION_MISSING'],
      [author.delegation, author.delegation, 'RECORD_KIND'],
      [record.bytes, record.bytes, 'RECORD_KIND'],
      [record.bytes.subarray(0, 40), author.delegation, 'RECORD_MALFORMED'],
    ];
    for (const [bytes, delegation, code] of refusals)
      await expect(kept.put({ record: bytes, delegation }, author.peer), code).rejects.toMatchObject({ code });
    expect(kept.size).toBe(0);
  });

  it('stand 31 days after their own device brought them last; copies by others do not make them last', async () => {
    const { kept, clock } = await openKept();
    const author = createAuthor(NOW);
    const given = profile(author, 'Sari', 1);
    await kept.put(given, author.peer);
    clock.now += 20 * DAY;
    await kept.put(given, author.peer);
    clock.now += 10 * DAY;
    await kept.put(given, STRANGER);
    clock.now = NOW + 20 * DAY + KEPT_FOR - 1;
    expect(await kept.get(author.trader, 'profile')).toBeDefined();
    clock.now += 1;
    expect(await kept.get(author.trader, 'profile')).toBeUndefined();
    await kept.expire();
    expect(kept.size).toBe(0);
    await expect(kept.put(given, STRANGER)).rejects.toMatchObject({ code: 'RECORD_TIME' });
    await kept.put(given, author.peer);
    expect(kept.size).toBe(1);
  });

  it('are not taken where other nodes are nearer to their trader, nor too many at once of one peer', async () => {
    const author = createAuthor(NOW);
    const { kept: far } = await openKept(undefined, false);
    await expect(far.put(profile(author, 'Sari', 1), author.peer)).rejects.toMatchObject({ code: 'PEER_REFUSED' });
    const { kept, clock } = await openKept();
    let taken = 0;
    const flood = async (): Promise<void> => {
      for (;;) await kept.put(profile(author, `Sari ${taken}`, ++taken), author.peer);
    };
    await expect(flood()).rejects.toMatchObject({ code: 'RATE_LIMITED' });
    expect(taken).toBeLessThan(50);
    await kept.put(profile(createAuthor(NOW), 'Budi', 1), STRANGER);
    clock.now += 60_000;
    await kept.put(profile(author, 'Sari', 1_000), author.peer);
  });

  it('have a share of their kind: the largest list gives way, and profiles have room whatever lists there are', async () => {
    const bytes = 4_000;
    const { kept } = await openKept(undefined, true, { ...SHARES, 'block-list': { records: 100, bytes } });
    const list = (length: number) => {
      const author = createAuthor(NOW);
      const traders = Array.from({ length }, (_, at) => ({ trader: new Uint8Array(32).fill(at), since: NOW }));
      const given = { record: author.sign('block-list', { traders }, 1).bytes, delegation: author.delegation };
      return { author, put: () => kept.put(given, author.peer) };
    };
    const [long, short, shorter] = [list(40), list(12), list(2)];
    await long.put();
    await short.put();
    expect(await kept.get(long.author.trader, 'block-list')).toBeUndefined();
    await shorter.put();
    await expect(list(50).put()).rejects.toMatchObject({ code: 'RATE_LIMITED' });
    expect(kept.size).toBe(2);
    const author = createAuthor(NOW);
    await kept.put(profile(author, 'x'.repeat(60), 1), author.peer);
    expect(kept.size).toBe(3);
  });

  it('are given no longer than their device may sign', async () => {
    const { kept, clock } = await openKept();
    const author = createAuthor(NOW, NOW + DAY);
    const item = { open: true, languages: ['id'], fees: [{ amount: 1, currency: 'IDR' }] };
    await kept.put(profile(author, 'Sari', 1), author.peer);
    const offer = author.sign('arbiter-offer', item, 1);
    await kept.put({ record: offer.bytes, delegation: author.delegation }, author.peer);
    expect(await kept.list('arbiter-offer', 1)).toHaveLength(1);
    clock.now += DAY;
    expect(await kept.list('arbiter-offer', 1)).toEqual([]);
    expect(await kept.get(author.trader, 'profile')).toBeUndefined();
  });

  it('are those nearest to this node, where there are too many', async () => {
    const { kept } = await openKept(undefined, true, { ...SHARES, profile: { records: 3, bytes: 1_000_000 } });
    const traders = Array.from({ length: 12 }, () => createAuthor(NOW));
    for (const author of traders) await kept.put(profile(author, 'Sari', 1), author.peer).catch(() => undefined);
    const nearest = [...traders].sort((a, b) => (distance(a.trader) < distance(b.trader) ? -1 : 1)).slice(0, 3);
    for (const { trader } of nearest) expect(await kept.get(trader, 'profile')).toBeDefined();
    expect(kept.size).toBe(3);
  });

  it('are so many bytes of one peer', async () => {
    const { kept } = await openKept();
    const traders = Array.from({ length: 900 }, (_, at) => ({
      trader: new Uint8Array(32).fill(at & 255),
      since: NOW,
      reason: 'x'.repeat(60),
    }));
    let taken = 0;
    const flood = async (): Promise<void> => {
      for (; taken < PUTS; taken++) {
        const author = createAuthor(NOW);
        const record = author.sign('block-list', { traders }, 1).bytes;
        await kept.put({ record, delegation: author.delegation }, STRANGER);
      }
    };
    const PUTS = 25;
    await expect(flood()).rejects.toMatchObject({ code: 'RATE_LIMITED' });
    expect(taken).toBeGreaterThan(10);
  });

  it('outlive a start with a clock that is behind', async () => {
    const { kept, store } = await openKept();
    const author = createAuthor(NOW - DAY);
    await kept.put(profile(author, 'Sari', 1, NOW), author.peer);
    const again = await openKept(store, true, SHARES, NOW - 40 * DAY);
    expect(again.kept.size).toBe(1);
    expect((await openKept(store)).kept.size).toBe(1);
  });
});

/** From this node, all zeros, to the nearer place of a trader's key. */
function distance(trader: Uint8Array): string {
  const places = SALTS.map((salt) => placeOf(NETWORK, traderKey(traderToText(trader)), salt).kadId);
  return places.map((place) => Buffer.from(place).toString('hex')).sort()[0] ?? '';
}
