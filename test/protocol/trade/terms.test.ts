import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decode, encode } from '../../../protocol/cbor.js';
import {
  apply,
  checkTerms,
  MESSAGE_KINDS,
  ROLES,
  termsSchema,
  totalOf,
  TRADE_SCHEMAS,
  type Terms,
} from '../../../protocol/trade/index.js';
import { draft, EXPIRES, idr, LISTING, offered, T0, termsBy } from './traders.js';

const line = (quantity: number, amount: number, currency = 'IDR') => ({
  listing: LISTING,
  slot: 'listing/x',
  title: 'x',
  quantity,
  price: { amount, currency },
});

test.each<[string, 'buyer' | 'seller', Partial<Terms>, string]>([
  ['a total that is not the sum', 'buyer', { total: idr(10_000_001) }, 'terms.total'],
  ['a line in another currency', 'buyer', { lines: [line(1, 8_000_000), line(1, 0, 'USD')] }, 'terms.lines[1].price'],
  ['shipping in another currency', 'buyer', { shipping: { amount: 2_000_000, currency: 'USD' } }, 'terms.shipping'],
  [
    'a sum beyond what can be counted',
    'buyer',
    { lines: [line(2, Number.MAX_SAFE_INTEGER)], total: idr(Number.MAX_SAFE_INTEGER) },
    'terms.total',
  ],
  ['an expiry that is not after its making', 'buyer', { expires: T0 }, 'terms.expires'],
  ['a seller who says nothing of stock', 'seller', { stock: undefined }, 'terms.stock'],
  ['a buyer who promises stock', 'buyer', { stock: 'reserved' }, 'terms.stock'],
])('%s is refused', (_, role, over, where) => {
  expect(checkTerms(termsBy(role, over), role, T0)).toMatchObject({ where });
  const created = T0 + 1;
  const expires = over.expires === undefined ? EXPIRES : created;
  expect(apply(undefined, draft(undefined, role, 'offer', { created, terms: { ...over, expires } }))).toMatchObject({
    code: 'TRADE_TERMS',
    where,
  });
  const answered = role === 'seller' ? offered() : draftOfSeller();
  expect(apply(answered, draft(answered, role, 'counter', { created, terms: { ...over, expires } }))).toMatchObject({
    code: 'TRADE_TERMS',
    where,
  });
});

test.each<[string, Partial<Terms>, string]>([
  ['lines', { total: idr(10_000_001) }, 'The total is 100000.01 IDR, but lines and shipping add up to 100000 IDR.'],
  [
    'milestones',
    { delivery: { method: 'service', milestones: [{ title: 'Half', amount: idr(2_500_000) }] } },
    'The total is 100000 IDR, but the milestones add up to 25000 IDR.',
  ],
  [
    'more than can be counted',
    { lines: [line(2, Number.MAX_SAFE_INTEGER)], shipping: undefined, total: idr(1) },
    'The total is 0.01 IDR, but lines and shipping add up to more than any amount of money.',
  ],
])('what does not add up is said in money as people write it: %s', (_, over, message) => {
  expect(checkTerms(termsBy('buyer', over), 'buyer', T0)?.message).toBe(message);
});

function draftOfSeller() {
  const outcome = apply(undefined, draft(undefined, 'seller', 'offer'));
  if (!outcome.ok) throw new Error(outcome.message);
  return outcome.state;
}

test('the total is the exact sum, and no other amount is taken for it', () => {
  const amounts = fc.nat({ max: 1_000_000_000 });
  const lines = fc.array(fc.tuple(fc.integer({ min: 1, max: 10_000 }), amounts), { minLength: 1, maxLength: 100 });
  fc.assert(
    fc.property(
      lines,
      fc.option(amounts, { nil: undefined }),
      fc.integer({ min: -3, max: 3 }),
      (pairs, shipping, off) => {
        const goods = pairs.map(([quantity, amount]) => line(quantity, amount));
        const more = shipping === undefined ? undefined : idr(shipping);
        const total = totalOf(goods, more);
        const terms = { ...termsBy('buyer', { lines: goods, total: idr(Math.max(0, total.amount + off)) }) };
        delete terms.shipping;
        const complete = more === undefined ? terms : { ...terms, shipping: more };
        expect(checkTerms(complete, 'buyer', T0) === undefined).toBe(complete.total.amount === total.amount);
      },
    ),
  );
});

test('a total beyond what can be counted is never made', () => {
  expect(() => totalOf([line(2, Number.MAX_SAFE_INTEGER)])).toThrow('larger than Niaga can count');
  expect(() => totalOf([line(1, 1), line(1, 1, 'USD')])).toThrow('cannot be added');
  expect(() => totalOf([])).toThrow(RangeError);
});

test.each(MESSAGE_KINDS)('%s passes its schema after a round trip, unknown fields and all', (kind) => {
  for (const role of ROLES) {
    const { payload } = draft(kind === 'offer' ? undefined : offered(), role, kind, {
      fields: { 'x-later': { deep: [1] } },
    });
    const back = TRADE_SCHEMAS[kind].parse(decode(encode(payload)));
    expect(encode(back)).toEqual(encode(payload));
    expect(TRADE_SCHEMAS[kind].safeParse({ ...payload, kind: 'else' }).success).toBe(false);
  }
});

test.each<[string, object]>([
  ['no lines', { lines: [] }],
  ['too many lines', { lines: Array.from({ length: 101 }, () => line(1, 1)) }],
  ['nothing of a line', { lines: [line(0, 1)] }],
  ['half of a line', { lines: [line(0.5, 1)] }],
  ['a quantity beyond counting', { lines: [line(2 ** 53, 1)] }],
  ['a negative price', { lines: [line(1, -1)] }],
  ['a slot that is not a listing’s', { lines: [{ ...line(1, 1), slot: 'card/x' }] }],
  ['a slot without a sku', { lines: [{ ...line(1, 1), slot: 'listing/' }] }],
  ['a listing that is no id', { lines: [{ ...line(1, 1), listing: 'bafy' }] }],
  ['a settlement that there is not', { settlement: { method: 'magic' } }],
  ['a delivery that there is not', { delivery: { method: 'magic' } }],
  ['a promise that there is not', { stock: 'maybe' }],
  ['a note that is too long', { note: 'x'.repeat(2_001) }],
  ['an expiry that is no time', { expires: 1.5 }],
])('terms with %s do not pass the schema', (_, over) => {
  expect(termsSchema.safeParse(termsBy('seller')).success).toBe(true);
  expect(termsSchema.safeParse({ ...termsBy('seller'), ...over }).success).toBe(false);
});
