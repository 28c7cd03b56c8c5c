import { expect, it, vi } from 'vitest';
import { COLLECT_METHOD, collectAnswerSchema, DEPOSIT_METHOD } from '../../../node/mail/wire.js';
import { decode, encode } from '../../../protocol/cbor.js';
import { createTrader, openMailNode, revocationOf, sealedLetter, signed, tokenOf } from './support.js';

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
