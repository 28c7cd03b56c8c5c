import { classOf, CLAUSE_END, fold } from './fold.js';

/**
 * The words of a text: folded, without spaces, hyphens and ampersands inside still in place, cut where a script without
 * spaces begins or ends. Numbers are in one form, feet and inches written out. Where a clause ends stands `CLAUSE_END`.
 */
export function splitWords(text: string): string[] {
  const folded = normaliseNumbers(fold(text));
  const isPlain = !NOT_ASCII.test(folded);
  const words: string[] = [];
  for (const word of folded.split(' ')) {
    if (word === '') continue;
    if (isPlain || !NOT_ASCII.test(word)) words.push(word);
    else words.push(...splitScripts(word));
  }
  return words;
}

const NOT_ASCII = /[^\u0020-\u007e]/;
const QUOTES = /[0-9]['"]/;
const INCHES_BEFORE_SIDE = /([0-9])(?:"|'')(?=x[0-9])/g;
const INCHES = /([0-9])(?:"|'')/g;
const FEET = /([0-9])'(?![a-z])/g;
const GROUPED_NUMBER = /[0-9]+(?:[.,][0-9]+)+/g;
const INITIALS = /(?<![a-z0-9.])(?:[a-z]\.)+[a-z](?![a-z0-9])/g;
const APOSTROPHES = /'/g;
/** Every point and comma that is not inside a number. */
const CLAUSES = /[,|]|\.(?![0-9])|(?<![0-9])\./g;
/** The marks that have done their work. */
const SEPARATORS = /["/]/g;
/** Every ¬ that does not start a word. */
const STRAY_ABSENT = /(?<=[^ ])¬|¬(?=[-&¬ ]|$)/g;

function normaliseNumbers(folded: string): string {
  const separated = (QUOTES.test(folded) ? withFeet(folded) : folded)
    .replace(GROUPED_NUMBER, canonicalNumber)
    .replace(INITIALS, (initials) => initials.replaceAll('.', ''))
    .replace(APOSTROPHES, '')
    .replace(CLAUSES, ` ${CLAUSE_END} `)
    .replace(SEPARATORS, ' ');
  return separated.includes('¬') ? separated.replace(STRAY_ABSENT, ' ') : separated;
}

/** Feet and inches written out. */
function withFeet(folded: string): string {
  return folded.replace(INCHES_BEFORE_SIDE, '$1').replace(INCHES, '$1inch ').replace(FEET, '$1ft ');
}

/** `1,000` and `1.000` are a thousand, `5,5` and `5.50` are 5.5; anything else between digits is a list of numbers. */
function canonicalNumber(text: string): string {
  const groups = text.split(/[.,]/);
  const whole = groups.slice(0, -1);
  const last = groups.at(-1) ?? '';
  if (isGrouped(groups)) return groups.join('');
  if (whole.length > 1 && !isGrouped(whole)) return groups.join(' ');
  const decimals = last.replace(/0+$/, '');
  return decimals === '' ? whole.join('') : `${whole.join('')}.${decimals}`;
}

/** True for thousands: one to three digits, not a zero alone, then groups of three. */
function isGrouped(groups: readonly string[]): boolean {
  const [first = '', ...rest] = groups;
  return first.length <= 3 && first !== '0' && rest.every((group) => group.length === 3);
}

function splitScripts(word: string): string[] {
  const pieces: string[] = [];
  let piece = '';
  let before: boolean | undefined;
  for (const char of word) {
    const ideograph = classOf(char.codePointAt(0) ?? 0) === 'ideograph';
    if (before !== undefined && ideograph !== before) {
      pieces.push(piece);
      piece = '';
    }
    before = ideograph;
    piece += char;
  }
  return [...pieces, piece];
}
