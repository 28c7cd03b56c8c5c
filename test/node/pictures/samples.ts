/** Pictures of one pixel, built piece by piece, so that a test can put in what does not belong there. */
import { concat } from '../../../protocol/ids.js';

export const text = (letters: string): Uint8Array => Uint8Array.from(letters, (letter) => letter.charCodeAt(0));

export const PAGE = '<html><script>alert(1)</script></html>';

export function segment(code: number, body: Uint8Array): Uint8Array {
  const length = body.length + 2;
  return concat(Uint8Array.of(0xff, code, length >> 8, length & 0xff), body);
}

const JFIF = segment(0xe0, concat(text('JFIF\0'), Uint8Array.of(1, 1, 0, 0, 1, 0, 1, 0, 0)));
const SCAN = concat(
  segment(0xda, Uint8Array.of(1, 1, 0, 0, 63, 0)),
  Uint8Array.of(0xd2, 0xff, 0x00, 0x20, 0xff, 0xd0, 7),
);
const END = Uint8Array.of(0xff, 0xd9);

/** A frame of so many pixels. */
function frame(width: number, height: number): Uint8Array {
  const size = [height >> 8, height & 0xff, width >> 8, width & 0xff];
  return segment(0xc0, Uint8Array.of(8, ...size, 1, 1, 0x11, 0));
}

/** `inside` stands among the segments, `after` behind the end. */
export function jpegOf({
  inside = [],
  after = new Uint8Array(),
  width = 3,
  height = 2,
}: { inside?: readonly Uint8Array[]; after?: Uint8Array; width?: number; height?: number } = {}): Uint8Array {
  const tables = [segment(0xdb, new Uint8Array(65).fill(1)), segment(0xc4, new Uint8Array(20).fill(1))];
  return concat(Uint8Array.of(0xff, 0xd8), JFIF, ...inside, ...tables, frame(width, height), SCAN, END, after);
}

/** EXIF as a phone writes it: how the picture is turned, and where it was taken. */
export function exif(turn: number, secret: string): Uint8Array {
  const entry = [0x12, 0x01, 3, 0, 1, 0, 0, 0, turn, 0, 0, 0];
  const tiff = Uint8Array.of(0x49, 0x49, 42, 0, 8, 0, 0, 0, 1, 0, ...entry, 0, 0, 0, 0);
  return segment(0xe1, concat(text('Exif\0\0'), tiff, text(secret)));
}

export function pngChunk(name: string, body: Uint8Array): Uint8Array {
  const length = new Uint8Array(4);
  new DataView(length.buffer).setUint32(0, body.length);
  // Nobody here reads the check sum.
  return concat(length, text(name), body, new Uint8Array(4));
}

export function pngOf({
  inside = [],
  after = new Uint8Array(),
  width = 3,
  height = 2,
}: { inside?: readonly Uint8Array[]; after?: Uint8Array; width?: number; height?: number } = {}): Uint8Array {
  const size = new Uint8Array(13);
  new DataView(size.buffer).setUint32(0, width);
  new DataView(size.buffer).setUint32(4, height);
  const parts = [
    pngChunk('IHDR', size),
    ...inside,
    pngChunk('IDAT', text('pixels')),
    pngChunk('IEND', new Uint8Array()),
  ];
  return concat(Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a), ...parts, after);
}

export function webpChunk(name: string, body: Uint8Array): Uint8Array {
  const length = new Uint8Array(4);
  new DataView(length.buffer).setUint32(0, body.length, true);
  return concat(text(name), length, body, new Uint8Array(body.length % 2));
}

/** With the flags of VP8X that say there is EXIF (8), XMP (4) and transparency (16). */
export function webpOf({
  inside = [],
  after = new Uint8Array(),
  width = 3,
  height = 2,
}: { inside?: readonly Uint8Array[]; after?: Uint8Array; width?: number; height?: number } = {}): Uint8Array {
  const canvas = new Uint8Array(10);
  canvas[0] = 8 | 4 | 16;
  for (const [at, side] of [width, height].entries())
    for (const byte of [0, 1, 2]) canvas[4 + 3 * at + byte] = ((side - 1) >> (8 * byte)) & 0xff;
  const lossless = webpChunk('VP8L', Uint8Array.of(0x2f, 2, 0x40, 0, 0, 9, 9));
  return concat(webpChunk('RIFF', concat(text('WEBP'), webpChunk('VP8X', canvas), lossless, ...inside)), after);
}
