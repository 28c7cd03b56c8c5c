import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseParts, partsInWords } from '../../../node/trades/parts.js';

describe('parts of an order as people type them', () => {
  it('are read as they are shown', () => {
    const part = fc.record({ line: fc.nat(998), quantity: fc.integer({ min: 1, max: 999_999_999 }) });
    fc.assert(
      fc.property(fc.array(part, { minLength: 1, maxLength: 9 }), (parts) => {
        expect(parseParts(partsInWords(parts), 'parts')).toEqual(parts);
      }),
    );
    expect(parseParts(['1=2', '12=1'], 'parts')).toEqual([
      { line: 0, quantity: 2 },
      { line: 11, quantity: 1 },
    ]);
  });

  it('are none where none are named', () => {
    expect([parseParts(undefined, 'parts'), parseParts([], 'parts')]).toEqual([undefined, undefined]);
  });

  it.each([
    '',
    '1',
    '=2',
    '1=',
    '0=1',
    '1=0',
    '-1=2',
    '1=-2',
    '1=2.5',
    ' 1=2',
    '1=2 ',
    '1000=1',
    '1=9999999999',
    '1==2',
  ])('are refused where they are of another form: "%s"', (text) => {
    expect(() => parseParts(['1=1', text], 'parts')).toThrow(
      expect.objectContaining({ code: 'INPUT_INVALID', where: 'parts' }) as Error,
    );
  });
});
