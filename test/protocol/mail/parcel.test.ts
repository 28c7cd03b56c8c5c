import { describe, expect, it } from 'vitest';
import { blobId } from '../../../protocol/ids.js';
import { readRefusal, writeRefusal, type Refusal } from '../../../protocol/mail/index.js';

const of = blobId(new Uint8Array([1]));
const lacking = Array.from({ length: 70 }, (_, at) => blobId(new Uint8Array([2, at])));

describe('a refusal', () => {
  const cases: [string, Partial<Refusal>][] = [
    ['says why', {}],
    ['says what lacks', { missing: lacking.slice(0, 3) }],
    ['says when to try again', { retryAt: 1_700_000_000_000 }],
  ];
  it.each(cases)('%s, and is read as it was written', (_, more) => {
    const refusal: Refusal = { of, code: 'TRADE_HEADS', message: 'Too early.', ...more };
    expect(readRefusal(writeRefusal(refusal))).toEqual(refusal);
  });

  it('names no more than may be named', () => {
    const written = writeRefusal({ of, code: 'TRADE_HEADS', message: 'Too early.', missing: lacking });
    expect(readRefusal(written).missing?.map(String)).toEqual(lacking.slice(0, 64).map(String));
  });
});
