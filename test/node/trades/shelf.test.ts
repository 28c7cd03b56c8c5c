import { expect, test } from 'vitest';
import { Stock, type Reservation } from '../../../node/catalog/stock.js';
import { cborCodec } from '../../../node/store/index.js';
import { stockWrites } from '../../../node/trades/shelf.js';
import { apply, type TradeState } from '../../../protocol/trade/index.js';
import { openStore } from '../store/support.js';
import { agreed, draft, must, type Move } from '../../protocol/trade/traders.js';

const SLOT = 'listing/kopi-1';

/** A seller with so many pieces; each trade of these tests is of two. */
async function shop(pieces: number) {
  const store = await openStore();
  const levels = store.table<number>('levels', cborCodec<number>());
  let level = pieces;
  const stock = new Stock(store.table<Reservation>('reservations', cborCodec<Reservation>()), {
    get: () => level,
    set: (slot, left) => {
      level = left;
      return levels.put(slot, left);
    },
    variants: () => [],
  });
  const warned: unknown[] = [];
  const take = (trade: string, state: TradeState | undefined, [by, kind, options]: Move): TradeState => {
    const outcome = apply(state, draft(state, by, kind, options));
    if (!outcome.ok) throw new Error(outcome.message);
    const logger = { warn: (...what: unknown[]) => void warned.push(what) };
    stockWrites(outcome.effects, { trade, own: by === 'seller', shelf: stock, logger });
    return outcome.state;
  };
  const all = (trade: string, state: TradeState | undefined, ...moves: readonly Move[]): TradeState | undefined =>
    moves.reduce<TradeState | undefined>((so, move) => take(trade, so, move), state);
  return { stock, all, warned, level: () => level };
}

test('goods that were sold to somebody else meanwhile are not sent under a contract that a late payment opened again', async () => {
  const { stock, all, warned, level } = await shop(3);
  const first = all('first', undefined, ['buyer', 'offer'], ['seller', 'accept']);
  expect(() => all('second', undefined, ['buyer', 'offer'], ['seller', 'accept'])).toThrow(/1 are left/);
  const lapsed = all('first', first, ['seller', 'timeout']);
  all('second', undefined, ['buyer', 'offer'], ['seller', 'accept'], ['seller', 'shipped']);
  expect([level(), stock.available(SLOT)]).toEqual([1, 1]);
  const late = all('first', lapsed, ['buyer', 'paid']);
  expect(late?.contract.status).toBe('agreed');
  expect(warned).toHaveLength(1);
  expect(() => all('first', late, ['seller', 'shipped'])).toThrow(expect.objectContaining({ code: 'STOCK_SHORT' }));
  expect([level(), stock.available(SLOT)]).toEqual([1, 1]);
  // Of what is there a part may go; or the seller cancels, for it was kept waiting.
  all('first', late, ['seller', 'shipped', { fields: { parts: [{ line: 0, quantity: 1 }] } }]);
  expect(level()).toBe(0);
  expect(all('first', late, ['seller', 'cancel'])?.contract.status).toBe('cancelled');
});

test('what was set aside goes out whatever is stated afterwards, and what another device said to have sent is gone', async () => {
  const { stock, all, level } = await shop(2);
  const ours = all('ours', undefined, ['buyer', 'offer'], ['seller', 'accept']);
  expect(all('ours', ours, ['seller', 'shipped'])?.delivery.status).toBe('shipped');
  expect(level()).toBe(0);
  const theirs = must(agreed(), draft(agreed(), 'seller', 'shipped'));
  expect(() =>
    stockWrites([{ kind: 'stock-sold', lines: theirs.agreement?.terms.lines ?? [] }], {
      trade: 'theirs',
      own: false,
      shelf: stock,
      logger: { warn: () => undefined },
    }),
  ).not.toThrow();
  expect(level()).toBe(0);
});
