import { stripVTControlCharacters } from 'node:util';

/**
 * What a terminal may obey, or what turns the reading direction so that text looks like other text: control characters
 * (C0 but tab and line feed, DEL, C1), the bidirectional controls of Unicode, and line separators.
 */
const UNSAFE = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g;

/** What JSON.stringify lets through of the above; inside a JSON text it can only stand in strings. */
const UNSAFE_IN_JSON = /[\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g;

/** Text of strangers as it may be shown: whole escape sequences are left out, then every character that is unsafe. */
export function safeText(text: string): string {
  return stripVTControlCharacters(text.replaceAll('\r\n', '\n')).replace(UNSAFE, '');
}

/** The same on one line. */
export function safeLine(text: string): string {
  return safeText(text)
    .replace(/[\t\n ]+/g, ' ')
    .trim();
}

/** JSON on one line: the same value, with unsafe characters written as escapes. */
export function safeJson(value: unknown): string {
  return JSON.stringify(value).replace(UNSAFE_IN_JSON, (character) => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}
