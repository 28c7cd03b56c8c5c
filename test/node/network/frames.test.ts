import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { encode } from '../../../protocol/cbor.js';
import { FrameError, FrameReader, MAX_BODY, MAX_FRAME, encodeFrame, type Frame } from '../../../node/network/frames.js';

const id = fc.nat();
const body = fc.uint8Array({ maxLength: 300 });
const question = fc.record(
  {
    t: fc.constant('q' as const),
    id,
    method: fc.string({ minLength: 1, maxLength: 20 }),
    body,
    max: fc.nat(),
  },
  { requiredKeys: ['t', 'id', 'method', 'body'] },
);
const answer = fc.record({ t: fc.constant('a' as const), id, body });
const failure = fc.record({
  t: fc.constant('e' as const),
  id,
  code: fc.string({ maxLength: 20 }),
  message: fc.string({ maxLength: 60 }),
});
const frame: fc.Arbitrary<Frame> = fc.oneof(question, answer, failure);

function join(parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}

/** `bytes` in pieces, cut at these places (taken modulo the length). */
function cut(bytes: Uint8Array, places: readonly number[]): Uint8Array[] {
  const sorted = [0, ...places.map((place) => place % (bytes.length + 1)), bytes.length].sort((a, b) => a - b);
  return sorted.slice(1).map((end, index) => bytes.subarray(sorted[index], end));
}

function readAll(pieces: readonly Uint8Array[], reader = new FrameReader()): Frame[] {
  const frames: Frame[] = [];
  for (const piece of pieces) {
    reader.push(piece);
    for (let next = reader.next(); next !== undefined; next = reader.next()) frames.push(next.frame);
  }
  return frames;
}

/** The length, as the wire has it, before any bytes. */
function framed(payload: Uint8Array): Uint8Array {
  const length: number[] = [];
  let rest = payload.length;
  for (; rest > 127; rest >>>= 7) length.push((rest & 127) | 128);
  return join([Uint8Array.from([...length, rest]), payload]);
}

describe('frames', () => {
  test('come out as they went in, wherever the stream was cut', () => {
    fc.assert(
      fc.property(fc.array(frame, { maxLength: 8 }), fc.array(fc.nat(), { maxLength: 20 }), (frames, places) => {
        const bytes = join(frames.flatMap(encodeFrame));
        const reader = new FrameReader();
        expect(readAll(cut(bytes, places), reader)).toEqual(frames);
        expect(reader.buffered).toBe(0);
        expect(reader.received).toBe(bytes.length);
        expect(reader.taken).toBe(frames.length);
      }),
    );
  });

  test('carry bodies up to the limit', () => {
    const largest: Frame = {
      t: 'q',
      id: Number.MAX_SAFE_INTEGER,
      method: 'm'.repeat(64),
      body: new Uint8Array(MAX_BODY),
      max: MAX_BODY,
    };
    const bytes = join(encodeFrame(largest));
    expect(bytes.length).toBeLessThanOrEqual(MAX_FRAME + 4);
    const [back, ...more] = readAll(cut(bytes, [1, 2, 3, 100, 65_536, 1_000_000]));
    expect(more).toEqual([]);
    // Not toEqual, which takes half a minute for two million bytes.
    expect(Buffer.concat(back === undefined ? [] : encodeFrame(back)).equals(bytes)).toBe(true);
    expect(() => encodeFrame({ ...largest, body: new Uint8Array(MAX_FRAME) })).toThrow('allowed');
  });

  test('may have fields of later versions', () => {
    const bytes = framed(encode({ t: 'a', id: 1, body: new Uint8Array(), later: { more: [1, 2] } }));
    expect(readAll([bytes])).toEqual([{ t: 'a', id: 1, body: new Uint8Array() }]);
  });

  test('never make the reader throw anything but FrameError, whatever comes', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 10 }), (pieces) => {
        try {
          readAll(pieces);
        } catch (error) {
          expect(error).toBeInstanceOf(FrameError);
        }
      }),
    );
  });

  test('with one byte changed are another frame or none', () => {
    fc.assert(
      fc.property(frame, fc.nat(), fc.integer({ min: 1, max: 255 }), (original, place, change) => {
        const bytes = join(encodeFrame(original));
        const index = place % bytes.length;
        bytes[index] = (bytes[index] ?? 0) ^ change;
        let frames: Frame[] = [];
        try {
          frames = readAll([bytes]);
        } catch (error) {
          expect(error).toBeInstanceOf(FrameError);
        }
        expect(frames).not.toEqual([original]);
      }),
    );
  });

  test('that announce too much are refused before their content comes', () => {
    const reader = new FrameReader(1000);
    reader.push(Uint8Array.of(0xe9, 0x07));
    expect(() => reader.next()).toThrowError(expect.objectContaining({ fault: 'oversize' }));
    const endless = new FrameReader();
    endless.push(Uint8Array.of(0xff, 0xff, 0xff, 0xff));
    expect(() => endless.next()).toThrowError(expect.objectContaining({ fault: 'oversize' }));
  });

  test.each([
    ['an empty frame', Uint8Array.of(0)],
    ['a length that is not in shortest form', Uint8Array.of(0x81, 0x00, 0xa0)],
    ['no DAG-CBOR', framed(Uint8Array.of(0xff))],
    ['bytes after the value', framed(Uint8Array.of(0x01, 0x01))],
    ['an array', framed(encode(['q', 1, 'm']))],
    ['null', framed(encode(null))],
    ['an unknown type', framed(encode({ t: 'x', id: 1, body: new Uint8Array() }))],
    ['no id', framed(encode({ t: 'a', body: new Uint8Array() }))],
    ['a negative id', framed(encode({ t: 'a', id: -1, body: new Uint8Array() }))],
    ['an id beyond the safe integers', framed(encode({ t: 'a', id: 2n ** 60n, body: new Uint8Array() }))],
    ['a body that is text', framed(encode({ t: 'a', id: 1, body: 'text' }))],
    ['no method', framed(encode({ t: 'q', id: 1, body: new Uint8Array() }))],
    ['an empty method', framed(encode({ t: 'q', id: 1, method: '', body: new Uint8Array() }))],
    ['a long method', framed(encode({ t: 'q', id: 1, method: 'm'.repeat(65), body: new Uint8Array() }))],
    ['a limit that is no number', framed(encode({ t: 'q', id: 1, method: 'm', body: new Uint8Array(), max: '9' }))],
    ['a long message', framed(encode({ t: 'e', id: 1, code: 'INTERNAL', message: 'm'.repeat(301) }))],
    ['deep fields', framed(encode({ t: 'a', id: 1, body: new Uint8Array(), x: [[[[[[1]]]]]] }))],
  ])('are malformed with %s', (_, bytes) => {
    expect(() => readAll([bytes])).toThrowError(expect.objectContaining({ fault: 'malformed' }));
  });
});
