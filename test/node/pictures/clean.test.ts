import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cleanPicture, MAX_PIXELS } from '../../../node/pictures/clean.js';
import { isNiagaError } from '../../../protocol/errors.js';
import { concat } from '../../../protocol/ids.js';
import { exif, jpegOf, PAGE, pngChunk, pngOf, segment, text, webpChunk, webpOf } from './samples.js';

const SECRET = 'GPS -7.7956 110.3695';
const ARCHIVE = concat(text('PK\x03\x04'), text(SECRET), text('PK\x05\x06'), new Uint8Array(18));

const hidden = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');

/** Each with something that does not draw the picture. */
const TOLD: [string, Uint8Array, Uint8Array][] = [
  ['a JPEG with EXIF', jpegOf({ inside: [exif(1, SECRET)] }), jpegOf()],
  ['a JPEG with XMP', jpegOf({ inside: [segment(0xe1, text(`http://ns.adobe.com/xap/1.0/\0${SECRET}`))] }), jpegOf()],
  ['a JPEG with IPTC', jpegOf({ inside: [segment(0xed, text(`Photoshop 3.0\0${SECRET}`))] }), jpegOf()],
  ['a JPEG with a comment', jpegOf({ inside: [segment(0xfe, text(SECRET))] }), jpegOf()],
  ['a JPEG with a page in a comment', jpegOf({ inside: [segment(0xfe, text(PAGE))] }), jpegOf()],
  ['a JPEG with a page behind its end', jpegOf({ after: text(PAGE) }), jpegOf()],
  ['a JPEG with an archive behind its end', jpegOf({ after: ARCHIVE }), jpegOf()],
  ['a PNG with text', pngOf({ inside: [pngChunk('tEXt', text(`Comment\0${SECRET}`))] }), pngOf()],
  ['a PNG with EXIF', pngOf({ inside: [pngChunk('eXIf', text(SECRET))] }), pngOf()],
  [
    'a PNG with packed and with translated text',
    pngOf({ inside: ['zTXt', 'iTXt'].map((name) => pngChunk(name, text(SECRET))) }),
    pngOf(),
  ],
  ['a PNG with the time', pngOf({ inside: [pngChunk('tIME', text(SECRET))] }), pngOf()],
  ['a PNG with a chunk of some program', pngOf({ inside: [pngChunk('prVt', text(PAGE))] }), pngOf()],
  ['a PNG with a page behind its end', pngOf({ after: text(PAGE) }), pngOf()],
  ['a PNG with an archive behind its end', pngOf({ after: ARCHIVE }), pngOf()],
  [
    'a WebP with EXIF and XMP',
    webpOf({ inside: ['EXIF', 'XMP '].map((name) => webpChunk(name, text(SECRET))) }),
    webpOf(),
  ],
  ['a WebP with a chunk that nobody knows', webpOf({ inside: [webpChunk('JUNK', text(PAGE))] }), webpOf()],
  ['a WebP with a page behind its end', webpOf({ after: text(PAGE) }), webpOf()],
];

function repeated(bytes: Uint8Array, times: number): Uint8Array {
  const all = new Uint8Array(bytes.length * times);
  for (let at = 0; at < all.length; at += bytes.length) all.set(bytes, at);
  return all;
}

describe('a cleaned picture', () => {
  it.each(TOLD)('has nothing but what draws it: %s', (_, told, plain) => {
    const { type, bytes, width, height } = cleanPicture(told);
    expect([width, height]).toEqual([3, 2]);
    expect(type).toBe(cleanPicture(plain).type);
    expect(bytes).toEqual(cleanPicture(plain).bytes);
    for (const secret of [SECRET, 'script', 'PK\x03\x04']) expect(hidden(bytes)).not.toContain(secret);
  });

  it('draws what it drew: tables, scans, colours and pixels are the same bytes', () => {
    const profile = segment(0xe2, text('ICC_PROFILE\0\x01\x01colours'));
    const adobe = segment(0xee, concat(text('Adobe'), Uint8Array.of(0, 100, 0, 0, 0, 0, 1)));
    for (const plain of [
      jpegOf(),
      jpegOf({ inside: [profile, adobe] }),
      pngOf({ inside: [pngChunk('iCCP', text('colours'))] }),
    ])
      expect(cleanPicture(plain).bytes).toEqual(plain);
  });

  it('stands as it stood: of EXIF the turn stays, and a quarter turn makes it as wide as it was high', () => {
    for (let turn = 1; turn <= 8; turn++) {
      const { bytes, width, height } = cleanPicture(jpegOf({ inside: [exif(turn, SECRET)] }));
      expect([width, height]).toEqual(turn > 4 ? [2, 3] : [3, 2]);
      expect(hidden(bytes)).not.toContain('GPS');
      expect(cleanPicture(bytes)).toMatchObject({ width, height });
      expect(bytes.length - cleanPicture(jpegOf()).bytes.length).toBe(turn === 1 ? 0 : 36);
    }
  });

  it('stays as it is when it is cleaned again', () => {
    const given = [...TOLD.map(([, told]) => told), jpegOf({ inside: [exif(6, SECRET)] })];
    for (const told of given) {
      const once = cleanPicture(told);
      expect(cleanPicture(once.bytes)).toEqual(once);
    }
  });
});

describe('no picture', () => {
  const moving = webpOf({ inside: [webpChunk('ANMF', new Uint8Array(24))] });
  it.each([
    ['nothing', new Uint8Array()],
    ['a page', text(PAGE)],
    ['an SVG', text('<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>')],
    ['an SVG with a declaration', text('<?xml version="1.0"?><svg onload="alert(1)"/>')],
    ['a GIF that is a script too', text('GIF89a/*\0\0*/=1;alert(1)//')],
    ['an AVIF', concat(Uint8Array.of(0, 0, 0, 28), text('ftypavif'))],
    ['a PDF', text('%PDF-1.7')],
    ['the beginning of a JPEG before a page', concat(Uint8Array.of(0xff, 0xd8, 0xff), text(PAGE))],
    ['a JPEG without an end', jpegOf().subarray(0, -2)],
    ['a JPEG without a scan', concat(jpegOf().subarray(0, 40), Uint8Array.of(0xff, 0xd9))],
    ['a PNG with a page for pixels', concat(pngOf().subarray(0, 33), pngChunk('HTML', text(PAGE)))],
    ['a PNG without an end', pngOf().subarray(0, -12)],
    [
      'a PNG whose chunk is longer than it',
      pngOf({ inside: [Uint8Array.of(0x7f, 0xff, 0xff, 0xff, 0x74, 0x45, 0x58, 0x74)] }),
    ],
    ['a WebP that moves', moving],
    ['a WebP that says to be longer than it is', webpOf().subarray(0, -4)],
    ['a WebP without pixels', webpChunk('RIFF', text('WEBP'))],
    ['a sound', webpChunk('RIFF', text('WAVE'))],
    [
      'a JPEG of more parts than any camera writes',
      jpegOf({ inside: [repeated(segment(0xdb, new Uint8Array()), 300_000)] }),
    ],
    [
      'a PNG of more parts than any program writes',
      pngOf({ inside: [repeated(pngChunk('IDAT', new Uint8Array()), 100_000)] }),
    ],
    ['one of a million times a million pixels', pngOf({ width: 1_000_000, height: 1_000_000 })],
    ['one with a pixel more than allowed', jpegOf({ width: 5_000, height: MAX_PIXELS / 5_000 + 1 })],
    ['one without pixels', jpegOf({ width: 0 })],
  ])('is %s', (_, bytes) => {
    expect(() => cleanPicture(bytes)).toThrow(expect.objectContaining({ code: 'PICTURE_INVALID' }) as Error);
  });

  it('makes this node do anything but refuse, whatever the bytes are and wherever a picture is cut or changed', () => {
    const samples = [jpegOf({ inside: [exif(6, SECRET)] }), pngOf(), webpOf()];
    const spoiled = fc
      .record({
        sample: fc.constantFrom(...samples),
        cut: fc.nat(200),
        changes: fc.array(fc.tuple(fc.nat(200), fc.integer({ min: 0, max: 255 })), { maxLength: 4 }),
      })
      .map(({ sample, cut, changes }) => {
        const bytes = sample.slice(0, Math.max(0, sample.length - (cut % 5 === 0 ? cut : 0)));
        for (const [at, byte] of changes) if (at < bytes.length) bytes[at] = byte;
        return bytes;
      });
    fc.assert(
      fc.property(fc.oneof(spoiled, fc.uint8Array({ maxLength: 60 })), (bytes) => {
        try {
          const once = cleanPicture(bytes);
          expect(cleanPicture(once.bytes)).toEqual(once);
          expect(once.bytes.length).toBeLessThanOrEqual(bytes.length + 36);
        } catch (error) {
          if (!isNiagaError(error, 'PICTURE_INVALID')) throw error;
        }
      }),
      { numRuns: 500 },
    );
  });
});
