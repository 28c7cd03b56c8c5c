import { expect, it, onTestFinished, vi } from 'vitest';
import { deviceHandlers } from '../../../node/devices/handlers.js';
import { createDevices, type Drafted } from '../../../node/devices/index.js';
import { signDrafts } from '../../../node/identity/index.js';
import { nextEpoch, WRITER_LIFETIME } from '../../../protocol/identity/writer.js';
import { LEASE_SKEW } from '../../../protocol/identity/writer.js';
import { CLOCK_SKEW, signRecord, type Signer } from '../../../protocol/record.js';
import { PATIENCE } from '../../support/patience.js';
import { createTrader } from '../mail/support.js';
import { DAY, NETWORK, openBase, openDeviceBook } from '../trader-records/support.js';

/** A node, and what it knows of devices. */
async function open(options: Parameters<typeof openBase>[0] = {}) {
  const base = await openBase(options);
  const { deps } = base;
  const book = await openDeviceBook(base);
  const devices = createDevices({
    ...deps,
    book,
    logs: async function* () {
      // There are no trades.
    },
    underWay: () => new Set(),
    restoration: () => ({ isKnown: true, listed: [] }),
    events: { record: () => Promise.resolve() },
  });
  await devices.start();
  onTestFinished(() => devices.stop());
  return { ...base, book, devices };
}

/** A machine that writes by a lease, since its trader once had another one. */
async function openWriter(options: Parameters<typeof openBase>[0] = {}) {
  const writer = await open(options);
  const { identity, clock, devices } = writer;
  const root = await identity.root();
  if (root === undefined) throw new Error('no root');
  const leaseFor = (holder: Uint8Array): Uint8Array => {
    const lease = { epoch: nextEpoch(undefined, clock.now), holder, expires: clock.now + WRITER_LIFETIME, stands: [] };
    return signRecord('writer', lease, root, { network: NETWORK, created: clock.now }).bytes;
  };
  /** Signs what the node asks to have signed, and gives it back. */
  const signAll = (drafted: Drafted | undefined, device = identity.peerId): Uint8Array[] =>
    signDrafts(drafted?.drafts ?? new Uint8Array(), root, { network: NETWORK, device, now: clock.now });
  await devices.submit([leaseFor(identity.device)]);
  expect(devices.mayWrite).toBe(true);
  return { ...writer, root, leaseFor, signAll };
}

/** A lease that a machine takes by its own word. */
function claimOf(by: Signer, now: number, holder = by.device): Uint8Array {
  const lease = { epoch: nextEpoch(undefined, now), holder, expires: now + WRITER_LIFETIME, stands: [] };
  return signRecord('writer', lease, by, { network: NETWORK, created: now, inlineDelegation: true }).bytes;
}

it('a lease that the root signed is renewed by its holder, and what the root signs afterwards counts all the same', async () => {
  const { book, clock, devices, identity, root, leaseFor } = await openWriter();
  for (let month = 0; month < 3; month++) {
    clock.now += WRITER_LIFETIME - DAY;
    await devices.renew();
    expect(book.writerOf(identity.trader)?.payload).toMatchObject({
      holder: identity.device,
      expires: clock.now + WRITER_LIFETIME,
    });
  }
  const phone = createTrader(clock.now, root);
  await devices.submit([phone.delegation?.bytes ?? new Uint8Array(), leaseFor(phone.device)]);
  expect(devices.writer).toBe(phone.peer);
  // What the other machine holds is no longer for this one to renew.
  clock.now += WRITER_LIFETIME - DAY;
  await devices.renew();
  expect(devices.writer).toBe(phone.peer);
});

it('a machine whose lease ended while it slept writes again within moments, also where nobody is reachable', async () => {
  const { clock, devices } = await openWriter();
  clock.now += WRITER_LIFETIME + DAY;
  expect(devices.mayWrite).toBe(false);
  const began = performance.now();
  await vi.waitFor(() => expect(devices.mayWrite).toBe(true), PATIENCE);
  expect(performance.now() - began).toBeLessThan(5_000);
  // The clock leaps on only once that is on disk.
  await devices.renew();
  // Whoever types something waits for the same question.
  clock.now += WRITER_LIFETIME + DAY;
  await devices.checkWriter();
  expect(devices.mayWrite).toBe(true);
  // And its own lease needs no words.
  clock.now += WRITER_LIFETIME + DAY;
  expect(await devices.take()).toBeUndefined();
  expect(devices.mayWrite).toBe(true);
});

it('a machine whose lease ended writes nothing by itself while nobody says whether another one has taken it; its owner may', async () => {
  const { clock, devices, root } = await openWriter();
  const phone = createTrader(clock.now, root);
  await devices.submit([phone.delegation?.bytes ?? new Uint8Array()]);
  clock.now += WRITER_LIFETIME + DAY;
  expect(devices.mayWrite).toBe(false);
  await devices.renew();
  expect(devices.mayWrite).toBe(false);
  await devices.checkWriter();
});

it('a machine whose delegation has ended starts, and says that it may not write', async () => {
  const { clock, devices } = await openWriter();
  clock.now += 400 * DAY;
  expect(devices.mayWrite).toBe(false);
  await devices.stop();
  await devices.start();
  expect(devices.mayWrite).toBe(false);
});

it('a machine never writes again where another one took the lease while it slept', async () => {
  const clock = { now: Date.now() };
  const other = await open({ clock });
  const { devices, root, leaseFor } = await openWriter({ clock, bootstrap: other.network.addresses() });
  // The question of the start is answered before it falls asleep.
  await vi.waitFor(async () => expect((await devices.view()).asOf).not.toBeNull(), PATIENCE);
  const phone = createTrader(clock.now, root);
  clock.now += WRITER_LIFETIME + DAY;
  await other.book.learn([phone.delegation?.bytes ?? new Uint8Array(), leaseFor(phone.device)]);
  let said = false;
  await vi.waitFor(() => {
    said ||= devices.mayWrite;
    expect(devices.writer).toBe(phone.peer);
  }, PATIENCE);
  expect([said, devices.mayWrite]).toEqual([false, false]);
});

it('a machine that is lost with the lease is answered for by the words at once, and by nobody once its time is over', async () => {
  const { book, clock, devices, identity, root, leaseFor, signAll } = await openWriter();
  clock.now += DAY;
  const phone = createTrader(clock.now, root);
  await devices.submit([phone.delegation?.bytes ?? new Uint8Array(), leaseFor(phone.device)]);
  const next = expect.stringMatching(
    /niaga identity pass .* here: niaga identity take .*niaga identity revoke/,
  ) as unknown;
  await expect(devices.checkWriter()).rejects.toMatchObject({ code: 'WRITER_OTHER', next });
  await devices.submit(signAll(await devices.take()));
  expect(devices.mayWrite).toBe(true);

  clock.now += DAY;
  await devices.submit([leaseFor(phone.device)]);
  clock.now = (book.writerOf(identity.trader)?.payload.expires ?? 0) + CLOCK_SKEW + 1;
  const over = expect.stringContaining('take it with: niaga identity take') as unknown;
  await expect(devices.checkWriter()).rejects.toMatchObject({ code: 'WRITER_OTHER', next: over });
  expect(await devices.take()).toBeUndefined();
  expect(devices.mayWrite).toBe(true);
});

it('a machine that may not sign is given no lease, and says what to do', async () => {
  const { clock, devices, identity, root } = await openWriter();
  const phone = createTrader(clock.now, root);
  await devices.submit([phone.delegation?.bytes ?? new Uint8Array(), claimOf(phone, clock.now + 1_000)]);
  const start = clock.now;
  clock.now = identity.delegation.payload.expires + 1;
  const renew = expect.stringContaining(`niaga identity add ${identity.peerId}`) as unknown;
  await expect(devices.take()).rejects.toMatchObject({ code: 'DELEGATION_EXPIRED', next: renew });
  clock.now = start;
  const revocation = signRecord('revocation', { revoked: identity.device, stands: [] }, root, {
    network: NETWORK,
    created: start,
  });
  await devices.submit([revocation.bytes]);
  await expect(devices.take()).rejects.toMatchObject({ code: 'DELEGATION_REVOKED' });
});

it('a stolen machine keeps the lease neither from the words nor, once it is revoked, from any machine of its trader', async () => {
  const { book, clock, devices, identity, root, signAll } = await openWriter();
  const stolen = createTrader(clock.now, root);
  const nobody = createTrader(clock.now);
  const ahead = () => clock.now + LEASE_SKEW;
  await devices.submit([stolen.delegation?.bytes ?? new Uint8Array(), claimOf(stolen, ahead(), nobody.device)]);
  expect(devices.writer).toBe(nobody.peer);
  // Whose word it is tells which one to revoke.
  await expect(devices.checkWriter()).rejects.toMatchObject({
    message: expect.stringContaining(stolen.peer) as unknown,
  });
  await devices.submit(signAll(await devices.take()));
  expect(devices.mayWrite).toBe(true);

  clock.now += DAY;
  await devices.submit([claimOf(stolen, ahead(), nobody.device)]);
  expect(devices.writer).toBe(nobody.peer);
  await devices.submit(signAll(await devices.revocationOf(stolen.device), stolen.peer));
  expect(devices.writer).toBe(identity.peerId);
  expect(devices.mayWrite).toBe(true);
  const { refused } = await book.learn([claimOf(stolen, ahead())]);
  expect(refused).toMatchObject([{ code: 'DELEGATION_REVOKED' }]);
});

it('who has typed the words is told where another machine has taken the lease meanwhile', async () => {
  const { clock, devices, identity, root, signAll } = await openWriter();
  const phone = createTrader(clock.now, root);
  await devices.submit([phone.delegation?.bytes ?? new Uint8Array(), claimOf(phone, clock.now + 1_000)]);
  const signed = signAll(await devices.take()).map((bytes) => Buffer.from(bytes).toString('base64'));
  await devices.submit([claimOf(phone, clock.now + 5_000)]);
  const { identityTake } = deviceHandlers({ devices, identity, continuity: {} as never });
  await expect(identityTake({ signed })).rejects.toMatchObject({ code: 'WRITER_OTHER' });
});
