import { describe, expect, it } from 'vitest';
import { DEADLINE_NAMES } from '../../../protocol/trade/index.js';
import { saidInWords, type Said } from '../../../protocol/trade/message-words.js';

const money = ({ amount, currency }: { amount: string; currency: string }): string => `${currency} ${amount}`;
const amount = { amount: '80000', currency: 'IDR' };
const both = (...said: Said[]) => [saidInWords(said, 'en', money), saidInWords(said, 'id', money)];

describe('what a message says beside its kind', () => {
  it('is said in either language, amounts as the reader writes them, and its author’s own words last', () => {
    expect(
      both(
        { code: 'words', text: 'Basah.' },
        { code: 'refund', amount },
        { code: 'return', parts: ['1=2', '2=1'] },
        { code: 'omit', parts: ['3=1'] },
      ),
    ).toEqual([
      'refund IDR 80000, return 1=2 2=1, leave out 3=1: Basah.',
      'uang kembali IDR 80000, kirim balik 1=2 2=1, tanpa 3=1: Basah.',
    ]);
    expect(both({ code: 'by-code' }, { code: 'file', text: 'buku.pdf' }, { code: 'tracking', text: 'JNE 1' })).toEqual([
      'handed over for the code, file buku.pdf, tracking JNE 1',
      'diserahkan dengan kode, berkas buku.pdf, resi JNE 1',
    ]);
    expect(both({ code: 'stars', stars: 4 })).toEqual(['4 of 5', '4 dari 5']);
    expect(both({ code: 'words', text: 'toString' })).toEqual(['toString', 'toString']);
    expect(both()).toEqual(['', '']);
  });

  it('names every deadline in both languages, and one of a newer version as it came', () => {
    for (const name of DEADLINE_NAMES) {
      const [en, id] = both({ code: 'deadline', text: name });
      expect(en).not.toBe(id);
      expect([en, id]).not.toContain('');
    }
    expect(both({ code: 'deadline', text: 'constructor' })).toEqual(['constructor', 'constructor']);
    expect(both({ code: 'newer' as 'words', text: 'x' })).toEqual(['x', 'x']);
  });
});
