import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { readAnswer, readBody, writeBody } from '../../../node/network/bodies.js';
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

describe('an answer', () => {
  const schema = z.array(z.string());
  const read = (answer: unknown) => {
    const misbehaved: string[] = [];
    const network = { misbehaved: (peer: string) => void misbehaved.push(peer) };
    const fits = ({ length }: string[]): boolean => length === 2;
    const asked = { peer: 'peer', method: 'index.put', schema, fits };
    return { misbehaved, run: () => readAnswer(network, asked, writeBody(answer)) };
  };

  test('that fits what was asked is read', () => {
    const { run, misbehaved } = read(['ok', 'ok']);
    expect(run()).toEqual(['ok', 'ok']);
    expect(misbehaved).toEqual([]);
  });

  test.each([[['ok']], [['ok', 'ok', 'ok']], [[1, 2]], ['ok']])(
    'of another form is held against its author: %j',
    (answer) => {
      const { run, misbehaved } = read(answer);
      expect(run).toThrowError(expect.objectContaining({ code: 'PEER_PROTOCOL' }));
      expect(misbehaved).toEqual(['peer']);
    },
  );
});
