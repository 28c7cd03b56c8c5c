import { concat } from '../../../protocol/ids.js';
import { cutPicture, hasText, invalidPicture, MOST_PARTS, textAt, viewOf, type PictureFormat } from './format.js';

/** W3C PNG (third edition), section 5.2. */
const SIGNATURE = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);
/** Length, type and check sum around the data of a chunk. */
const FRAME = 12;
/** What draws the picture. Of a moving one the still picture stays. */
const KEPT: ReadonlySet<string> = new Set([
  'IHDR',
  'PLTE',
  'IDAT',
  'IEND',
  'tRNS',
  'cHRM',
  'gAMA',
  'iCCP',
  'sBIT',
  'sRGB',
  'cICP',
]);
/** Chunks whose names begin with a small letter may be left out by whoever does not know them. */
const MAY_GO = /^[a-z][a-zA-Z]{3}$/;

/** Text, EXIF, times, what other programs have left, and whatever stands behind the end go. */
export const png: PictureFormat = {
  type: 'image/png',
  begins: (bytes) => SIGNATURE.every((byte, at) => bytes[at] === byte),
  clean(bytes) {
    const kept: Uint8Array[] = [SIGNATURE];
    const view = viewOf(bytes);
    const head = SIGNATURE.length;
    if (bytes.length < head + FRAME + 13) throw cutPicture();
    if (view.getUint32(head) !== 13 || !hasText(bytes, 'IHDR', head + 4)) throw damaged();
    const width = view.getUint32(head + 8);
    const height = view.getUint32(head + 12);
    let drawn = false;
    let parts = 0;
    for (let at = head; ;) {
      if (at + FRAME > bytes.length) throw cutPicture();
      const end = at + FRAME + view.getUint32(at);
      if (end > bytes.length) throw cutPicture();
      const name = textAt(bytes, at + 4, 4);
      if (++parts > MOST_PARTS) throw damaged();
      if (KEPT.has(name)) kept.push(bytes.subarray(at, end));
      else if (!MAY_GO.test(name)) throw damaged();
      if (name === 'IHDR' && at !== head) throw damaged();
      drawn ||= name === 'IDAT';
      if (name === 'IEND') break;
      at = end;
    }
    if (!drawn) throw damaged();
    return { width, height, bytes: concat(...kept) };
  },
};

function damaged(): Error {
  return invalidPicture('The PNG picture is damaged, or of a kind that browsers do not show.');
}
