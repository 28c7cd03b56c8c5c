import { expect, it } from 'vitest';
import { createArbiters } from '../../../node/arbiters/index.js';
import { LISTING, termsBy } from '../../protocol/trade/traders.js';
import { openTrader, type Trader } from '../trader-records/support.js';

const FEE = { amount: 500_000, currency: 'IDR' };

const arbitersOf = ({ records, identity }: Trader) =>
  createArbiters({ traderRecords: records, trader: identity.trader });

/** A contract upon that version of a trader's offer. */
const upon = ({ identity }: Trader, offer = LISTING) =>
  termsBy('buyer', { arbiter: { trader: identity.trader, offer, fee: FEE } });

const idOf = ({ records }: Trader) => records.own('arbiter-offer')?.id;

it('a contract fits the offer as it stands, also where that was signed more than once, until it says something else', async () => {
  const trader = await openTrader();
  const arbiters = arbitersOf(trader);
  expect(await arbiters.fits(upon(trader))).toBe(false);
  const ids = [];
  for (let time = 0; time < 3; time++) {
    await arbiters.offer({ fee: ['5000 IDR'], language: ['id'], terms: 'Dalam seminggu' });
    ids.push(idOf(trader));
  }
  expect(new Set(ids.map(String)).size).toBe(3);
  for (const id of ids) expect(await arbiters.fits(upon(trader, id))).toBe(true);
  expect(await arbiters.fits(upon(trader))).toBe(false);

  await trader.stop();
  const again = await openTrader({ folder: trader.folder });
  for (const id of ids) expect(await arbitersOf(again).fits(upon(again, id))).toBe(true);
  // The same fee, and a promise that nobody chose it for.
  await arbitersOf(again).offer({ terms: 'Dalam setahun' });
  for (const id of ids) expect(await arbitersOf(again).fits(upon(again, id))).toBe(false);
  expect(await arbitersOf(again).fits(upon(again, idOf(again)))).toBe(true);
});
