import { isPictureFile, pictureFilesIn } from '../../protocol/listing/pictures.js';

/** Pictures are found by their names, wherever they lay when the file was written: `foto/kopi.jpg` and `C:\\foto\\kopi.jpg` are `kopi.jpg`. */
function nameOf(path: string): string {
  return path
    .replace(/^.*[/\\]/s, '')
    .normalize('NFC')
    .toLowerCase();
}

/** Pictures that were chosen beside a file of listings, by name. */
export type ChosenPictures = ReadonlyMap<string, File>;

export function chosenPictures(files: readonly File[]): ChosenPictures {
  return new Map(files.map((file) => [nameOf(file.name), file]));
}

/** The names under which the pictures of a listing would be chosen, as it was written. */
export function picturesOf(value: object): string[] {
  return pictureFilesIn(value).flatMap(([, entries]) => entries.filter(isPictureFile).map(nameOf));
}

/** The listing with the ids of its pictures where it names files. @param idOf by the name under which one was chosen */
export function withIds(value: object, idOf: (name: string) => unknown): object {
  const fields = pictureFilesIn(value).map(([field, entries]): [string, unknown[]] => [
    field,
    entries.map((entry) => (isPictureFile(entry) ? idOf(nameOf(entry)) : entry)),
  ]);
  return { ...value, ...Object.fromEntries(fields) };
}
