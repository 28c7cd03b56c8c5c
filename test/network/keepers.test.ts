import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { ListingView } from '../../node/api/views.js';
import { showListing } from '../../node/catalog/show-listing.js';
import { LISTING_METHOD } from '../../node/keep/wire.js';
import type { Services } from '../../node/services.js';
import { decode, encode } from '../../protocol/cbor.js';
import { parseId } from '../../protocol/ids.js';
import { temporaryFolder } from '../support/processes.js';
import { startMember, untilKnown } from './members.js';
import { TIME_ENOUGH } from './searches.js';

const TERMS = { purchase: 'Harga sudah termasuk pajak.', refund: 'Barang dapat ditukar dalam tujuh hari.' };
const KOPI = {
  sku: 'kopi-1',
  title: 'Kopi Gayo arabika 250 g',
  price: '85000 IDR',
  description: 'Dipanggang sedang, dari petani di Takengon.',
  conditions: TERMS,
};
const patience = { timeout: 40_000, interval: 100 };
const NODES = 6;

let folder: { path: string; remove: () => Promise<void> };
let members: Services[];
let listing: string;
let version: string;

function start(at: number): Promise<Services> {
  const bootstrap = members.find((_, other) => other !== at)?.network.addresses() ?? [];
  const upkeep = { keep: { prefetchDelay: 200, prefetchPerSecond: 20 } };
  return startMember(folder.path, `member-${at}`, { bootstrap, upkeep });
}

beforeAll(async () => {
  folder = await temporaryFolder();
  members = [];
  members.push(await start(0));
  members.push(...(await Promise.all([1, 2, 3, 4, 5].map(start))));
  await untilKnown(members, NODES);
});

afterAll(async () => {
  await Promise.all(members.map((member) => member.stop()));
  await folder.remove();
});

/** Those of the nodes that give the version to another one. */
async function givers(): Promise<number[]> {
  const body = encode({ wanted: [{ id: parseId(version) }] });
  const asked = members.map(({ network }, at) =>
    // By another node than itself, for it could be stopped.
    (members[(at + 1) % NODES] as Services).network
      .request(network.peerId, LISTING_METHOD, body, { timeout: 10_000 })
      .then(
        (answer) => ((decode(answer) as { missing: number[] }).missing.length === 0 ? [at] : []),
        () => [],
      ),
  );
  return (await Promise.all(asked)).flat();
}

async function show(member: Services): Promise<ListingView> {
  const { hits } = await member.search.search({ words: ['kopi', 'gayo'], limit: 5, ...TIME_ENOUGH });
  expect(hits.map((hit) => hit.listing)).toContain(listing);
  return showListing(member, listing, AbortSignal.timeout(30_000));
}

describe('a listing of a seller who sleeps', () => {
  it('is shown whole, with its conditions, by whoever finds it, though nobody opened it before', async () => {
    const [seller, ...readers] = members as [Services, ...Services[]];
    for await (const line of seller.catalog.publish([{ line: 1, value: KOPI }])) listing = line.listing ?? '';
    version = (await seller.catalog.show(listing))?.version ?? '';
    expect(await showListing(seller, listing, AbortSignal.timeout(30_000))).toMatchObject({
      version,
      conditionTexts: TERMS,
    });
    // The seller, and of the first three at the meeting point those that are not the seller.
    await vi.waitFor(async () => expect((await givers()).length).toBeGreaterThanOrEqual(3), patience);
    expect(await givers()).not.toHaveLength(NODES);
    await seller.stop();
    for (const reader of readers) {
      const view = await show(reader);
      expect(view).toMatchObject({ version, description: KOPI.description, conditionTexts: TERMS });
      expect(view['partial']).toBeUndefined();
    }
    // Whoever has read it gives it on.
    members[0] = await start(0);
    await untilKnown([members[0]], NODES);
    await vi.waitFor(async () => expect((await givers()).length).toBe(NODES), patience);
    await members[0].stop();
  });

  it('is still there when its keepers were restarted', async () => {
    for (const at of [1, 2, 3, 4, 5]) {
      await members[at]?.stop();
      members[at] = await start(at);
    }
    const view = await vi.waitFor(() => show(members[1] as Services), patience);
    expect(view).toMatchObject({ version, description: KOPI.description, conditionTexts: TERMS });
  });
});
