import { CID } from 'multiformats/cid';
import { parseId } from '../ids.js';
import { quote } from '../quote.js';
import { FORBIDDEN_CHARACTERS } from '../schema.js';
import { utf8Length } from '../search/utf8.js';
import { isObject, type Field, type Reading } from './reading.js';

/**
 * Readers of single values. Each takes a field that was given and returns its value, or undefined after it has noted
 * the problem. Text is brought to NFC, the writer's side of DESIGN section 3; empty text counts as not given.
 */

/** Every way of writing a line break, which on the wire is `\n`. */
const LINE_BREAK = /\r\n?|[\u0085\u2028\u2029]/g;
/** With the `u` flag a surrogate matches only where its other half is missing. */
const LONE_SURROGATE = /\p{Surrogate}/u;

/** Text of several lines, with `\n` between them and no space at its end. */
export function readText(field: Field, max: number, reading: Reading): string | undefined {
  const { value, where } = field;
  if (typeof value !== 'string') return reading.invalid(field, 'it must be text');
  // Far too long is told without normalising it first; composing halves a text at most.
  const text = value.length > 4 * max ? value : value.replace(LINE_BREAK, '\n').normalize('NFC').trimEnd();
  if (text.length > max) {
    return reading.problem(
      'INPUT_INVALID',
      where,
      `${where} has ${text.length} characters; at most ${max} are allowed.`,
    );
  }
  const lone = text.isWellFormed() ? null : LONE_SURROGATE.exec(text);
  if (lone) {
    const half = `half of a character (a lone surrogate, U+${codePoint(lone[0])}) at position ${lone.index + 1}`;
    return reading.problem('INPUT_INVALID', where, `${where} has ${half}; the text was cut or encoded wrongly.`);
  }
  const control = FORBIDDEN_CHARACTERS.exec(text);
  if (control) {
    const message = `${where} has the control character U+${codePoint(control[0])} at position ${control.index + 1}.`;
    return reading.problem('INPUT_INVALID', where, message);
  }
  return text === '' ? undefined : text;
}

/** Text on one line: line breaks, tabs and runs of spaces become one space. */
export function readLine(field: Field, max: number, reading: Reading): string | undefined {
  const { value } = field;
  const flat = typeof value === 'string' && value.length <= 4 * max ? value.replace(/[\s\u0085]+/g, ' ').trim() : value;
  return readText({ where: field.where, value: flat }, max, reading);
}

function codePoint(character: string): string {
  return character.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0');
}

export function readWord<T extends string>(field: Field, words: readonly T[], reading: Reading): T | undefined {
  const { value } = field;
  const word = typeof value === 'string' ? value.trim().toLowerCase() : undefined;
  const found = words.find((candidate) => candidate === word);
  return found ?? (word === '' ? undefined : reading.invalid(field, `it must be one of ${words.join(', ')}`));
}

/** A whole number, also as decimal text. */
export function readWhole(field: Field, min: number, max: number, reading: Reading): number | undefined {
  const { value } = field;
  const text = typeof value === 'string' && /^-?\d{1,16}$/.test(value.trim());
  const number = text ? Number(value) : value;
  if (typeof number === 'number' && Number.isSafeInteger(number) && number >= min && number <= max) return number + 0;
  const range = max === Number.MAX_SAFE_INTEGER ? `, ${min} or more` : ` from ${min} to ${max}`;
  return reading.invalid(field, `it must be a whole number${range}`);
}

const TRUE = new Set(['true', 'yes']);
const FALSE = new Set(['false', 'no']);

export function readFlag(field: Field, reading: Reading): boolean | undefined {
  const { value } = field;
  if (typeof value === 'boolean') return value;
  const word = typeof value === 'string' ? value.trim().toLowerCase() : undefined;
  if (word === undefined || !(TRUE.has(word) || FALSE.has(word)))
    return reading.invalid(field, 'it must be true or false');
  return TRUE.has(word);
}

/** A link: its text, a CID, or DAG-JSON's `{"/": text}`. */
export function readCid(field: Field, reading: Reading): CID | undefined {
  const cid = cidOf(field.value);
  return (
    cid ?? reading.invalid(field, 'it must be a content id (CID), which looks like bafkrei… and has 59 characters')
  );
}

export function cidOf(value: unknown): CID | undefined {
  const text = isObject(value) && '/' in value ? value['/'] : value;
  try {
    if (typeof text === 'string') return parseId(text.trim());
    // Takes some objects for a CID that are none, and fails on them.
    return isObject(value) ? (CID.asCID(value) ?? undefined) : undefined;
  } catch {
    return undefined;
  }
}

/** The entries of a list; text is split at the separator. More than `max` is a problem. */
export function readEntries(field: Field, separator: RegExp, max: number, reading: Reading): Field[] {
  const { where, value } = field;
  const split = typeof value === 'string' ? value.split(separator).filter((part) => part.trim() !== '') : value;
  if (!Array.isArray(split)) {
    reading.invalid(field, 'it must be a list');
    return [];
  }
  if (split.length > max) {
    reading.problem('INPUT_INVALID', where, `${where} has ${split.length} entries; at most ${max} are allowed.`);
    return [];
  }
  return (split as unknown[]).flatMap((entry, index) => {
    return entry === null || entry === undefined ? [] : [{ where: `${where}[${index}]`, value: entry }];
  });
}

/** A list of one-line texts, each once; undefined where nothing is left. */
export function readLines(
  field: Field,
  limits: { separator: RegExp; entries: number; length: number },
  reading: Reading,
): string[] | undefined {
  const entries = readEntries(field, limits.separator, limits.entries, reading);
  const lines = entries.flatMap((entry) => readLine(entry, limits.length, reading) ?? []);
  return lines.length === 0 ? undefined : [...new Set(lines)];
}

const LANGUAGE = /^[a-z]{2,3}(?:-[a-z0-9]{2,8})*$/i;

/** A language tag of BCP 47: `id`, `en`, `en-US`, `zh-Hant`. */
export function readLanguage(field: Field, max: number, reading: Reading): string | undefined {
  const { value } = field;
  const tag = typeof value === 'string' ? value.trim().replaceAll('_', '-') : value;
  if (tag === '') return undefined;
  if (typeof tag !== 'string' || tag.length > max || !LANGUAGE.test(tag)) {
    return reading.invalid(field, 'it must be a language code, such as id or en');
  }
  const [language = '', ...rest] = tag.split('-');
  return [language.toLowerCase(), ...rest].join('-');
}

/** The seller's number for a thing: text, or a whole number as other systems have it. Its card has room for so many bytes of it. */
export function readSku(field: Field, max: number, reading: Reading): string | undefined {
  const { value } = field;
  const text = typeof value === 'number' && Number.isSafeInteger(value) ? String(value) : value;
  if (typeof text === 'string' && /^\s*$/.test(text)) return reading.missing(field.where, `is ${quote(value)}: empty`);
  const sku = readLine({ where: field.where, value: text }, max, reading);
  if (sku === undefined || utf8Length(sku) <= max) return sku;
  return reading.invalid(field, `it may have ${max} bytes at most`);
}
