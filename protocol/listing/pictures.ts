import { ITEM_NAMES } from './aliases.js';

/** An id, or an address: neither is the name of a file. */
const NO_FILE = /^(?:baf[a-z2-7]{40,}|[a-z][a-z0-9+.-]*:\/\/.*)$/i;

/** Whether a listing names a file by it, which whoever publishes is to put on the node first. */
export function isPictureFile(entry: unknown): entry is string {
  return typeof entry === 'string' && entry !== '' && !NO_FILE.test(entry);
}

/** The fields in which a listing, as it was written, names files, with all entries of each. */
export function pictureFilesIn(value: object): (readonly [field: string, entries: readonly unknown[]])[] {
  return Object.entries(value).flatMap(([field, written]) => {
    if (ITEM_NAMES.get(field.toLowerCase()) !== 'image') return [];
    const entries = entriesOf(written);
    return entries.some(isPictureFile) ? [[field, entries] as const] : [];
  });
}

/** A list, or text with commas: names of files may have spaces, several ids may be parted by them. */
function entriesOf(written: unknown): readonly unknown[] {
  if (Array.isArray(written))
    return written.map((entry: unknown) => (typeof entry === 'string' ? entry.trim() : entry));
  if (typeof written !== 'string') return [];
  return written.split(/[,\n]/).flatMap((part) => {
    const words = part.split(/\s+/).filter((word) => word !== '');
    if (words.length === 0) return [];
    return words.some(isPictureFile) ? [part.trim()] : words;
  });
}
