import { createMemory } from '../memory.js';
import { splitWords } from './words.js';
import { classOf, CLAUSE_END } from './fold.js';
import { stem } from './stem.js';
import { STOP_WORDS } from './stop-words.js';
import { utf8Cut } from './utf8.js';
import { unitOf } from './units.js';

/**
 * Counts up when any text gets other terms than before. Cards without a field `analysis` are of version 1; those of a later one name their
 * version there, and the field in `crit`, so that whoever has not its tables refuses them and judges no index by others (docs/protocol.md,
 * "Changing it").
 */
export const ANALYSIS_VERSION = 1;

/** Longer words are cut: nobody types them, and a term travels in every card and key. */
export const MAX_TERM_BYTES = 40;

/**
 * Starts the term that says that something is not in it: "without battery", "no battery" and "battery free" have
 * `¬battery` beside their words.
 */
export const ABSENT = '¬';

/**
 * What a term stands for: `word` (stemmed), `number`, `measure` (number and unit, followed by its `number`), `joined`
 * (the whole of a compound such as `wh1000xm4`, followed by its parts), `pair` (of characters of a script without
 * spaces), `absent` (see `ABSENT`; it follows its word).
 */
type TokenForm = 'word' | 'number' | 'measure' | 'joined' | 'pair' | 'absent';

/** What a word comes to, wherever it stands. */
interface Part {
  readonly term: string;
  readonly form: TokenForm;
  /** The folded, unstemmed word or part that the term was made of. */
  readonly word: string;
  /** A function word of English or Indonesian: no term of an index. */
  readonly stop: boolean;
}

export interface Token extends Part {
  /** Which word of the text; the whole of a compound and its parts share it, and a gap is where a clause ends. */
  readonly position: number;
}

/** Before what is absent; `without` and `tanpa` also exclude in a query (see query.ts). */
const ABSENT_AFTER: ReadonlySet<string> = new Set(['without', 'tanpa', 'no', 'bebas']);
/** How many words such a word reaches: "no added sugar", "without led lamp". */
export const ABSENT_REACH = 2;
/** Behind what is absent: "sugar free". */
const ABSENT_BEFORE = 'free';

/** Parts longer than this are words of their own: joined, they would be a term that hardly anybody asks for. */
const SHORT_PART = 3;
const MAX_JOINED_LENGTH = 24;
const MAX_PARTS = 6;

const JOINER = /[-&]/;
const NUMBER = /^[0-9]+(?:\.[0-9]+)?$/;
const NUMBER_AND_LETTERS = /^([0-9]+(?:\.[0-9]+)?)([a-z]+)$/;
const SIDES = /^[0-9]+(?:\.[0-9]+)?(?:x[0-9]+(?:\.[0-9]+)?)*$/;
const DIMENSIONS = /^([0-9]+(?:\.[0-9]+)?(?:x[0-9]+(?:\.[0-9]+)?)+)([a-z]*)$/;

/** What words of letters alone come to: they come again and again, and each is looked up in three lists besides. */
const plainWords = createMemory<Part>(40_000);
const LETTERS = /^[a-z]{1,24}$/;

/**
 * The tokens of a text in order, stop words among them. Terms depend on the text alone, never on its language: a
 * query's language is unknown, titles mix both, and a reader who guessed otherwise than the seller would ask for other
 * keys. So every word goes through both stemmers (stem.ts says what that costs) and both lists of stop words hold
 * everywhere. Never throws, whatever the text.
 */
export function analyse(text: string): Token[] {
  const found: Token[] = [];
  const words = splitWords(text);
  let position = 0;
  for (let index = 0; index < words.length; index++) {
    const word = words[index] ?? '';
    if (word === CLAUSE_END) {
      // Too far for anything to reach across.
      position += ABSENT_REACH + 1;
      continue;
    }
    const next = words[index + 1];
    const sides = next === 'x' && SIDES.test(word) ? words[index + 2] : undefined;
    if (sides !== undefined && startsWithDigit(sides)) {
      // "9 x 12" is "9x12", over as many sides as follow.
      words[index + 2] = `${word}x${sides}`;
      index++;
      continue;
    }
    const plain = plainWords.get(word);
    if (plain !== undefined) push(found, plain, position);
    else {
      const unit = next !== undefined && startsWithDigit(word) && NUMBER.test(word) ? unitOf(next, false) : undefined;
      if (unit !== undefined) index++;
      for (const part of unit === undefined ? partsOf(word) : measure(word, unit)) push(found, part, position);
    }
    position++;
  }
  return withAbsent(found);
}

function push(found: Token[], { term, form, word, stop }: Part, position: number): void {
  found.push({ term, form, word, position, stop });
}

/** Asked of every word, before the expressions for numbers. */
function startsWithDigit(word: string): boolean {
  const first = word.charCodeAt(0);
  return first >= 0x30 && first <= 0x39;
}

/** The terms of a text in order, without stop words. */
export function termsOfText(text: string): string[] {
  return analyse(text)
    .filter((token) => !token.stop)
    .map((token) => token.term);
}

/** Overlapping pairs of characters; a character alone is a term of its own. */
function pairs(word: string): Part[] {
  const chars = Array.from(word);
  if (chars.length === 1) return [part(word, 'pair', word)];
  return chars.slice(1).map((char, index) => {
    const pair = (chars[index] ?? '') + char;
    return part(pair, 'pair', pair);
  });
}

/** Of a word between spaces: plain, or a compound of parts with hyphens or ampersands between them. */
function partsOf(word: string): Part[] {
  if (classOf(word.codePointAt(0) ?? 0) === 'ideograph') return pairs(word);
  if (word.startsWith(ABSENT)) {
    const [absent = ''] = word.slice(ABSENT.length).split(/[-&]+/);
    return absent === '' ? [] : [part(ABSENT + stem(absent), 'absent', absent)];
  }
  if (!JOINER.test(word)) return simple(word);
  const parts = word
    .split(/[-&]+/)
    .filter((one) => one !== '')
    .slice(0, MAX_PARTS);
  const [first, second] = parts;
  if (first === undefined) return [];
  if (second === undefined) return simple(first);
  const unit = parts.length === 2 && NUMBER.test(first) ? unitOf(second, true) : undefined;
  if (unit !== undefined) return measure(first, unit);
  // Indonesian doubles a word for the plural: anak-anak is anak.
  const different = [...new Set(parts)];
  const whole = parts.join('');
  const joined = different.length > 1 && isOneName(parts, whole) ? [part(stem(whole), 'joined', whole)] : [];
  return [...joined, ...different.flatMap(simple)];
}

/** True for model codes and for words that people also write as one (t-shirt, e-cloth, h&m); not for 2020-2021. */
function isOneName(parts: readonly string[], whole: string): boolean {
  if (whole.length > MAX_JOINED_LENGTH || STOP_WORDS.has(whole) || parts.includes(ABSENT_BEFORE)) return false;
  // What would read as a number or measure when written as one (2020-2021, 12-3gb) is none.
  if (NUMBER.test(whole) || DIMENSIONS.test(whole) || isMeasure(whole)) return false;
  return parts.some((part) => part.length <= SHORT_PART || /[0-9]/.test(part));
}

function isMeasure(word: string): boolean {
  const letters = NUMBER_AND_LETTERS.exec(word)?.[2];
  return letters !== undefined && unitOf(letters, true) !== undefined;
}

/** Of what has no joiner in it. */
function simple(word: string): Part[] {
  if (!startsWithDigit(word)) return [lettersOf(word)];
  if (NUMBER.test(word)) return [part(word, 'number', word)];
  const [, number = '', letters = ''] = NUMBER_AND_LETTERS.exec(word) ?? [];
  const unit = letters === '' ? undefined : unitOf(letters, true);
  if (unit !== undefined) return measure(number, unit);
  const dimensions = DIMENSIONS.exec(word)?.[1];
  return [part(dimensions ?? word, 'word', word)];
}

function lettersOf(word: string): Part {
  const found = plainWords.get(word) ?? part(stem(word), 'word', word, STOP_WORDS.has(word));
  if (LETTERS.test(word)) plainWords.set(word, found);
  return found;
}

function measure(number: string, unit: string): Part[] {
  return [part(number + unit, 'measure', number + unit), part(number, 'number', number)];
}

function part(term: string, form: TokenForm, word: string, stop = false): Part {
  return { term: utf8Cut(term, MAX_TERM_BYTES), form, word, stop };
}

/** Adds an `absent` token behind each word that the text says is not there. */
function withAbsent(found: Token[]): Token[] {
  if (!found.some(({ word }) => ABSENT_AFTER.has(word) || word === ABSENT_BEFORE)) return found;
  const result: Token[] = [];
  let until = -1;
  found.forEach((token, index) => {
    result.push(token);
    if (ABSENT_AFTER.has(token.word)) {
      until = token.position + ABSENT_REACH;
      return;
    }
    if (token.stop) until = -1;
    const following = found[index + 1];
    const free = following?.word === ABSENT_BEFORE && following.position - token.position <= 1;
    if (isThing(token) && (token.position <= until || free)) {
      result.push({ ...token, term: utf8Cut(ABSENT + token.term, MAX_TERM_BYTES), form: 'absent' });
    }
  });
  return result;
}

export function isThing({ form, stop, word }: Token): boolean {
  return (form === 'word' || form === 'joined') && !stop && word !== ABSENT_BEFORE;
}
