import { randomBytes } from 'node:crypto';
import { expect, it } from 'vitest';
import { createDeviceBook, MAX_TRADERS } from '../../../node/identity/device-book.js';
import { rawCodec } from '../../../node/store/index.js';
import { signRecord } from '../../../protocol/record.js';
import { createTrader, DAY, NETWORK, revocationOf, type Trader } from '../mail/support.js';
import { openStore } from '../store/support.js';

const NOW = Date.UTC(2026, 10, 1);

/** With the signature of somebody else. */
function delegationOfSomebody({ delegation, device }: Trader): Uint8Array {
  const trader = new Uint8Array(randomBytes(32));
  const signature = delegation?.signature ?? new Uint8Array();
  const draft = { delegate: device, may: ['trade'], expires: NOW + DAY };
  return signRecord(
    'delegation',
    draft,
    { trader, device: trader, sign: () => signature },
    { network: NETWORK, created: NOW },
  ).bytes;
}

it('a flood of traders does not make it forget who was revoked of those with whom a contract is under way', async () => {
  const store = await openStore();
  const [own, partner, stranger] = [createTrader(NOW), createTrader(NOW), createTrader(NOW)];
  const book = createDeviceBook({
    table: store.table('devices', rawCodec),
    write: (writes) => store.write(writes, { sync: false }),
    network: NETWORK,
    own: own.trader,
    // Ten thousand signatures are made and checked elsewhere.
    verify: () => true,
    needed: () => [partner.trader],
  });
  const told = ({ delegation }: Trader) => delegation?.bytes ?? new Uint8Array();
  for (const one of [own, partner, stranger]) await book.learn([told(one), revocationOf(one, NOW)]);
  await book.learn(Array.from({ length: MAX_TRADERS }, () => delegationOfSomebody(own)));

  expect(book.isRevoked(partner.trader, partner.device)).toBe(true);
  expect(book.isRevoked(own.trader, own.device)).toBe(true);
  expect(book.knows(stranger.trader)).toBe(false);
});
