import { randomBytes } from 'node:crypto';
import { expect, it } from 'vitest';
import { Contacts, type ContactRow } from '../../../node/mail/contacts.js';
import { DEFAULT_MAIL_OPTIONS } from '../../../node/mail/options.js';
import { OutboxTables } from '../../../node/mail/outbox.js';
import { cborCodec } from '../../../node/store/index.js';
import { traderToText } from '../../../protocol/ids.js';
import { keys, openStore } from '../store/support.js';
import { openBase, openDeviceBook } from '../trader-records/support.js';
import { createTrader, DAY } from './support.js';

const bytes32 = (): Uint8Array => new Uint8Array(randomBytes(32));

it('a contact is forgotten two months after it was last heard of, unless something is under way with it', async () => {
  const { deps, store, identity, clock } = await openBase();
  const devices = await openDeviceBook({ deps, store, identity });
  const table = store.table('mail-contacts', cborCodec<ContactRow>());
  const open = async () => {
    // Behind what was written before.
    await store.write([]);
    const contacts = new Contacts({ ...deps, devices, options: DEFAULT_MAIL_OPTIONS });
    await contacts.load();
    return contacts;
  };
  const [silent, partner, heard, earlier] = Array.from({ length: 4 }, () => createTrader(clock.now));
  if (silent === undefined || partner === undefined || heard === undefined || earlier === undefined) throw new Error();
  const names = (...traders: { trader: Uint8Array }[]) => traders.map(({ trader }) => traderToText(trader)).sort();
  await store.write([table.put(traderToText(earlier.trader), { peers: [], learned: 0 })]);
  let contacts = await open();
  const way = { sealing: bytes32(), mailboxes: [] };
  for (const { trader, peer } of [silent, partner, heard]) {
    contacts.meet(trader, peer);
    contacts.learn(trader, way, { by: peer, at: clock.now });
  }
  const needed = new Set(names(partner));
  await contacts.prune(needed);

  // Nothing new is learnt of who connects day after day; it is not forgotten all the same.
  for (let day = 0; day < 62; day += 2) {
    clock.now += 2 * DAY;
    contacts.meet(heard.trader, heard.peer);
    if (day === 56) await contacts.prune(needed);
    if (day === 56) expect(contacts.peers(silent.trader)).toEqual([silent.peer]);
  }
  await contacts.prune(needed);
  expect(contacts.get(silent.trader)).toBeUndefined();
  expect(contacts.traderOf(silent.peer)).toBeUndefined();
  expect(contacts.peers(partner.trader)).toEqual([partner.peer]);
  expect(contacts.traderOf(heard.peer)).toEqual(heard.trader);
  expect(await keys(table)).toEqual(names(partner, heard));
  contacts = await open();
  expect(contacts.get(silent.trader)).toBeUndefined();
  expect(contacts.get(partner.trader)?.sealing).toEqual(way.sealing);
});

it('that a message has arrived is forgotten after a year, that it was refused is not', async () => {
  const store = await openStore();
  const tables = new OutboxTables(store);
  const now = Date.now();
  const done = (state: 'delivered' | 'read' | 'refused', days: number) =>
    tables.putDone('niaga1somebody', `${state}-${days}`, { state, at: now - days * DAY, kind: 'trade' });
  await tables.write([done('delivered', 366), done('read', 366), done('refused', 366), done('delivered', 364)]);
  await tables.prune(now);
  expect(await keys(store.table('mail-done', cborCodec()))).toEqual([
    'niaga1somebody/delivered-364',
    'niaga1somebody/refused-366',
  ]);
});
