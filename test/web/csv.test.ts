import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { csvRow } from '../../cli/export/csv.js';
import { delimiterOf, recordsOf } from '../../web/import/csv.js';
import { chosenPictures, withIds } from '../../web/import/pictures.js';
import { readLines } from '../../web/import/read.js';
import { blobId } from '../../protocol/ids.js';
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

  it('says of each line which pictures are to be chosen beside the file, and puts their ids where their names stand', () => {
    const id = blobId(new Uint8Array(1)).toString();
    const text = `sku,title,price,images\n1,Kopi,1 IDR,"foto/Kopi Gayo.JPG, ${id}"\n2,Teh,1 IDR,${id} ${id}\n3,Gula,1 IDR,C:\\f\\gula.png\n`;
    const lines = readLines(text);
    expect(lines.map(({ pictures, fault }) => [pictures, fault])).toEqual([
      [['kopi gayo.jpg'], undefined],
      [[], undefined],
      [['gula.png'], undefined],
    ]);
    const values = lines.map(({ value }) => withIds(value, (name) => `id of ${name}`));
    expect(values).toMatchObject([
      { images: ['id of kopi gayo.jpg', id] },
      { images: `${id} ${id}` },
      { images: ['id of gula.png'] },
    ]);
    expect([...chosenPictures([new File([], 'KOPI gayo.jpg')]).keys()]).toEqual(['kopi gayo.jpg']);
  });
});
