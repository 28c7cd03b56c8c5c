import { NiagaError } from '../../../protocol/errors.js';

/** What browsers show and this node can read the structure of. SVG and HTML run, GIF and AVIF hide too much: none of them is a picture here. */
export type PictureType = 'image/jpeg' | 'image/png' | 'image/webp';

/** A picture of which nothing is left but what draws it. */
export interface CleanPicture {
  readonly type: PictureType;
  /** Pixels. */
  readonly width: number;
  readonly height: number;
  readonly bytes: Uint8Array;
}

/** One way to write pictures down. */
export interface PictureFormat {
  readonly type: PictureType;
  /** Whether the bytes begin as this format does. */
  begins(bytes: Uint8Array): boolean;
  /** Takes the picture apart and puts together again what draws it. @throws NiagaError PICTURE_INVALID */
  clean(bytes: Uint8Array): Omit<CleanPicture, 'type'>;
}

export function invalidPicture(why: string): NiagaError {
  return new NiagaError('PICTURE_INVALID', why, {
    next: 'Give a JPEG, PNG or WebP picture; a program that shows it can save it as one.',
  });
}

export function cutPicture(): NiagaError {
  return invalidPicture('The picture is cut or damaged: a part of it is longer than the file.');
}

/** The bytes are those of the text, one a character, from `at` on. */
export function hasText(bytes: Uint8Array, text: string, at = 0): boolean {
  return textAt(bytes, at, text.length) === text;
}

/** So many bytes as characters; shorter at the end. */
export function textAt(bytes: Uint8Array, at: number, length: number): string {
  return String.fromCharCode(...bytes.subarray(at, at + length));
}

/** Parts of a picture's file; cameras and browsers write some dozens, and each costs whoever takes it apart. */
export const MOST_PARTS = 4_096;

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
