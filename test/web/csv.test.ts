import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { csvRow } from '../../cli/export/csv.js';
import { delimiterOf, recordsOf } from '../../web/import/csv.js';
import { readLines } from '../../web/import/read.js';
import { withoutMark } from '../../protocol/listing/table.js';

/** What the page reads of a spreadsheet before anything is sent to the node. */

const cellsOf = (text: string, delimiter = ',') => [...recordsOf(text, delimiter)].map(({ cells }) => cells);

describe('the page’s CSV', () => {
  it('reads back what niaga export writes, whatever is in the cells', () => {
    const cell = fc.oneof(fc.string(), fc.stringMatching(/^[",;\r\n'=+ a-c-]*$/));
    const rows = fc.array(fc.array(cell, { minLength: 2, maxLength: 5 }), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(rows, (given) => {
        const [last, ...read] = cellsOf(given.map(csvRow).join('')).reverse();
        expect(last).toEqual(['']);
        expect(read.reverse().map((cells) => cells.map(withoutMark))).toEqual(given);
      }),
    );
  });

  it('ends with any text, and says at which line a record begins', () => {
    fc.assert(
      fc.property(fc.string(), fc.constantFrom(',', ';', '\t'), (text, delimiter) => {
        const records = [...recordsOf(text, delimiter)];
        expect(records.length).toBeGreaterThan(0);
        expect(records.map(({ line }) => line)).toEqual(records.map(({ line }) => line).sort((a, b) => a - b));
      }),
    );
    expect([...recordsOf('a,"b\nc"\r\nd,e', ',')].map(({ line }) => line)).toEqual([1, 3]);
    expect(cellsOf('10" pipe,"a ""b"" c"')).toEqual([['10" pipe', 'a "b" c']]);
    expect(delimiterOf('"a,b";title;price')).toBe(';');
  });

  it('shows each line by the rules by which the node takes it: those with a fault stand alone', () => {
    const lines = readLines(
      [
        'sku;title;price;currency',
        'k-1;Kopi Gayo;85000;IDR',
        '',
        'k-2;Kopi Toraja;delapan;IDR',
        'k-3;Kopi;1;IDR;more',
        'k-4;"Kopi',
      ].join('\r\n'),
    );
    expect(lines.map(({ line, fault }) => [line, fault?.code])).toEqual([
      [2, undefined],
      [4, 'MONEY_INVALID'],
      [5, 'INPUT_SYNTAX'],
      [6, 'INPUT_SYNTAX'],
    ]);
    expect(lines[0]).toMatchObject({ title: 'Kopi Gayo', price: { amount: '8500000', currency: 'IDR' } });
    expect(() => readLines('sku,price\nk-1,2')).toThrow(/title/);
  });
});
