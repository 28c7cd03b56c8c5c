import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { safeJson, safeLine, safeText } from '../../cli/safe-text.js';

const FORBIDDEN = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/;
const hostile = fc.string({
  unit: fc.oneof(
    fc.constantFrom(
      '\u001b[31m',
      '\u001b]0;title\u0007',
      '\u009b2J',
      '\u001b',
      '\r',
      '\n',
      '\u202e',
      '\u2066',
      '\u0000',
      '\u007f',
    ),
    fc.string({ minLength: 1, maxLength: 3, unit: 'binary' }),
  ),
});

describe('text of strangers', () => {
  it('never keeps what a terminal may obey', () => {
    fc.assert(
      fc.property(hostile, (text) => {
        expect(safeText(text)).not.toMatch(FORBIDDEN);
        expect(safeLine(text)).not.toMatch(/[\t\n]/);
      }),
    );
  });

  it('keeps what is only text', () => {
    for (const text of ['Kopi Gayo “250 g” – ☕', 'عربي', 'नमस्ते', 'a\nb\tc', '👩‍👩‍👧']) expect(safeText(text)).toBe(text);
    expect(safeText('\u001b[1;31mmerah\u001b[0m')).toBe('merah');
    expect(safeLine('satu\r\n  dua')).toBe('satu dua');
  });

  it('is the same value as JSON, and shows nothing that a terminal may obey', () => {
    fc.assert(
      fc.property(hostile, (text) => {
        const json = safeJson({ text });
        expect(JSON.parse(json)).toEqual({ text });
        expect(json).not.toMatch(FORBIDDEN);
      }),
    );
  });
});
