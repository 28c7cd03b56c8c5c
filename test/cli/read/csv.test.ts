import { Readable } from 'node:stream';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readItems, type ReadLine } from '../../../cli/read/index.js';
import { readItem } from '../../../protocol/listing/input.js';

async function csv(text: string): Promise<ReadLine[]> {
  const lines: ReadLine[] = [];
  for await (const line of readItems({ stdin: Readable.from([Buffer.from(text)]) }, { format: 'csv' }))
    lines.push(line);
  return lines;
}

async function values(text: string): Promise<unknown[]> {
  return (await csv(text)).map(({ value, error }) => value ?? error?.message);
}

describe('a table', () => {
  it('gives listings that readItem understands', async () => {
    const text =
      'id,name,category,price,currency,stock,attributes.colour,attributes.length,conditions.refund,pickup,minOrder,shipsTo\n' +
      '7,"Kopi, Gayo",Food > Coffee,150000,IDR,12,brown,,"none, ever",yes,2,"Java, Bali"\n' +
      '8,Teh,,,,,,,,,,\n';
    const items = (await csv(text)).map(({ value }) => readItem(value));
    expect(items[0]?.item).toMatchObject({
      sku: '7',
      title: 'Kopi, Gayo',
      category: ['Food', 'Coffee'],
      price: { amount: 15_000_000, currency: 'IDR' },
      inventoryLevel: 12,
      additionalProperty: { colour: 'brown' },
      pickup: true,
      eligibleQuantity: { minValue: 2 },
      shippingDetails: [{ shippingDestination: 'Java' }, { shippingDestination: 'Bali' }],
    });
    expect(items[0]?.blobs.length).toBe(1);
    expect({ ...items[1], bytes: undefined }).toEqual({
      item: { sku: '8', title: 'Teh', kind: 'goods', description: '', category: [], price: null, inventoryLevel: null },
      blobs: [],
      warnings: [],
    });
  });

  it.each([',', ';', '\t'])('may be delimited by %j', async (delimiter) => {
    const text = `sku,title,description\na,b,"c${delimiter}d"\n`.replaceAll(',', delimiter);
    expect(await values(text)).toEqual([{ sku: 'a', title: 'b', description: `c${delimiter}d` }]);
  });

  it.each(['\n', '\r\n', '\r'])('may end its lines with %j', async (end) => {
    expect(await values(['sku,title', 'a,b', '', 'c,d', ''].join(end))).toEqual([
      { sku: 'a', title: 'b' },
      { sku: 'c', title: 'd' },
    ]);
  });

  it('keeps quotes inside plain fields, such as inches', async () => {
    expect(await values('sku,title\na,10" pipe\nb,"12"" pipe"\n')).toEqual([
      { sku: 'a', title: '10" pipe' },
      { sku: 'b', title: '12" pipe' },
    ]);
  });

  it('may have rows and columns with nothing in them', async () => {
    expect(await values(',,\n sku , title ,\na,b,\n,,\n')).toEqual([{ sku: 'a', title: 'b' }]);
  });

  it('gives own properties, whatever the columns are called', async () => {
    const [value] = await values('title,__proto__,attributes.__proto__\na,b,c\n');
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
    expect(Object.keys(value as object)).toEqual(['title', '__proto__', 'attributes']);
  });

  it('gives back every text that was quoted into it', async () => {
    const cell = fc
      .string({ unit: 'binary', maxLength: 12 })
      .filter((text) => text.trim() !== '' && text.isWellFormed());
    const special = fc
      .array(fc.constantFrom('"', ',', ';', '\n', '\r', 'x', ' '), { maxLength: 8 })
      .map((parts) => `${parts.join('')}.`);
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.oneof(cell, special), fc.oneof(cell, special)), { maxLength: 5 }),
        async (rows) => {
          const quoted = rows.map((cells) => cells.map((text) => `"${text.replaceAll('"', '""')}"`).join(','));
          const read = await values(['sku,title', ...quoted].join('\r\n'));
          expect(read).toEqual(rows.map(([sku, title]) => ({ sku, title })));
        },
      ),
    );
  });
});

describe('a fault of a row stands alone', () => {
  it.each([
    ['too many columns', 'b,c,d', /^Line 3: there are 3 columns where the header has 2; .*quotes\.$/],
    ['too few columns', 'b', /^Line 3: there are 1 columns where the header has 2/],
  ])('%s', async (_, row, message) => {
    const read = await values(`sku,title\na,b\n${row}\ne,f\n`);
    expect(read[0]).toEqual({ sku: 'a', title: 'b' });
    expect(read[1]).toMatch(message);
    expect(read[2]).toEqual({ sku: 'e', title: 'f' });
  });

  it('a cell under no name', async () => {
    expect(await values('sku,title,\na,b,c\n')).toEqual(['Line 2: column 3 has no name in the header.']);
  });
});

describe('a fault that reaches to the end is told with the line where it begins', () => {
  it('a quote that is never closed', async () => {
    expect(await values('sku,title\na,b\nc,"d\ne,f\n')).toEqual([
      { sku: 'a', title: 'b' },
      'Line 3: a quote that opens in this line is never closed.',
    ]);
    const endless = await values(`sku,title\na,"${'x,y\n'.repeat(1_000_000)}`);
    expect(endless).toEqual([
      expect.stringMatching(/^Line 2 has more than 1024 KiB.*a quote in it is never closed\.$/),
    ]);
  });

  it.each([
    ['no title', 'a,b\nc,d\n', /^Line 1: .*no column is called title\.$/],
    ['a column twice', 'sku,title,title\na,b,c\n', /^Line 1: the column "title" is there twice\.$/],
    [
      'a field beside its parts',
      'title,attributes,attributes.colour\n',
      /^Line 1: the column "attributes" stands beside/,
    ],
    ['JSON', '{"a":1}\n{"a":2}', /no column is called title/],
  ])('a header with %s', async (_, text, message) => {
    expect(await values(text)).toEqual([expect.stringMatching(message)]);
  });
});
