import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { restoreBackup, rowEntries, writeBackup } from '../../node/backup/index.js';
import { openHome, type Home } from '../../node/home/index.js';
import { createIdentity, eraseRoot } from '../../node/identity/index.js';
import { createStore, type Store } from '../../node/store/index.js';
import { isNiagaError } from '../../protocol/errors.js';
import {
  market,
  NETWORK,
  newFolder,
  publish,
  renew,
  rootOf,
  shows,
  start,
  stop,
  stopAll,
  until,
  type Machine,
} from './machines.js';

afterEach(stopAll);

const PASSPHRASE = 'lima kata yang diingat';
const WORDLESS = () => Promise.reject(new Error('the words are asked for'));

/** By key, as they go into a backup; what the store says of itself is left out. */
type Rows = Map<string, string>;

async function* dumped(store: Pick<Store, 'dump'>, into: Rows) {
  for await (const rows of store.dump()) {
    for (const [key, row] of rows) if (key[0] === 0x21) into.set(key.toString('latin1'), row.toString('base64'));
    yield { rows: rowEntries(rows), count: rows.length };
  }
}

async function backUp(home: Pick<Home, 'folder'>, store: Store, trader: string, rows: Rows = new Map()) {
  const file = join(await newFolder(), 'niaga.backup');
  const contents = await writeBackup({
    file,
    passphrase: PASSPHRASE,
    folder: home.folder,
    network: NETWORK,
    trader,
    rows: dumped(store, rows),
    now: Date.now(),
  });
  return { file, contents };
}

const backUpOf = ({ folder, services: { store }, identity }: Machine, rows?: Rows) =>
  backUp({ folder: join(folder, NETWORK) }, store, identity.traderText, rows);

async function restore(
  file: string,
  given: { askWords?: () => Promise<string>; home?: string; passphrase?: string } = {},
) {
  const { askWords = WORDLESS, home = await newFolder(), passphrase = PASSPHRASE } = given;
  const others = { keyPassphrase: undefined, label: 'Laptop baru', now: Date.now() };
  return { root: home, ...(await restoreBackup({ file, home, passphrase, askWords, ...others })) };
}

async function refusalOf(task: Promise<unknown>): Promise<string> {
  return task.then(
    () => 'none',
    (error: unknown) => {
      if (isNiagaError(error)) return error.code;
      throw error;
    },
  );
}

describe('a backup', () => {
  it(
    'made while the node publishes holds all that was acknowledged before, and comes back row by row',
    { timeout: 240_000 },
    async () => {
      const seller = await start({ name: 'Warung Sari' });
      const before = [];
      for (let number = 0; number < 20; number++) {
        // What was signed under an earlier delegation of a machine that is no more is open all the same.
        if (number === 10) await renew(seller);
        before.push(
          await publish(seller, { sku: `b${number}`, title: `Kopi ${number}`, price: '85000 IDR', quantity: 9 }),
        );
      }
      let done = false;
      const rows: Rows = new Map();
      const backingUp = backUpOf(seller, rows).finally(() => (done = true));
      for (let number = 0; !done; number++)
        await publish(seller, { sku: `d${number}`, title: `Teh ${number}`, price: '5000 IDR', quantity: 9 });
      const { file, contents } = await backingUp;
      expect(contents).toMatchObject({ network: NETWORK, trader: seller.identity.traderText, problems: [] });
      await stop(seller);

      const { root, folder, problems } = await restore(file);
      expect(problems).toEqual([]);
      {
        await using store = createStore({ path: join(folder, 'store') });
        await store.start();
        expect(store.integrity?.ok).toBe(true);
        const found: Rows = new Map();
        for await (const _ of dumped(store, found));
        expect([...found].sort()).toEqual([...rows].sort());
        expect([...rows.keys()].filter((key) => key.startsWith('!catalog!')).length).toBeGreaterThanOrEqual(20);
      }
      const again = await start({ folder: root });
      expect(again.identity.traderText).toBe(seller.identity.traderText);
      expect(again.identity.peerId).not.toBe(seller.identity.peerId);
      expect(again.identity.name).toBe('Warung Sari');
      const { items } = await again.listingList({ limit: 1_000 });
      expect(items.map(({ listing }) => listing)).toEqual(expect.arrayContaining(before));
      for (const { listing } of items) expect((await again.listingShow({ listing })).listing).toBe(listing);
      const next = await publish(again, { sku: 'b0', title: 'Kopi 0', price: '90000 IDR', quantity: 8 });
      expect((await again.listingShow({ listing: next })).price).toBeDefined();
    },
  );

  it(
    'brings a trade back that went on after it, and the machine before writes no more',
    { timeout: 240_000 },
    async () => {
      const { seller, buyer } = await market('Warung Sari');
      const listing = await publish(seller, { sku: 'kopi', title: 'Kopi', price: '85000 IDR', quantity: 9 });
      const { trade } = await buyer.offer({ listing });
      await shows(seller, trade, 'offered');
      const words = (await rootOf(seller)).words.join(' ');
      await eraseRoot(await openHome(seller.folder, NETWORK));
      const { file } = await backUpOf(seller);
      // What the backup does not have.
      await seller.tradeAccept({ trade });
      await shows(buyer, trade, 'accepted');

      await expect(restore(file)).rejects.toThrow('the words are asked for');
      const restored = await restore(file, { askWords: () => Promise.resolve(words) });
      expect(restored.before).toBe(seller.identity.peerId);
      const again = await start({ folder: restored.root, by: buyer });
      expect(again.identity.peerId).toBe(restored.device);
      // An accept of the new device would be a second answer to the same offer: it asks the other side first.
      await until(
        () => refusalOf(again.tradeAccept({ trade })),
        (code) => code === 'TRADE_STATE' || code === 'TRADE_TURN',
      );
      expect((await again.tradeShow({ trade })).state).toBe('accepted');
      await buyer.tradePay({ trade });
      await shows(again, trade, 'paid');
      await until(
        () => seller.identityDevices({}),
        ({ lease }) => lease?.holder === again.identity.peerId,
      );
      expect(await refusalOf(seller.tradeConfirm({ trade }))).toBe('WRITER_OTHER');
      await again.tradeConfirm({ trade });
      await until(
        () => buyer.tradeShow({ trade }),
        ({ messages }) => messages.some(({ kind }) => kind === 'payment-seen'),
      );
    },
  );

  it('is restored into an empty home only, and leaves nothing behind when it fails', { timeout: 120_000 }, async () => {
    const at = await openHome(await newFolder(), NETWORK);
    const { trader } = await createIdentity({ home: at, network: NETWORK, now: Date.now() });
    await using store = createStore({ path: at.storeFolder });
    await store.start();
    const { file } = await backUp(at, store, trader);
    const folder = await newFolder();
    await mkdir(join(folder, NETWORK));
    await writeFile(join(folder, NETWORK, 'note'), 'mine');
    expect(await refusalOf(restore(file, { home: folder }))).toBe('HOME_EXISTS');
    expect(await readdir(join(folder, NETWORK))).toEqual(['note']);

    const bytes = await readFile(file);
    bytes[bytes.length - 1] = (bytes[bytes.length - 1] ?? 0) ^ 1;
    const changed = join(folder, 'changed');
    await writeFile(changed, bytes);
    const home = await newFolder();
    expect(await refusalOf(restore(changed, { home }))).toBe('BACKUP_INVALID');
    expect(await refusalOf(restore(file, { home, passphrase: 'lima kata yang lain' }))).toBe('BACKUP_SEALED');
    expect(await readdir(home)).toEqual([]);
  });
});
