import { CID } from 'multiformats/cid';
import { describe, expect, it } from 'vitest';
import { bringCatalogue, type RestoredCatalogueDeps } from '../../../node/devices/restored-catalogue.js';
import {
  createBulkVerifier,
  createDelegationBook,
  createDeviceBook,
  createIdentity,
} from '../../../node/identity/index.js';
import { restoreIdentity } from '../../../node/identity/restore.js';
import { rawCodec, type Store } from '../../../node/store/index.js';
import type { Listing } from '../../../protocol/catalog/card.js';
import type { SignedRecord } from '../../../protocol/record.js';
import { DAY, interceptWrites, newIdentityHome, NOW, openShop } from '../catalog/support.js';
import { openStore } from '../store/support.js';

const NETWORK = 'test';
const HALF_YEAR = 184 * DAY;

/** A shop whose device was renewed so many times, with a listing from before each renewal and one from after the last. */
async function oldShop(renewals: number) {
  const [home, store] = [await newIdentityHome(), await openStore()];
  await createIdentity({ home, network: NETWORK, now: NOW });
  const skus = Array.from({ length: renewals + 1 }, (_, at) => `kopi-${at}`);
  const found = new Map<string, SignedRecord<Listing>>();
  for (const [at, sku] of skus.entries()) {
    const shop = await openShop({ home, store, now: NOW + at * HALF_YEAR });
    const { catalog } = shop;
    const { listing } = await shop.publish({ sku, title: `Kopi ${at}` });
    const shown = await catalog.show(listing ?? '');
    const record = await catalog.version(CID.parse(shown?.version ?? ''));
    if (record !== undefined) found.set(listing ?? '', record);
    await catalog.stop();
  }
  const { identity } = await openShop({ home, store, now: NOW + renewals * HALF_YEAR });
  expect(new Set([...found.values()].map(({ delegation }) => String(delegation))).size).toBe(renewals + 1);
  return { identity, found, now: NOW + renewals * HALF_YEAR };
}

/** A new machine of a trader whose old one was lost: the network still shows its listings, and nobody near tells of its device. */
async function restored({
  renewals = 0,
  seen = (store) => store,
}: { renewals?: number; seen?: (store: Store) => Store } = {}) {
  const lost = await oldShop(renewals);
  const root = await lost.identity.root();
  const { now } = lost;
  const home = await newIdentityHome();
  await restoreIdentity(home, root?.words.join(' ') ?? '', { network: NETWORK, now });
  const store = await openStore();
  const shop = await openShop({ home, store: seen(store), now });
  const { catalog, identity } = shop;
  const verify = createBulkVerifier();
  const delegations = createDelegationBook({ table: store.table('delegations', rawCodec), network: NETWORK, verify });
  const book = createDeviceBook({
    now: Date.now,
    table: store.table('devices', rawCodec),
    write: (writes) => store.write(writes),
    network: NETWORK,
    own: identity.trader,
    verify,
  });
  book.onLearnt(() => book.delegationsOf(identity.trader).forEach((one) => identity.addSibling(one)));
  const failures: unknown[] = [];
  const deps = {
    identity,
    catalog,
    delegations,
    devices: { devicesOf: () => Promise.resolve([]), submit: (records: readonly Uint8Array[]) => book.learn(records) },
    search: {
      search: () => {
        // The newest first: what its device signed with is known then, and not what it signed with before.
        const hits = [...lost.found.keys()].reverse().map((listing) => ({ listing }));
        return Promise.resolve({ hits, coverage: { verdict: 'complete' } });
      },
      find: (listing: string) => Promise.resolve({ listing, card: { payload: { seq: 1 } } }),
    },
    exchange: { open: ({ listing }: { listing: string }) => Promise.resolve(lost.found.get(listing)) },
    logger: { debug: ({ code }: { code: string }) => failures.push(code) },
  } as unknown as RestoredCatalogueDeps;
  return {
    ...shop,
    failures,
    lost,
    bring: () => bringCatalogue(deps, new AbortController().signal),
    /** What comes with the listings from whoever keeps them. */
    meetDevice: () => lost.identity.delegations.forEach(({ bytes }) => delegations.read(bytes)),
  };
}

describe('a catalogue that is brought back', () => {
  it('has a listing only once the device is known that signed it', async () => {
    const { catalog, failures, bring, meetDevice } = await restored();
    expect(await bring()).toBe(false);
    expect(failures).toEqual(['DELEGATION_MISSING']);
    expect(catalog.count()).toBe(0);
    expect((await catalog.list({ limit: 10 })).items).toEqual([]);
    meetDevice();
    expect(await bring()).toBe(true);
    expect((await catalog.list({ limit: 10 })).items).toMatchObject([{ title: 'Kopi 0' }]);
  });

  it.each([1, 2])(
    'has also what was signed before its device was renewed, and all can be changed (%i)',
    async (renewals) => {
      const shop = await restored({ renewals });
      const { catalog, bring, meetDevice, lost } = shop;
      meetDevice();
      expect(await bring()).toBe(true);
      const ids = [...lost.found.keys()];
      const listed = async () => (await catalog.list({ limit: 10 })).items.map(({ listing }) => listing).sort();
      expect(await listed()).toEqual([...ids].sort());
      for (const [at, listing] of ids.entries()) {
        if (at > 0) {
          const repriced = await shop.publish({ sku: `kopi-${at}`, title: `Kopi ${at}`, price: '90000 IDR' });
          expect(repriced).toMatchObject({ listing, status: 'updated' });
          expect(await catalog.show(listing)).toMatchObject({ price: { amount: '9000000' } });
        }
        expect(await catalog.remove(listing)).toMatchObject({ status: 'removed' });
      }
      expect(await listed()).toEqual([]);
    },
  );

  it.each([0, 1])('has a listing together with its card, whichever write fails (%i)', async (fails) => {
    let writes = 0;
    const { catalog, bring, meetDevice, lost, outlet } = await restored({
      seen: (store) =>
        interceptWrites(store, () => {
          if (writes++ === fails) throw new Error('the disk is full');
        }),
    });
    meetDevice();
    await bring().catch(() => undefined);
    for (const listing of lost.found.keys()) expect(outlet.shown(listing) !== undefined).toBe(catalog.count() > 0);
    expect(await bring()).toBe(true);
    for (const listing of lost.found.keys()) expect(outlet.shown(listing)).toMatchObject({ title: 'Kopi 0' });
  });
});
