import { randomBytes } from 'node:crypto';
import { expect, it, vi } from 'vitest';
import { delegate } from '../../../node/identity/index.js';
import { Contacts } from '../../../node/mail/contacts.js';
import { DEFAULT_MAIL_OPTIONS } from '../../../node/mail/options.js';
import { encode } from '../../../protocol/cbor.js';
import { keyPairFromSeed } from '../../../protocol/ed25519.js';
import { blobId } from '../../../protocol/ids.js';
import { sealingKey } from '../../../protocol/mail/index.js';
import { openRecord } from '../../../protocol/record.js';
import { openBase, openDeviceBook } from '../trader-records/support.js';
import { createTrader, DAY, deliver, NETWORK, openMailNode, signed } from './support.js';

const SOON = { timeout: 60_000, interval: 50 };
const bytes32 = (): Uint8Array => new Uint8Array(randomBytes(32));

it('a token ends with the delegation that it was signed under at the latest, and is another one under another', async () => {
  const { deps, store, identity, clock } = await openBase();
  const devices = await openDeviceBook({ deps, store, identity });
  const open = () => new Contacts({ ...deps, devices, options: DEFAULT_MAIL_OPTIONS });
  let contacts = open();
  const partner = createTrader(clock.now).trader;
  const own = { sealing: bytes32(), mailboxes: [] };
  const given = () => {
    const { reply, mark, heard } = contacts.replyTo(partner, own);
    const bytes = reply.token?.record ?? new Uint8Array();
    const { payload } = openRecord(bytes, { network: NETWORK, kinds: ['mailbox-token'], now: clock.now });
    return { bytes, expires: payload.expires, mark, heard };
  };
  const first = given();
  expect(first.expires - clock.now).toBe(60 * DAY);
  const { delegation } = identity;
  clock.now = delegation.payload.expires - 15 * DAY;
  const late = given();
  expect(late.expires).toBe(delegation.payload.expires);
  // It gets no better by another one: each would be told to the partner again.
  clock.now += DAY;
  expect(given().bytes).toEqual(late.bytes);
  contacts.told(partner, late.mark);
  expect(given().heard).toBe(true);

  const root = await identity.root();
  if (root === undefined) throw new Error('no root');
  await identity.adopt(delegate(root, identity.device, { network: NETWORK, now: clock.now }), clock.now);
  const renewed = given();
  expect(renewed.expires - clock.now).toBe(60 * DAY);
  expect(renewed.heard).toBe(false);
  // Behind what was written before.
  await store.write([]);
  contacts = open();
  await contacts.load();
  expect(given().bytes).toEqual(renewed.bytes);
});

it('a letter is left with work where the token that its sender got has outlived its delegation', async () => {
  const clock = { ahead: 0 };
  const now = (): number => Date.now() + clock.ahead;
  const mailbox = await openMailNode(() => undefined, { now });
  const sender = await openMailNode(({ mail }) => mail.handle('heads', { take: () => Promise.resolve() }), {
    bootstrap: mailbox.network.addresses(),
    now,
  });
  // The delegation of its device ends tomorrow, the token in two months.
  const away = createTrader(now() - 299 * DAY);
  const seed = bytes32();
  const key = keyPairFromSeed(seed).publicKey;
  const draft = { id: new Uint8Array(randomBytes(16)), key, expires: now() + 60 * DAY, quota: 65_536 };
  const token = { seed, record: signed('mailbox-token', draft, away, now()) };
  const reply = { sealing: sealingKey(bytes32()), mailboxes: [mailbox.network.peerId], token };
  const letter = signed('letter', { to: sender.identity.trader, parcels: [], reply }, away, now());
  sender.mail.meet(away.trader, away.peer);
  await deliver(mailbox, sender, letter);

  clock.ahead = 3 * DAY;
  const about = blobId(new Uint8Array([1]));
  const posted = sender.mail.post([{ to: away.trader, kind: 'private', bytes: encode({ value: 'x' }), about }]);
  await sender.store.write(posted.writes);
  posted.send();
  await vi.waitFor(() => expect(mailbox.mail.kept().letters).toBe(1), SOON);
  const [id] = posted.ids;
  if (id === undefined) throw new Error('nothing was posted');
  await vi.waitFor(async () => expect((await sender.mail.stateOf(away.trader, id))?.state).toBe('stored'), SOON);
});
