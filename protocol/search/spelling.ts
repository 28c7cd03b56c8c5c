import { analyse } from './analysis.js';
import { editDistance } from './edit-distance.js';
import { unitOf } from './units.js';

/** Words that a dictionary keeps: the vocabulary of ten thousand listings, in a few megabytes. */
export const MAX_DICTIONARY_WORDS = 20_000;
/** Of them, how many stay when it is full; the rarest go, since most of what stands in one card is no word. */
const KEPT_WORDS = 15_000;

/** Plain words, folded: what has a digit is a model code or a measure, and nearly every string is a valid one. */
const WORD = /^[a-z]{4,24}$/;
/** From this length on two mistakes are allowed: in shorter words two letters changed make any word of any other. */
const LONG_WORD = 8;
/** In more cards than this a word is one that sellers write: buyers are not taught. */
const RARE = 1;
/** Cards in which a correction must stand: in one it may be a mistake itself. */
const LEAST_SEEN = 2;
/** A word that stands in a card is corrected only to one that stands in so many times as many. */
const TIMES_COMMONER = 20;
/** Shorter words have so many neighbours that a correction must begin with the same letter, as nearly all mistakes do. */
const ANY_FIRST_LETTER = 6;
/** Words of a query that are looked at. */
const MOST_WORDS = 32;

interface DictionaryWord {
  readonly word: string;
  readonly term: string;
  /** One bit a letter: words that differ in more bits than mistakes can change are not compared. */
  readonly letters: number;
  df: number;
}

/**
 * The words of cards seen, to correct a query with: each in the form in which it was written (folded), with its term
 * and in how many cards it stood. Grows as cards are seen and stays bounded.
 */
export class Dictionary {
  private readonly words = new Map<string, DictionaryWord>();
  private readonly byLength: DictionaryWord[][] = [];
  private readonly terms = new Map<string, number>();

  constructor(private readonly maxWords: number = MAX_DICTIONARY_WORDS) {}

  get size(): number {
    return this.words.size;
  }

  /** Learns the words of one card's texts, each once. The caller sees to it that no card is learnt twice. */
  learn(...texts: readonly string[]): void {
    const seen = new Set<string>();
    for (const text of texts) {
      for (const { word, term, form, stop } of analyse(text)) {
        if (stop || (form !== 'word' && form !== 'joined') || seen.has(word) || !WORD.test(word)) continue;
        seen.add(word);
        this.add(word, term, 1);
      }
    }
  }

  /** A word of `df` more cards, with the term that analysis makes of it. */
  add(word: string, term: string, df: number): void {
    this.terms.set(term, (this.terms.get(term) ?? 0) + df);
    const known = this.words.get(word);
    if (known !== undefined) {
      known.df += df;
      return;
    }
    if (this.words.size >= this.maxWords) this.shrink();
    const entry = { word, term, letters: lettersOf(word), df };
    this.words.set(word, entry);
    (this.byLength[word.length] ??= []).push(entry);
  }

  /** In how many of the cards seen a term stands. */
  df(term: string): number {
    return this.terms.get(term) ?? 0;
  }

  /** Words of `length` letters. */
  ofLength(length: number): readonly DictionaryWord[] {
    return this.byLength[length] ?? [];
  }

  /** Forgets the rarest words, of equally rare ones those that came first. */
  private shrink(): void {
    const kept = Math.floor((this.maxWords * KEPT_WORDS) / MAX_DICTIONARY_WORDS);
    const entries = [...this.words.values()].reverse().sort((a, b) => b.df - a.df);
    this.words.clear();
    this.byLength.length = 0;
    this.terms.clear();
    for (const { word, term, df } of entries.slice(0, kept).reverse()) this.add(word, term, df);
  }
}

/** One word that was probably meant otherwise. */
export interface Correction {
  /** As typed. */
  readonly from: string;
  readonly to: string;
}

export interface Suggestion {
  /** The query with the corrections in place of what was typed, all else as it was. */
  readonly text: string;
  readonly corrections: readonly Correction[];
}

export interface SuggestOptions {
  /** In how many cards a term stands as far as the network says; a word that is known there is not corrected. */
  readonly df?: ((term: string) => number | undefined) | undefined;
}

/**
 * What was probably meant, where words of a query stand in no card or hardly any: known words at one mistake (two from
 * eight letters on), a mistake being a letter too many, missing, wrong, or two neighbours in the wrong order (Damerau
 * 1964). Fewer mistakes first, then the same first letter, which people hardly mistype, then the same letters ("woden" is
 * rather wooden than women: doubled and swapped letters are the commonest mistakes), then the commoner word. Known words, units, words with digits, and words that are two known ones written together stay.
 * @returns undefined where nothing is to be corrected
 */
export function suggest(query: string, dictionary: Dictionary, options: SuggestOptions = {}): Suggestion | undefined {
  const dfOf = (term: string): number => Math.max(dictionary.df(term), options.df?.(term) ?? 0);
  const corrections: Correction[] = [];
  let left = MOST_WORDS;
  const text = query.replace(/\S+/g, (typed) => {
    const [token, ...others] = analyse(typed);
    if (token === undefined || others.length > 0 || token.stop || token.form !== 'word') return typed;
    const { word, term } = token;
    if (!WORD.test(word) || unitOf(word, false) !== undefined || left-- <= 0) return typed;
    const to = correctionOf(word, term, dictionary, dfOf);
    if (to === undefined) return typed;
    corrections.push({ from: typed, to });
    return to;
  });
  return corrections.length === 0 ? undefined : { text, corrections };
}

function correctionOf(
  word: string,
  term: string,
  dictionary: Dictionary,
  dfOf: (term: string) => number,
): string | undefined {
  const known = dfOf(term);
  if (known > RARE || isTwoWords(word, dfOf)) return undefined;
  const most = word.length >= LONG_WORD ? 2 : 1;
  const least = Math.max(LEAST_SEEN, TIMES_COMMONER * known);
  const letters = lettersOf(word);
  let best: Candidate | undefined;
  for (let length = word.length - most; length <= word.length + most; length++) {
    for (const entry of dictionary.ofLength(length)) {
      // A mistake changes at most two bits: one letter goes, another comes.
      if (bitCount(entry.letters ^ letters) > 2 * most || entry.term === term) continue;
      if (word.length < ANY_FIRST_LETTER && entry.word[0] !== word[0]) continue;
      const distance = editDistance(word, entry.word, best?.distance ?? most);
      if (distance > (best?.distance ?? most)) continue;
      const df = dfOf(entry.term);
      if (df < least) continue;
      const candidate = { entry, distance, df };
      if (best === undefined || isBetter(candidate, best, word)) best = candidate;
    }
  }
  return best?.entry.word;
}

interface Candidate {
  readonly entry: DictionaryWord;
  readonly distance: number;
  readonly df: number;
}

function isBetter(a: Candidate, b: Candidate, word: string): boolean {
  if (a.distance !== b.distance) return a.distance < b.distance;
  const first = Number(a.entry.word[0] === word[0]) - Number(b.entry.word[0] === word[0]);
  if (first !== 0) return first > 0;
  const letters = lettersOf(word);
  const same = Number(a.entry.letters === letters) - Number(b.entry.letters === letters);
  if (same !== 0) return same > 0;
  if (a.df !== b.df) return a.df > b.df;
  return a.entry.df !== b.entry.df ? a.entry.df > b.entry.df : a.entry.word < b.entry.word;
}

/** "firestick" is fire and stick: the query is parsed so, and there is nothing to correct. */
function isTwoWords(word: string, dfOf: (term: string) => number): boolean {
  for (let cut = 3; cut <= word.length - 3; cut++) {
    const parts = [analyse(word.slice(0, cut)), analyse(word.slice(cut))];
    if (parts.every(([part]) => part?.form === 'word' && !part.stop && dfOf(part.term) > RARE)) return true;
  }
  return false;
}

function lettersOf(word: string): number {
  let letters = 0;
  for (let index = 0; index < word.length; index++) letters |= 1 << (word.charCodeAt(index) - 97);
  return letters;
}

function bitCount(bits: number): number {
  let count = 0;
  for (let left = bits; left !== 0; left &= left - 1) count++;
  return count;
}
