import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { changedLines, checkLine, firstTerms, offeredByListing, parseAlso } from '../../../node/trades/terms.js';
import { summaryOf } from '../../../protocol/catalog/summary.js';
import { recordId } from '../../../protocol/ids.js';
import { readItem } from '../../../protocol/listing/input.js';
import { signRecord } from '../../../protocol/record.js';
import { traderOf } from '../../protocol/signers.js';

const BEGIN = Date.UTC(2026, 0, 1);
const seller = traderOf(1, BEGIN);

function listingOf(variants?: readonly unknown[], title = 'Kaos') {
  const { item } = readItem({ sku: 'kaos', title, price: '80000 IDR', ...(variants && { variants }) });
  return signRecord('listing', { slot: 'listing/kaos', seq: 1, item }, seller, { network: 'main', created: BEGIN });
}

const kaos = listingOf([{ sku: 's' }, { sku: 'xl', price: '95000 IDR', quantity: 3 }]);
const plain = listingOf();
const orderOf = (variant: string | undefined, quantity = 1, listing = kaos) =>
  firstTerms([{ offered: offeredByListing(listing, variant), quantity }], {}, BEGIN).lines;

const wrong = (message: RegExp, variants: readonly string[]) =>
  expect.objectContaining({
    code: 'TRADE_TERMS',
    where: 'variant',
    message: expect.stringMatching(message) as string,
    next: expect.stringContaining('niaga offer') as string,
    details: { variants },
  }) as Error;

describe('a line of an offer', () => {
  it('has the title of its listing, or as much of it as a card has room for, and no other', () => {
    const long = 'Сабо деревянные '.repeat(18).trim();
    const listing = listingOf(undefined, long);
    const [line] = orderOf(undefined, 1, listing);
    if (line === undefined) throw new Error('no line');
    expect(() => checkLine(line, listing)).not.toThrow();
    const { title } = summaryOf(listing.payload.item, null);
    expect(title).not.toBe(long);
    expect(() => checkLine({ ...line, title }, listing)).not.toThrow();
    for (const other of ['Emas 1 kg', title.slice(0, -2), `${long} `])
      expect(() => checkLine({ ...line, title: other }, listing)).toThrow(
        expect.objectContaining({ code: 'TRADE_TERMS', where: 'terms.lines' }),
      );
  });
});

describe('a variant', () => {
  it('is ordered at its own price and pieces, where it has them, and else at those of its listing', () => {
    expect(orderOf('xl', 3)).toMatchObject([{ variant: 'xl', title: 'Kaos', price: { amount: 9_500_000 } }]);
    expect(orderOf('s', 50)).toMatchObject([{ variant: 's', price: { amount: 8_000_000 } }]);
    expect(() => orderOf('xl', 4)).toThrow(expect.objectContaining({ code: 'STOCK_SHORT' }));
    expect(orderOf(undefined, 1, plain)[0]).not.toHaveProperty('variant');
  });

  it('has to be named where there are variants, and to be there, for the buyer as for the seller', () => {
    const [line] = orderOf('s');
    if (line === undefined) throw new Error('no line');
    const { variant: _variant, ...bare } = line;
    expect(() => orderOf(undefined)).toThrow(wrong(/none is named.*"s", "xl"/, ['s', 'xl']));
    expect(() => orderOf('m')).toThrow(wrong(/no variant "m".*"s", "xl"/, ['s', 'xl']));
    expect(() => orderOf('s', 1, plain)).toThrow(wrong(/no variants/, []));
    expect(() => checkLine(line, kaos)).not.toThrow();
    expect(() => checkLine(bare, kaos)).toThrow(wrong(/none is named/, ['s', 'xl']));
    expect(() => checkLine({ ...line, variant: 'm' }, kaos)).toThrow(wrong(/no variant "m"/, ['s', 'xl']));
    expect(() => checkLine(line, plain)).toThrow(wrong(/no variants/, []));
    expect(() => checkLine({ ...line, variant: 'xl', quantity: 4 }, kaos)).toThrow(
      expect.objectContaining({ code: 'STOCK_SHORT' }),
    );
  });

  it('stays with its line in a counter-offer', () => {
    const lines = [...orderOf('s'), ...orderOf('xl')];
    const changed = changedLines(lines, { line: ['1=5', '2=2@90000 IDR'] });
    expect(changed.map(({ variant, quantity }) => [variant, quantity])).toEqual([
      ['s', 5],
      ['xl', 2],
    ]);
  });

  it('with any sku is read as it was written, where the quantity is said', () => {
    const listing = recordId(Uint8Array.of(0xa0)).toString();
    const sku = fc.string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(sku, fc.integer({ min: 1, max: 999 }), fc.boolean(), (variant, quantity, priced) => {
        const read = parseAlso(`${listing}#${variant}=${quantity}${priced ? '@80000 IDR' : ''}`);
        expect(read).toEqual({
          listing: expect.anything() as unknown,
          variant,
          quantity,
          ...(priced ? { price: '80000 IDR' } : {}),
        });
      }),
    );
    expect(parseAlso(`${listing}#xl`)).toMatchObject({ variant: 'xl' });
    expect(parseAlso(`${listing}#xl@80000 IDR`)).toMatchObject({ variant: 'xl', price: '80000 IDR' });
    expect(parseAlso(`${listing}=2`)).not.toHaveProperty('variant');
    expect(() => parseAlso(`${listing}#`)).toThrow(expect.objectContaining({ code: 'INPUT_INVALID' }));
  });
});
