import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { readBody } from '../../../node/network/bodies.js';
import { MAX_BODY } from '../../../node/network/index.js';
import { encode } from '../../../protocol/cbor.js';

describe('a body', () => {
  test('is read as far as a frame can hold it, wherever it came from', () => {
    const read = (body: Uint8Array) => readBody(z.instanceof(Uint8Array), body, 'body');
    // A byte string of such a length has a head of five bytes.
    const largest = encode(new Uint8Array(MAX_BODY - 5), { maxBytes: MAX_BODY });
    expect(largest).toHaveLength(MAX_BODY);
    expect(read(largest)).toHaveLength(MAX_BODY - 5);
    const larger = encode(new Uint8Array(MAX_BODY - 4), { maxBytes: MAX_BODY + 1 });
    expect(() => read(larger)).toThrowError(expect.objectContaining({ code: 'RECORD_TOO_LARGE' }));
  });
});
