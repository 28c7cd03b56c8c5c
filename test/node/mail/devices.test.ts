import { expect, it, vi } from 'vitest';
import { COLLECT_METHOD, collectAnswerSchema, DEPOSIT_METHOD } from '../../../node/mail/wire.js';
import { decode, encode } from '../../../protocol/cbor.js';
import { nextEpoch } from '../../../protocol/identity/writer.js';
import { signRecord } from '../../../protocol/record.js';
import {
  createTrader,
  DAY,
  deliver,
  letterTo,
  NETWORK,
  openMailNode,
  revocationOf,
  sealedLetter,
  signed,
  tokenOf,
} from './support.js';

const SOON = { timeout: 60_000, interval: 50 };

it('a letter that only another own device can open stays in the mailbox, until that device counts no more', async () => {
  const mailbox = await openMailNode(() => undefined);
  const [here, bootstrap] = [mailbox.network.peerId, mailbox.network.addresses()];
  const before = await openMailNode(() => undefined, { bootstrap });
  const root = await before.identity.root();
  if (root === undefined) throw new Error('no root');
  const phone = createTrader(Date.now() - 1_000, root);
  await before.devices.learn([before.identity.delegation.bytes, phone.delegation?.bytes ?? new Uint8Array()]);
  await before.stop();

  const letter = sealedLetter();
  const throwaway = await mailbox.network.throwaway();
  const deposit = encode(tokenOf(phone, Date.now(), 8_192).deposit(letter, here));
  await throwaway.request(here, bootstrap, DEPOSIT_METHOD, deposit);
  await throwaway.stop();

  let asked = 0;
  const laptop = await openMailNode(
    ({ network }) => {
      const request = network.request.bind(network);
      vi.spyOn(network, 'request').mockImplementation(async (...given) => {
        const answer = await request(...given);
        if (given[1] === COLLECT_METHOD) asked++;
        return answer;
      });
    },
    { bootstrap, folder: before.folder, mail: { wait: 100 } },
  );
  await vi.waitFor(() => expect(asked).toBeGreaterThan(4), SOON);
  const body = signed('mailbox-request', { mailbox: here, drop: [], wait: 0 }, phone, Date.now());
  const { letters } = collectAnswerSchema.parse(decode(await laptop.network.request(here, COLLECT_METHOD, body)));
  expect(letters).toEqual([letter]);

  await laptop.devices.learn([revocationOf(phone, Date.now())]);
  await vi.waitFor(() => expect(mailbox.mail.kept().letters).toBe(0), SOON);
});

it('what waits for a trader whose machine is lost goes to the one that writes from now on, once it is known', async () => {
  const taken: string[] = [];
  const laptop = await openMailNode(({ mail }) => {
    mail.handle('heads', { take: ({ bytes }) => Promise.resolve(void taken.push(Buffer.from(bytes).toString())) });
  });
  const sender = await openMailNode(({ mail }) => mail.handle('heads', { take: () => Promise.resolve() }), {
    bootstrap: laptop.network.addresses(),
  });
  const root = await laptop.identity.root();
  if (root === undefined) throw new Error('no root');
  const now = Date.now();
  const lost = createTrader(now - 1_000, root);
  // Of this machine something was heard, of the other one nothing.
  await deliver(laptop, sender, letterTo(sender, lost, [{ kind: 'heads', bytes: new Uint8Array([1]) }]));
  expect(sender.mail.peers(lost.trader)).toEqual([lost.peer]);
  sender.mail.post([{ to: lost.trader, kind: 'heads', bytes: Buffer.from('for the owner') }]).send();

  const lease = { epoch: nextEpoch(undefined, now), holder: laptop.identity.device, expires: now + DAY, stands: [] };
  const writer = signRecord('writer', lease, root, { network: NETWORK, created: now });
  await sender.devices.learn([laptop.identity.delegation.bytes, writer.bytes]);
  await vi.waitFor(() => expect(taken).toEqual(['for the owner']), SOON);
});
