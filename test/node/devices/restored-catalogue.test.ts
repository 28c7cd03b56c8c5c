import { CID } from 'multiformats/cid';
import { describe, expect, it } from 'vitest';
import { bringCatalogue, type RestoredCatalogueDeps } from '../../../node/devices/restored-catalogue.js';
import { createBulkVerifier, createDelegationBook } from '../../../node/identity/index.js';
import { restoreIdentity } from '../../../node/identity/restore.js';
import { rawCodec } from '../../../node/store/index.js';
import { newIdentityHome, NOW, openShop } from '../catalog/support.js';

/** A new machine of a trader whose old one was lost: the network still shows its listing, and nobody near tells of its device. */
async function restored() {
  const lost = await openShop();
  const { listing } = await lost.publish({ sku: 'kopi-1' });
  const shown = await lost.catalog.show(listing ?? '');
  const record = await lost.catalog.version(CID.parse(shown?.version ?? ''));
  const root = await lost.identity.root();
  const { network } = lost.identity;
  const home = await newIdentityHome();
  await restoreIdentity(home, root?.words.join(' ') ?? '', { network, now: NOW });
  const { catalog, identity, store } = await openShop({ home });
  const verify = createBulkVerifier();
  const delegations = createDelegationBook({ table: store.table('delegations', rawCodec), network, verify });
  const failures: unknown[] = [];
  const deps = {
    identity,
    catalog,
    delegations,
    devices: {
      devicesOf: () => Promise.resolve([]),
      submit: (records: readonly Uint8Array[]) => {
        for (const bytes of records) identity.addSibling(delegations.read(bytes));
        return Promise.resolve(1);
      },
    },
    search: {
      search: () => Promise.resolve({ hits: [{ listing }], coverage: { verdict: 'complete' } }),
      find: () => Promise.resolve({ card: { payload: { seq: 1 } } }),
    },
    exchange: { open: () => Promise.resolve(record) },
    logger: { debug: ({ code }: { code: string }) => failures.push(code) },
  } as unknown as RestoredCatalogueDeps;
  return {
    catalog,
    failures,
    bring: () => bringCatalogue(deps, new AbortController().signal),
    /** What comes with a listing from whoever keeps it. */
    meetDevice: () => delegations.read(lost.identity.delegation.bytes),
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
    expect((await catalog.list({ limit: 10 })).items).toMatchObject([{ title: 'Kopi Gayo' }]);
  });
});
