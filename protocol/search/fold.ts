import { FOLDED } from './fold-table.js';

/**
 * Text reduced to what search compares: lower case, no accents, ASCII forms of full-width characters, quotes and
 * dashes, everything that is no part of a word a space. It depends on nothing of the platform (no `normalize`, no
 * `toLowerCase`, no `\p{…}`: their tables follow the platform's version of Unicode), so that all nodes agree.
 */

/** What a folded character can be. */
export type CharClass = 'space' | 'letter' | 'digit' | 'ideograph' | 'mark';

/** Ends a clause: what stands on its two sides is not one phrase. */
export const CLAUSE_END = '|';
const CLAUSE_ENDS = ';:!?()[]{}|\u2026\u2022\u3001\u3002\uff0c';
/** The punctuation that means something inside or beside a word; all other punctuation folds to a space. */
const KEPT = `-'".,/&¬`;

/** Characters that fold to a space inside the ranges of letters, or to something other than their base letter. */
const SPECIAL: readonly (readonly [from: string, to: string])[] = [
  [CLAUSE_ENDS, CLAUSE_END],
  ['\u2018\u2019\u201a\u201b\u2032\u02b9\u02bb\u02bc\u02bd\u00b4\u0060', "'"],
  ['\u201c\u201d\u201e\u201f\u2033\u00ab\u00bb', '"'],
  ['\u2010\u2011\u2012\u2013\u2212\ufe63', '-'],
  ['\u00d7', 'x'],
  ['\u00b5', 'u'],
  // Kelvin, Ångström and ohm signs are the letters themselves to people (and to canonical equivalence).
  ['\u212a', 'k'],
  ['\u212b', 'a'],
  ['\u2126', 'ω'],
  ['\u00b9\u2081', '1'],
  ['\u00b2\u2082', '2'],
  ['\u00b3\u2083', '3'],
  ['\u2070\u2080', '0'],
  ['\u2074\u2084', '4'],
  ['\u2075\u2085', '5'],
  ['\u2076\u2086', '6'],
  ['\u2077\u2087', '7'],
  ['\u2078\u2088', '8'],
  ['\u2079\u2089', '9'],
  ['\u00bc', ' 1/4'],
  ['\u00bd', ' 1/2'],
  ['\u00be', ' 3/4'],
];

type Range = readonly [first: number, last: number];

/** Removed: combining marks of Latin, Greek and Cyrillic, Hebrew points, Arabic vowel signs, and what has no width. */
const REMOVED: readonly Range[] = [
  [0x00ad, 0x00ad],
  [0x00ae, 0x00ae],
  [0x0300, 0x036f],
  [0x0483, 0x0489],
  [0x0591, 0x05c7],
  [0x0610, 0x061c],
  [0x0640, 0x0640],
  [0x064b, 0x065f],
  [0x0670, 0x0670],
  [0x180b, 0x180e],
  [0x1ab0, 0x1aff],
  [0x1dc0, 0x1dff],
  [0x200b, 0x200f],
  [0x202a, 0x202e],
  [0x2060, 0x206f],
  [0x20d0, 0x20ff],
  [0x2122, 0x2122],
  [0xfe00, 0xfe0f],
  [0xfe20, 0xfe2f],
  [0xfeff, 0xfeff],
  [0xe0000, 0xe0fff],
];

/** Folded to a space: controls, punctuation, symbols, surrogates that stand alone, private use, emoji. */
const SPACES: readonly Range[] = [
  [0x0000, 0x002f],
  [0x003a, 0x0060],
  [0x007b, 0x00bf],
  [0x00d7, 0x00d7],
  [0x00f7, 0x00f7],
  [0x02b0, 0x02ff],
  [0x037e, 0x037e],
  [0x0384, 0x0385],
  [0x0387, 0x0387],
  [0x055a, 0x055f],
  [0x0589, 0x058f],
  [0x05f3, 0x05f4],
  [0x0600, 0x060f],
  [0x061b, 0x061f],
  [0x066a, 0x066d],
  [0x06d4, 0x06d4],
  [0x0964, 0x0965],
  [0x0e3f, 0x0e3f],
  [0x0e5a, 0x0e5b],
  [0x104a, 0x104f],
  [0x1680, 0x1680],
  [0x17d4, 0x17db],
  [0x1fbd, 0x1fc1],
  [0x1fcd, 0x1fcf],
  [0x1fdd, 0x1fdf],
  [0x1fed, 0x1fef],
  [0x1ffd, 0x1ffe],
  [0x2000, 0x2bff],
  [0x2e00, 0x2e7f],
  [0x2ff0, 0x3004],
  [0x3006, 0x3006],
  [0x3008, 0x3030],
  [0x303d, 0x303f],
  [0x30a0, 0x30a0],
  [0x30fb, 0x30fb],
  [0x3200, 0x33ff],
  [0xa9c1, 0xa9cd],
  [0xd800, 0xf8ff],
  [0xfd3e, 0xfd3f],
  [0xfe10, 0xfe6f],
  [0xff00, 0xff65],
  [0xffe0, 0xffff],
  [0x1f000, 0x1faff],
  [0xe1000, 0x10ffff],
];

/** Written without spaces between words: indexed as pairs of characters (see analysis.ts). */
const IDEOGRAPHS: readonly Range[] = [
  [0x0e00, 0x0eff],
  [0x1000, 0x109f],
  [0x1780, 0x17ff],
  [0x2e80, 0x2fdf],
  [0x3005, 0x3007],
  [0x3031, 0x30ff],
  [0x3100, 0x312f],
  [0x31f0, 0x31ff],
  [0x3400, 0x9fff],
  [0xf900, 0xfaff],
  [0xff66, 0xff9f],
  [0x20000, 0x3ffff],
];

/** Decimal digits of other scripts, each run from zero to nine. */
const DIGIT_ZEROS = [0x0660, 0x06f0, 0x0966, 0x09e6, 0x0e50, 0xff10] as const;

const FULL_WIDTH: Range = [0xff01, 0xff5e];
const FULL_WIDTH_OFFSET = 0xfee0;

function inRanges(ranges: readonly Range[], code: number): boolean {
  let low = 0;
  let high = ranges.length - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const range = ranges[middle];
    if (range === undefined || code < range[0]) high = middle - 1;
    else if (code > range[1]) low = middle + 1;
    else return true;
  }
  return false;
}

/** Folds that the rules below do not give: letters with their base letters, special signs. */
const FOLDS: ReadonlyMap<number, string> = new Map(
  [...FOLDED.map(([to, from]) => [from, to] as const), ...SPECIAL].flatMap(([from, to]) =>
    Array.from(from, (char) => [char.codePointAt(0) ?? 0, to] as const),
  ),
);

/** One code point, folded: nothing (removed), a space, or one to four characters. */
function foldCodePoint(code: number): string {
  const own = FOLDS.get(code);
  if (own !== undefined) return own;
  if (inRanges(REMOVED, code)) return '';
  if (code >= FULL_WIDTH[0] && code <= FULL_WIDTH[1]) return ASCII[code - FULL_WIDTH_OFFSET] ?? ' ';
  for (const zero of DIGIT_ZEROS) if (code >= zero && code <= zero + 9) return String(code - zero);
  // Armenian capitals; the other scripts with case (Georgian, Cherokee, Deseret …) are kept as they are written.
  if (code >= 0x0531 && code <= 0x0556) return String.fromCodePoint(code + 48);
  if (code <= 0xac && KEPT.includes(String.fromCodePoint(code))) return String.fromCodePoint(code);
  return inRanges(SPACES, code) ? ' ' : String.fromCodePoint(code);
}

/** The folds of ASCII, by code. */
const ASCII = Array.from({ length: 0x80 }, (_, code) => {
  if (code >= 0x41 && code <= 0x5a) return String.fromCodePoint(code + 0x20);
  return foldCodePoint(code);
});
/** ASCII that is not kept as it is once its capitals are small letters. */
const FOLDED_ASCII = new RegExp(
  `[${ASCII.flatMap((to, code) => (to === String.fromCharCode(code).toLowerCase() ? [] : [escaped(code)])).join('')}]`,
  'g',
);
/** ASCII, which is most of what comes, is folded a run at a time. */
const RUNS = /[\0-\x7f]+|[^\0-\x7f]+/g;

function escaped(code: number): string {
  return `\\x${code.toString(16).padStart(2, '0')}`;
}

/**
 * @returns `text` of a–z, 0–9, letters of other scripts, spaces, and the marks `- ' " . , / & ¬ |`. Never throws: a
 *   surrogate that stands alone is a space. Folding twice changes nothing more.
 */
export function fold(text: string): string {
  let folded = '';
  for (const run of text.match(RUNS) ?? []) folded += run.charCodeAt(0) < 0x80 ? foldAscii(run) : foldOthers(run);
  return folded;
}

/** Of ASCII alone small letters are the same on every platform. */
function foldAscii(text: string): string {
  return text.toLowerCase().replace(FOLDED_ASCII, (char) => ASCII[char.charCodeAt(0)] ?? ' ');
}

function foldOthers(text: string): string {
  let folded = '';
  for (const char of text) folded += foldCodePoint(char.codePointAt(0) ?? 0);
  return folded;
}

/** The class of a folded character (`code` is its code point). */
export function classOf(code: number): CharClass {
  if (code >= 0x61 && code <= 0x7a) return 'letter';
  if (code >= 0x30 && code <= 0x39) return 'digit';
  if (code < 0x80) return code === 0x20 ? 'space' : 'mark';
  return inRanges(IDEOGRAPHS, code) ? 'ideograph' : 'letter';
}
