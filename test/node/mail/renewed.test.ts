import { randomBytes } from 'node:crypto';
import { expect, it } from 'vitest';
import { rawCodec } from '../../../node/store/index.js';
import { encode } from '../../../protocol/cbor.js';
import { blobId } from '../../../protocol/ids.js';
import { parcelId } from '../../../protocol/mail/index.js';
import { openRecord } from '../../../protocol/record.js';
import { createTrader, DAY, deliver, letterTo, NETWORK, openMailNode, signed, type MailNode } from './support.js';

const text = (value: string): Uint8Array => encode({ salt: new Uint8Array(randomBytes(8)), value });

const keeping = ({ mail, store }: Omit<MailNode, 'stop'>): void => {
  const table = store.table('got', rawCodec);
  mail.handle('private', {
    take: async ({ id, bytes, receipt }) => store.write([table.put(id.toString(), bytes), ...receipt().writes]),
  });
};

it('a receipt that was signed under a delegation that has ended since counts where its trader’s letter brings it', async () => {
  const to = await openMailNode(keeping);
  const via = await openMailNode(keeping, { bootstrap: to.network.addresses() });
  const now = Date.now();
  const before = createTrader(now - 400 * DAY);
  const today = createTrader(now, before.root);
  const [bytes, about] = [text('for her'), blobId(new Uint8Array([1]))];
  const posted = to.mail.post([{ to: before.trader, kind: 'private', bytes, about }]);
  await to.store.write(posted.writes);
  posted.send();
  const of = parcelId('private', bytes);
  const receipt = signed('receipt', { of, trade: about }, before, now - 101 * DAY);
  const parcels = [{ kind: 'receipt', bytes: receipt }];
  const state = async () => (await to.mail.stateOf(before.trader, of))?.state;

  // Whoever finds the old machine could date one back.
  await expect(deliver(via, to, letterTo(to, before, parcels, now - 101 * DAY))).rejects.toThrow();
  const somebody = await deliver(via, to, letterTo(to, createTrader(now), parcels));
  expect(somebody).toMatchObject([{ code: 'DELEGATION_EXPIRED' }]);
  expect(await state()).toBe('queued');
  expect(await deliver(via, to, letterTo(to, today, parcels))).toEqual([{ taken: true }]);
  // It is written as soon as it is taken, and shown then.
  await expect.poll(state).toBe('delivered');
});

it('a receipt that is given again is signed anew where its delegation has ended since', async () => {
  const clock = { now: Date.now() };
  const now = () => clock.now;
  const options = { now };
  const to = await openMailNode(keeping, options);
  const via = await openMailNode(keeping, { now, bootstrap: to.network.addresses() });
  const { expires } = to.identity.delegation.payload;
  clock.now = expires - DAY;
  const author = createTrader(clock.now);
  const parcels = [{ kind: 'private', bytes: text('once') }];
  const [first] = await deliver(via, to, letterTo(to, author, parcels, clock.now));
  const [second] = await deliver(via, to, letterTo(to, author, parcels, clock.now));
  expect(second?.receipt).toEqual(first?.receipt);

  // Who can sign for nothing is as good as away: what comes waits for it in its mailboxes, and is not refused.
  clock.now = expires + 2 * DAY;
  const late = () => letterTo(to, author, parcels, clock.now);
  await expect(deliver(via, to, late())).rejects.toMatchObject({ code: 'DELEGATION_EXPIRED' });
  await to.stop();
  const again = await openMailNode(keeping, { ...options, folder: to.folder });
  const by = await openMailNode(keeping, { now, bootstrap: again.network.addresses() });
  const [third] = await deliver(by, again, letterTo(again, author, parcels, clock.now));
  const given = openRecord(third?.receipt ?? new Uint8Array(), {
    network: NETWORK,
    kinds: ['receipt'],
    now: clock.now,
  });
  expect(given.payload.of).toEqual(parcelId('private', parcels[0]?.bytes ?? new Uint8Array()));
});
