import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { currencyCodes, currencyExponent, isCurrency } from '../../protocol/currencies.js';
import { isNiagaError, type ErrorCode } from '../../protocol/errors.js';
import { addMoney, formatMoney, moneyFromJson, moneySchema, moneyToJson } from '../../protocol/money.js';
import { multiplyMoney, parseMoney, type Money } from '../../protocol/money.js';
import { expectRefused } from '../support/refusal.js';

const ISSUER = `z6Mk${'a'.repeat(44)}:points`;

const anyMoney: fc.Arbitrary<Money> = fc.record({
  amount: fc.oneof(fc.maxSafeNat(), fc.nat(100_000)),
  currency: fc.constantFrom(...currencyCodes(), ISSUER),
});

describe('the currency table', () => {
  it('gives the rupiah its two decimals, which platforms disagree about', () => {
    expect(currencyExponent('IDR')).toBe(2);
  });

  it.each([
    ['JPY', 0],
    ['USD', 2],
    ['KWD', 3],
    ['CLF', 4],
    [ISSUER, 0],
  ])('knows %s with %i decimals', (currency, exponent) => {
    expect(currencyExponent(currency)).toBe(exponent);
  });

  it('has each code once, of three capital letters', () => {
    const codes = currencyCodes();
    expect(new Set(codes).size).toBe(codes.length);
    expect(codes.every((code) => /^[A-Z]{3}$/.test(code))).toBe(true);
    expect(codes.length).toBeGreaterThan(150);
  });

  it.each(['', 'idr', 'XXX', 'XAU', 'Rp', 'constructor', '__proto__', `${ISSUER} `, 'z6Mkabc:points', `${ISSUER}:x`])(
    'does not take %j for a currency',
    (text) => {
      expect(isCurrency(text)).toBe(false);
    },
  );
});

describe('parseMoney', () => {
  it.each([
    ['150000 IDR', 15_000_000, 'IDR'],
    ['IDR 150000', 15_000_000, 'IDR'],
    ['IDR150000', 15_000_000, 'IDR'],
    ['150000IDR', 15_000_000, 'IDR'],
    [' 150000 idr ', 15_000_000, 'IDR'],
    ['150.00 IDR', 15_000, 'IDR'],
    ['150_000 IDR', 15_000_000, 'IDR'],
    ['1 500 000 IDR', 150_000_000, 'IDR'],
    ['12.50 USD', 1_250, 'USD'],
    ['12.5 USD', 1_250, 'USD'],
    ['0.05 USD', 5, 'USD'],
    ['0 USD', 0, 'USD'],
    ['007 USD', 700, 'USD'],
    ['1.000 KWD', 1_000, 'KWD'],
    ['90071992547409.91 IDR', Number.MAX_SAFE_INTEGER, 'IDR'],
    [`25 ${ISSUER}`, 25, ISSUER],
  ])('reads %j', (text, amount, currency) => {
    expect(parseMoney(text)).toEqual({ amount, currency });
  });

  it.each([
    [150_000, 15_000_000],
    [32.9, 3_290],
    [1e3, 100_000],
    [-0, 0],
    [0.01, 1],
    [90_071_992_547_409, 9_007_199_254_740_900],
    [150_000n, 15_000_000],
    ['150000', 15_000_000],
    ['32.9', 3_290],
  ])('reads %s with a currency beside it', (value, amount) => {
    const money = parseMoney(value, { currency: 'IDR' });
    expect(money).toEqual({ amount, currency: 'IDR' });
    expect(Object.is(money.amount, -0)).toBe(false);
  });

  it('reads an object with price and currency in major units, and what it prints itself in minor units', () => {
    expect(parseMoney({ price: 150_000, currency: 'IDR' })).toEqual({ amount: 15_000_000, currency: 'IDR' });
    expect(parseMoney({ price: '12.50', priceCurrency: 'USD' })).toEqual({ amount: 1_250, currency: 'USD' });
    expect(parseMoney({ price: '12.50 USD', currency: null })).toEqual({ amount: 1_250, currency: 'USD' });
    expect(parseMoney({ amount: '15000000', currency: 'IDR' })).toEqual({ amount: 15_000_000, currency: 'IDR' });
  });

  it('lets an amount that names its currency differ from a fallback, not from the currency beside it', () => {
    expect(parseMoney('5 USD', { fallbackCurrency: 'IDR' })).toEqual({ amount: 500, currency: 'USD' });
    expect(parseMoney(5, { fallbackCurrency: 'idr' })).toEqual({ amount: 500, currency: 'IDR' });
    expect(parseMoney('5 USD', { currency: 'usd' })).toEqual({ amount: 500, currency: 'USD' });
    for (const input of ['5 USD', { price: 5, currency: 'USD' }, { amount: '500', currency: 'USD' }]) {
      expectRefused(() => parseMoney(input, { currency: 'IDR' }), 'MONEY_INVALID');
    }
    expectRefused(() => parseMoney({ price: '5 USD', currency: 'IDR' }), 'MONEY_INVALID');
  });

  it.each<[unknown, ErrorCode, RegExp]>([
    [-1, 'MONEY_INVALID', /-1 is negative/],
    ['-1 IDR', 'MONEY_INVALID', /negative/],
    ['IDR -1', 'MONEY_INVALID', /negative/],
    ['−1 IDR', 'MONEY_INVALID', /negative/],
    [NaN, 'MONEY_INVALID', /NaN is not a number/],
    ['NaN', 'MONEY_INVALID', /"NaN" is not an amount/],
    ['NaN IDR', 'MONEY_INVALID', /is not an amount/],
    [JSON.parse('1e400'), 'MONEY_INVALID', /too large.*1e400/],
    ['1e400', 'MONEY_INVALID', /exponent/],
    ['1e3 IDR', 'MONEY_INVALID', /exponent; write the amount out/],
    ['Infinity IDR', 'MONEY_INVALID', /is not an amount/],
    [1e21, 'MONEY_INVALID', /too large/],
    ['90071992547409.92 IDR', 'MONEY_INVALID', /too large.*9007199254740991/],
    [1.005, 'MONEY_INVALID', /3 decimals; IDR has 2/],
    [1e-7, 'MONEY_INVALID', /7 decimals/],
    ['1.5 JPY', 'MONEY_INVALID', /1 decimals; JPY has 0/],
    ['150.000 IDR', 'MONEY_INVALID', /3 decimals; IDR has 2.*write "150000 IDR"/],
    ['1.500.000 IDR', 'MONEY_INVALID', /more than one point/],
    ['150,000 IDR', 'MONEY_INVALID', /comma/],
    ['12,50 USD', 'MONEY_INVALID', /comma/],
    ['1 50 IDR', 'MONEY_INVALID', /is not an amount/],
    ['1_500 000 IDR', 'MONEY_INVALID', /is not an amount/],
    ['5. USD', 'MONEY_INVALID', /is not an amount/],
    ['.5 USD', 'MONEY_INVALID', /is not an amount/],
    ['+5 USD', 'MONEY_INVALID', /is not an amount/],
    ['Rp150000', 'MONEY_INVALID', /symbol instead of a currency code/],
    ['$5', 'MONEY_INVALID', /symbol/],
    ['٣ USD', 'MONEY_INVALID', /is not an amount/],
    ['', 'MONEY_INVALID', /"" is not an amount/],
    ['9'.repeat(200), 'MONEY_INVALID', /too long/],
    ['5 USD USD', 'MONEY_INVALID', /is not an amount/],
    ['5 ABC', 'CURRENCY_UNKNOWN', /"ABC" is not a currency/],
    ['5 a:b', 'CURRENCY_UNKNOWN', /"a:b" is not a currency/],
    [{ amount: 5, currency: 'IDR' }, 'MONEY_INVALID', /minor units/],
    [{ amount: '5.00', currency: 'IDR' }, 'MONEY_INVALID', /whole minor units/],
    [{ amount: '5' }, 'MONEY_INVALID', /no currency/],
    [{ amount: '5', price: 5, currency: 'IDR' }, 'MONEY_INVALID', /price and a currency/],
    [{ price: [5], currency: 'IDR' }, 'MONEY_INVALID', /a list is not an amount/],
    [{}, 'MONEY_INVALID', /price and a currency/],
    [null, 'MONEY_INVALID', /null is not an amount/],
    [true, 'MONEY_INVALID', /true is not an amount/],
    [[5, 'IDR'], 'MONEY_INVALID', /a list is not an amount/],
  ])('refuses %j with %s', (input, code, message) => {
    const currency = typeof input === 'number' ? 'IDR' : undefined;
    const error = expectRefused(() => parseMoney(input, { currency, where: 'price' }), code);
    expect(error.where).toBe('price');
    expect(error.message).toMatch(message);
  });

  it('refuses an amount without any currency', () => {
    expect(expectRefused(() => parseMoney(5), 'MONEY_INVALID').message).toMatch(/5 has no currency/);
    expect(expectRefused(() => parseMoney('5', { currency: ' ' }), 'MONEY_INVALID').message).toMatch(/no currency/);
  });

  it('refuses a fraction with more digits than a JSON number keeps, instead of a cent too much', () => {
    // Both literals are the same double.
    const read = JSON.parse('[80000000000000.02, 80000000000000.01]') as number[];
    expect(read[0]).toBe(read[1]);
    expect(expectRefused(() => parseMoney(read[0], { currency: 'IDR' }), 'MONEY_INVALID').message).toMatch(
      /Write it as text/,
    );
  });

  it('reads back what formatMoney writes', () => {
    fc.assert(
      fc.property(anyMoney, (money) => {
        expect(parseMoney(formatMoney(money))).toEqual(money);
      }),
    );
  });

  it('reads a number as it reads the same number as text', () => {
    fc.assert(
      fc.property(fc.nat(1_000_000_000), fc.nat(99), (whole, cents) => {
        const text = `${whole}.${String(cents).padStart(2, '0')}`;
        expect(parseMoney(Number(text), { currency: 'USD' })).toEqual(parseMoney(`${text} USD`));
      }),
    );
  });

  it('throws nothing but NiagaError and gives nothing but money, whatever comes in', () => {
    const pieces = fc.constantFrom(
      '1',
      '000',
      '.',
      ',',
      '_',
      ' ',
      '-',
      'e',
      'IDR',
      'JPY',
      'Rp',
      '$',
      '\ud800',
      '\u0000',
    );
    const near = fc.array(pieces, { maxLength: 8 }).map((parts) => parts.join(''));
    const input = fc.oneof(
      fc.anything(),
      near,
      fc.double(),
      fc.record({ amount: near, price: near, currency: near }, { requiredKeys: [] }),
    );
    fc.assert(
      fc.property(input, fc.option(near, { nil: undefined }), (value, currency) => {
        try {
          expect(moneySchema.safeParse(parseMoney(value, { currency })).success).toBe(true);
        } catch (error) {
          if (!isNiagaError(error)) throw error;
          expect(['MONEY_INVALID', 'CURRENCY_UNKNOWN']).toContain(error.code);
        }
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('formatMoney', () => {
  it.each([
    [15_000_000, 'IDR', '150000 IDR'],
    [1_250, 'USD', '12.50 USD'],
    [5, 'USD', '0.05 USD'],
    [0, 'USD', '0 USD'],
    [150, 'JPY', '150 JPY'],
    [1_500, 'KWD', '1.500 KWD'],
    [25, ISSUER, `25 ${ISSUER}`],
  ])('writes %i %s as %s', (amount, currency, text) => {
    expect(formatMoney({ amount, currency })).toBe(text);
  });
});

describe('money as JSON', () => {
  it('is minor units as text, and comes back the same', () => {
    expect(moneyToJson({ amount: 15_000_000, currency: 'IDR' })).toEqual({ amount: '15000000', currency: 'IDR' });
    fc.assert(
      fc.property(anyMoney, (money) => {
        expect(moneyFromJson(moneyToJson(money))).toEqual(money);
      }),
    );
  });

  it.each(['', '-1', '1.5', '01', '9007199254740992', ' 1', '1e3', '99999999999999999'])(
    'refuses the amount %j',
    (amount) => {
      expectRefused(() => moneyFromJson({ amount, currency: 'IDR' }), 'MONEY_INVALID');
    },
  );
});

describe('addMoney and multiplyMoney', () => {
  it('are exact or refuse', () => {
    fc.assert(
      fc.property(anyMoney, fc.maxSafeNat(), fc.oneof(fc.nat(1_000), fc.maxSafeNat()), (a, amount, times) => {
        const b = { amount, currency: a.currency };
        expectExact(() => addMoney(a, b), BigInt(a.amount) + BigInt(b.amount));
        expectExact(() => multiplyMoney(a, times), BigInt(a.amount) * BigInt(times));
      }),
    );
  });

  function expectExact(run: () => Money, exact: bigint): void {
    if (exact <= BigInt(Number.MAX_SAFE_INTEGER)) expect(BigInt(run().amount)).toBe(exact);
    else expectRefused(run, 'MONEY_INVALID');
  }

  it('refuse to mix currencies and to take parts of an amount', () => {
    expectRefused(() => addMoney({ amount: 1, currency: 'IDR' }, { amount: 1, currency: 'USD' }), 'MONEY_INVALID');
    for (const times of [0.5, -1, NaN, Infinity]) {
      expectRefused(() => multiplyMoney({ amount: 2, currency: 'IDR' }, times), 'MONEY_INVALID');
    }
  });
});

describe('moneySchema', () => {
  it.each([
    { amount: -1 },
    { amount: 1.5 },
    { amount: '1' },
    { amount: 2 ** 53 },
    { currency: 'idr' },
    { currency: 'XXX' },
    { currency: undefined },
  ])('refuses money with %j', (change) => {
    expect(moneySchema.safeParse({ amount: 1, currency: 'IDR', ...change }).success).toBe(false);
  });

  it('keeps fields that it does not know', () => {
    expect(moneySchema.parse({ amount: 1, currency: 'IDR', taxIncluded: true })).toHaveProperty('taxIncluded', true);
  });
});
