import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { displayWidth, renderTable } from '../../cli/table.js';

const cell = fc.string({
  unit: fc.constantFrom('a', 'é', '漢', '☕', 'e\u0301', ' ', '\u001b[31m', '\n'),
  maxLength: 60,
});

describe('a table', () => {
  it('is never wider than the terminal, keeps ids whole, and is given up where that cannot be', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ title: cell, note: cell }), { minLength: 1 }),
        fc.integer({ min: 10, max: 150 }),
        (rows, width) => {
          const id = 'bafyreigljqkdoxruga3y';
          const items = rows.map((row) => ({ ...row, id }));
          const lines = renderTable(items, [{ key: 'title' }, { key: 'note' }, { key: 'id', whole: true }], width);
          if (lines === undefined) {
            expect(width).toBeLessThan(12 + 2 + 12 + 2 + id.length);
            return;
          }
          expect(lines).toHaveLength(rows.length + 1);
          for (const line of lines) {
            expect(displayWidth(line)).toBeLessThanOrEqual(width);
            expect(line).not.toMatch(/[\u0000-\u001f]/);
          }
          for (const line of lines.slice(1)) expect(line.endsWith(id)).toBe(true);
        },
      ),
    );
  });

  it('counts wide characters twice and marks on letters not at all', () => {
    expect([displayWidth('abc'), displayWidth('漢字'), displayWidth('e\u0301'), displayWidth('☕')]).toEqual([
      3, 4, 1, 2,
    ]);
  });
});
