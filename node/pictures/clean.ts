import { invalidPicture, type CleanPicture } from './formats/format.js';
import { jpeg } from './formats/jpeg.js';
import { png } from './formats/png.js';
import { webp } from './formats/webp.js';

const FORMATS = [jpeg, png, webp] as const;
/** What a camera of a phone takes at most. A few kilobytes can say that they are a million times a million: a phone that draws that stops. */
export const MAX_PIXELS = 50_000_000;

/**
 * A picture without anything that does not draw it: metadata (where and when it was taken, by which camera) is no stranger's business, and
 * what else hides in a file that is also a picture (a page, a script, an archive) has no place in one. Pixels stay as they were.
 * Cleaning what is clean changes nothing. What it is counts by its content, never by a name or a header.
 * @throws NiagaError PICTURE_INVALID where it is no JPEG, PNG or still WebP picture, is cut, or has more than {@link MAX_PIXELS}
 */
export function cleanPicture(bytes: Uint8Array): CleanPicture {
  const format = FORMATS.find((each) => each.begins(bytes));
  if (format === undefined) throw invalidPicture('The file is not a JPEG, PNG or WebP picture.');
  const clean = format.clean(bytes);
  const pixels = clean.width * clean.height;
  if (pixels === 0) throw invalidPicture('The picture has no pixels.');
  if (pixels > MAX_PIXELS)
    throw invalidPicture(`The picture has ${clean.width} × ${clean.height} pixels; at most 50 million are taken.`);
  return { type: format.type, ...clean };
}
