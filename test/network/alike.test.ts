import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Services } from '../../node/services.js';
import { handlersOf, startMembers } from './members.js';
import { published, until } from './traders.js';

let members: Awaited<ReturnType<typeof startMembers<'buyer' | 'seller'>>>;
let buyer: Services;
let seller: Services;

beforeAll(async () => {
  // Whatever is signed there is signed in one millisecond, as far as its clock knows.
  const at = Date.now();
  members = await startMembers(['buyer', 'seller'], { now: () => at });
  ({ buyer, seller } = members);
});
afterAll(() => members.stop());

it('two equal offers of one millisecond are two trades, and two equal lines two messages', async () => {
  const listing = await published(seller, 'satu');
  const offers = await Promise.all([buyer.trades.offer({ listing }), buyer.trades.offer({ listing })]);
  const trades = offers.map(({ trade }) => trade);
  expect(new Set(trades).size).toBe(2);
  const known = () => seller.trades.list({ limit: 10 });
  await until(known, ({ items }) => trades.every((trade) => items.some((one) => one.trade === trade)), 'both offers');

  const [trade = ''] = trades;
  const context = { signal: new AbortController().signal };
  const say = () => handlersOf(buyer).chatSend({ with: trade, text: 'Halo', files: [] }, context);
  await Promise.all([say(), say()]);
  const lines = async () => (await handlersOf(seller).chatShow({ with: trade, limit: 10 }, context)).items;
  await until(lines, (items) => items.filter(({ text }) => text === 'Halo').length === 2, 'both lines');
});
