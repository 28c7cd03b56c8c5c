import { concat } from '../../../protocol/ids.js';
import { cutPicture, hasText, invalidPicture, MOST_PARTS, viewOf, type PictureFormat } from './format.js';

/** ITU-T T.81, table B.1. */
const MARKER = 0xff;
const SOI = 0xd8;
const EOI = 0xd9;
const SOS = 0xda;
/** Tables of quantization, Huffman codes, restart intervals. */
const TABLES: ReadonlySet<number> = new Set([0xdb, 0xc4, 0xdd]);
/** Baseline, extended and progressive: what browsers show. */
const FRAMES: ReadonlySet<number> = new Set([0xc0, 0xc1, 0xc2]);
const APP0 = 0xe0;
const APP1 = 0xe1;
const APP2 = 0xe2;
const APP14 = 0xee;
const APP15 = 0xef;
const COMMENT = 0xfe;
/** `JFIF\0`, version, unit and density; the thumbnail behind them is another picture, often of before the cut. */
const JFIF_BYTES = 12;
/** `Adobe`, version, flags and the colour transform. */
const ADOBE_BYTES = 12;
/** TIFF 6.0: the tag of how a picture is turned, and its type, a short. */
const ORIENTATION = 0x0112;
const SHORT = 3;

/**
 * Of the segments those stay that draw the picture: tables, frame, scans, colour profile (APP2), Adobe's colour transform (APP14).
 * EXIF (where, when, with what it was taken), XMP, IPTC, comments, thumbnails, and whatever stands behind the end go; of EXIF the
 * turn of the picture stays, written anew.
 */
export const jpeg: PictureFormat = {
  type: 'image/jpeg',
  begins: (bytes) => bytes[0] === MARKER && bytes[1] === SOI && bytes[2] === MARKER,
  clean(bytes) {
    const head: Uint8Array[] = [Uint8Array.of(MARKER, SOI)];
    const rest: Uint8Array[] = [];
    let frame: { width: number; height: number } | undefined;
    let scans = 0;
    let parts = 0;
    let turn = 1;
    for (let at = 2; ;) {
      if (bytes[at] !== MARKER) throw at >= bytes.length ? cutPicture() : damaged();
      while (bytes[at] === MARKER) at++;
      const code = bytes[at++];
      if (++parts > MOST_PARTS) throw damaged();
      if (code === EOI) break;
      if (code === undefined || at + 2 > bytes.length) throw cutPicture();
      const end = at + viewOf(bytes).getUint16(at);
      if (end < at + 2) throw damaged();
      if (end > bytes.length) throw cutPicture();
      const body = bytes.subarray(at + 2, end);
      at = end;
      if (FRAMES.has(code)) {
        if (frame !== undefined || body.length < 5) throw damaged();
        frame = { height: viewOf(body).getUint16(1), width: viewOf(body).getUint16(3) };
        rest.push(segment(code, body));
      } else if (TABLES.has(code)) rest.push(segment(code, body));
      else if (code === SOS) {
        if (frame === undefined) throw damaged();
        const scanned = endOfScan(bytes, at);
        rest.push(segment(code, body), bytes.subarray(at, scanned));
        at = scanned;
        scans++;
      } else if (code === APP0 && hasText(body, 'JFIF\0') && body.length >= JFIF_BYTES) {
        if (head.length === 1) head.push(segment(code, concat(body.subarray(0, JFIF_BYTES), Uint8Array.of(0, 0))));
      } else if (code === APP2 && hasText(body, 'ICC_PROFILE\0')) rest.push(segment(code, body));
      else if (code === APP14 && hasText(body, 'Adobe') && body.length >= ADOBE_BYTES)
        rest.push(segment(code, body.subarray(0, ADOBE_BYTES)));
      else if (code === APP1 && hasText(body, 'Exif\0\0')) turn = turnIn(body.subarray(6));
      else if (code !== COMMENT && (code < APP0 || code > APP15)) throw damaged();
    }
    if (frame === undefined || scans === 0) throw damaged();
    if (turn !== 1) head.push(segment(APP1, exifWith(turn)));
    // Turned by a quarter, it is as wide as it was high.
    const { width, height } = turn > 4 ? { width: frame.height, height: frame.width } : frame;
    return { width, height, bytes: concat(...head, ...rest, Uint8Array.of(MARKER, EOI)) };
  },
};

function damaged(): Error {
  return invalidPicture('The JPEG picture is damaged, or of a kind that browsers do not show.');
}

function segment(code: number, body: Uint8Array): Uint8Array {
  const out = new Uint8Array(4 + body.length);
  out.set([MARKER, code]);
  viewOf(out).setUint16(2, 2 + body.length);
  out.set(body, 4);
  return out;
}

/** Where the coded data ends: at a marker that is neither a stuffed byte nor a restart. @throws NiagaError PICTURE_INVALID */
function endOfScan(bytes: Uint8Array, from: number): number {
  for (let at = bytes.indexOf(MARKER, from); at !== -1; at = bytes.indexOf(MARKER, at)) {
    const next = bytes[at + 1];
    if (next === undefined) break;
    if (next === 0 || (next >= 0xd0 && next <= 0xd7)) at += 2;
    else if (next === MARKER) at++;
    else return at;
  }
  throw cutPicture();
}

/** How the picture is turned, 1 to 8, 1 where it is not or that cannot be read: from the first directory of a TIFF (TIFF 6.0, section 2). */
function turnIn(tiff: Uint8Array): number {
  if (tiff.length < 8) return 1;
  const view = viewOf(tiff);
  const little = tiff[0] === 0x49;
  const start = view.getUint32(4, little);
  if (start + 2 > tiff.length) return 1;
  const count = view.getUint16(start, little);
  for (let place = 0; place < count; place++) {
    const at = start + 2 + 12 * place;
    if (at + 12 > tiff.length) return 1;
    if (view.getUint16(at, little) !== ORIENTATION || view.getUint16(at + 2, little) !== SHORT) continue;
    const turn = view.getUint16(at + 8, little);
    return turn >= 1 && turn <= 8 ? turn : 1;
  }
  return 1;
}

/** An EXIF segment that says how the picture is turned, and nothing else. */
function exifWith(turn: number): Uint8Array {
  const bytes = new Uint8Array(6 + 8 + 2 + 12 + 4);
  bytes.set([0x45, 0x78, 0x69, 0x66, 0, 0, 0x4d, 0x4d, 0, 42]);
  const view = viewOf(bytes.subarray(6));
  view.setUint32(4, 8);
  view.setUint16(8, 1);
  view.setUint16(10, ORIENTATION);
  view.setUint16(12, SHORT);
  view.setUint32(14, 1);
  view.setUint16(18, turn);
  return bytes;
}
