import { concat } from '../../../protocol/ids.js';
import { cutPicture, hasText, invalidPicture, MOST_PARTS, textAt, viewOf, type PictureFormat } from './format.js';

/** RFC 9649, sections 2.3 to 2.7: `RIFF`, size, `WEBP`, then chunks of name, size, data and a byte to make them even. */
const HEAD = 12;
const FRAME = 8;
/** Flags of VP8X: a colour profile, transparency. Those of EXIF and XMP go with what they tell of. */
const DRAWING_FLAGS = 0x20 | 0x10;
const KEPT: ReadonlySet<string> = new Set(['VP8X', 'VP8 ', 'VP8L', 'ALPH', 'ICCP']);
const MOVING: ReadonlySet<string> = new Set(['ANIM', 'ANMF']);

/** EXIF, XMP, chunks that nobody knows, and whatever stands behind the end go. */
export const webp: PictureFormat = {
  type: 'image/webp',
  begins: (bytes) => hasText(bytes, 'RIFF') && hasText(bytes, 'WEBP', 8),
  clean(bytes) {
    if (bytes.length < HEAD) throw cutPicture();
    const view = viewOf(bytes);
    const over = FRAME + view.getUint32(4, true);
    if (over > bytes.length) throw cutPicture();
    const kept: Uint8Array[] = [];
    let canvas: Size | undefined;
    let drawn: Size | undefined;
    let parts = 0;
    for (let at = HEAD; at < over;) {
      if (at + FRAME > over) throw cutPicture();
      const name = textAt(bytes, at, 4);
      const size = view.getUint32(at + 4, true);
      const end = at + FRAME + size;
      if (end > over) throw cutPicture();
      const body = bytes.subarray(at + FRAME, end);
      if (++parts > MOST_PARTS) throw damaged();
      if (MOVING.has(name)) throw invalidPicture('The WebP picture moves; only still ones are taken.');
      if (name === 'VP8X') {
        if (at !== HEAD || body.length !== 10) throw damaged();
        canvas = { width: 1 + uint24(body, 4), height: 1 + uint24(body, 7) };
      } else if (name === 'VP8 ' || name === 'VP8L') {
        if (drawn !== undefined) throw damaged();
        drawn = name === 'VP8 ' ? lossySize(body) : losslessSize(body);
      }
      if (KEPT.has(name)) kept.push(chunk(name, name === 'VP8X' ? withoutTold(body) : body));
      at = end + (size % 2);
    }
    if (drawn === undefined) throw damaged();
    // The canvas of a still picture is the picture (RFC 9649, section 2.7).
    if (canvas !== undefined && (canvas.width !== drawn.width || canvas.height !== drawn.height)) throw damaged();
    const all = concat(
      Uint8Array.from('WEBP', (letter) => letter.charCodeAt(0)),
      ...kept,
    );
    return { ...(canvas ?? drawn), bytes: riff('RIFF', all) };
  },
};

interface Size {
  readonly width: number;
  readonly height: number;
}

function damaged(): Error {
  return invalidPicture('The WebP picture is damaged.');
}

/** RFC 6386, section 9.1: behind the frame's tag and start code two times 14 bits. */
function lossySize(body: Uint8Array): Size {
  if (body.length < 10 || body[3] !== 0x9d || body[4] !== 0x01 || body[5] !== 0x2a) throw damaged();
  const view = viewOf(body);
  return { width: view.getUint16(6, true) & 0x3fff, height: view.getUint16(8, true) & 0x3fff };
}

/** RFC 9649, section 3.4: behind the signature two times 14 bits, each one less. */
function losslessSize(body: Uint8Array): Size {
  if (body.length < 5 || body[0] !== 0x2f) throw damaged();
  const bits = viewOf(body).getUint32(1, true);
  return { width: 1 + (bits & 0x3fff), height: 1 + ((bits >>> 14) & 0x3fff) };
}

function withoutTold(vp8x: Uint8Array): Uint8Array {
  const body = vp8x.slice();
  body[0] = (body[0] ?? 0) & DRAWING_FLAGS;
  return body;
}

function chunk(name: string, body: Uint8Array): Uint8Array {
  return concat(riff(name, body), new Uint8Array(body.length % 2));
}

function riff(name: string, body: Uint8Array): Uint8Array {
  const head = Uint8Array.from(`${name}\0\0\0\0`, (letter) => letter.charCodeAt(0));
  viewOf(head).setUint32(4, body.length, true);
  return concat(head, body);
}

function uint24(bytes: Uint8Array, at: number): number {
  return (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8) | ((bytes[at + 2] ?? 0) << 16);
}
