import { z } from 'zod';
import { NiagaError } from '../errors.js';
import { ABSENT, ABSENT_REACH, analyse, ANALYSIS_VERSION, isThing, MAX_TERM_BYTES, type Token } from './analysis.js';
import { COMMON_STEMS } from './common-stems.js';
import { utf8Length } from './utf8.js';

export { filtersSchema } from './filters.js';

/** Longer texts are refused: nobody types them, and every index node would pay for them. */
export const MAX_QUERY_LENGTH = 2_000;
/** Words of a query that count; the rest is ignored. */
export const MAX_QUERY_TERMS = 64;
/**
 * Keys asked for: four find what all would (FACTS: nDCG .747, .747 with three, .735 with two), more help recall a
 * little.
 */
export const MAX_KEYS = 6;

/** Introduce what must not be in it. `no` and `free` do not: "no show socks" and "sugar free gum" name things. */
const EXCLUDING: ReadonlySet<string> = new Set(['without', 'tanpa']);
/** Shortest part of a word that is taken apart with a dictionary: below, chance finds words everywhere. */
const SHORTEST_SPLIT = 3;
/** Cards in which both parts must stand. */
const SPLIT_MIN_DF = 3;
/** In more cards than this a word is no misspelt compound. */
const SPLIT_MAX_DF = 2;
const LETTERS_THEN_DIGITS = /^([a-z]{2,})([0-9]+)$/;
const MAX_JOINED_LENGTH = 24;
const MAX_PARTS = 8;

const term = z
  .string()
  .min(1)
  .refine((text) => utf8Length(text) <= MAX_TERM_BYTES, 'longer than a term');

const terms = (max: number) =>
  z
    .array(term)
    .max(max)
    .refine((list) => new Set(list).size === list.length, 'has a term twice');

/**
 * A query as it goes over the wire: plain data, so that every node evaluates the same one. It may say nothing twice and nothing of words
 * that are not in it: each card that a node holds would pay for it.
 */
export const querySchema = z
  .object({
    /** `ANALYSIS_VERSION` of who parsed it. */
    version: z.int().min(1),
    /** The terms that count, in order of appearance, none twice. */
    words: terms(MAX_QUERY_TERMS),
    /** Words that are also written as one: whichever is worth more counts, whole or parts (all of them in `words`). */
    compounds: z
      .array(
        z.object({
          whole: term,
          parts: terms(MAX_PARTS).min(1),
          /** False for a guess that joins two words of the query: worth asking for only where such a term is known. */
          typed: z.boolean(),
        }),
      )
      .max(2 * MAX_QUERY_TERMS)
      .refine((list) => new Set(list.map(({ whole }) => whole)).size === list.length, 'has a whole twice'),
    /**
     * "without word": cards that have it lose, those that say `¬word` gain. There is no `-word`: a title that is pasted
     * ("Besties -Makeup Bag") would exclude the very thing that it names.
     */
    excluded: terms(MAX_QUERY_TERMS),
  })
  .refine(({ words, compounds }) => {
    const known = new Set(words);
    return compounds.every(({ parts }) => parts.every((part) => known.has(part)));
  }, 'has a part that is none of its words');
export type Query = z.infer<typeof querySchema>;
type Compound = Query['compounds'][number];

/** The query that every card answers, for browsing by key and filters. */
export const EMPTY_QUERY: Query = { version: ANALYSIS_VERSION, words: [], compounds: [], excluded: [] };

export interface ParseOptions {
  /** Known cards that have a term: with it, a word that nobody writes is taken apart ("firestick" → fire, stick). */
  readonly df?: ((term: string) => number | undefined) | undefined;
}

/**
 * What a person typed, understood.
 * @throws NiagaError QUERY_INVALID beyond MAX_QUERY_LENGTH, QUERY_EMPTY where no word is left to look for: nothing,
 *   punctuation,
 *   emoji, function words only (they are in no index, so the answer would always be "nothing")
 */
export function parseQuery(text: string, options: ParseOptions = {}): Query {
  if (text.length > MAX_QUERY_LENGTH) {
    throw new NiagaError('QUERY_INVALID', `The search has ${text.length} characters, more than ${MAX_QUERY_LENGTH}.`, {
      next: 'Search for the few words that tell most.',
    });
  }
  const draft = new Draft(options.df);
  const tokens = draft.readExclusions(analyse(text));
  draft.readWords(tokens);
  draft.joinNeighbours(tokens);
  return draft.finish();
}

/** Every term whose document frequency a score needs. */
export function termsOfQuery({ words, compounds, excluded }: Query): string[] {
  return [...new Set([...words, ...compounds.map(({ whole }) => whole), ...excluded])];
}

/** In so many cards a common word counts as standing at least: more than a rare one stands in where thousands are held. */
const COMMON_DF = 100;

/**
 * The terms to ask for: the rarest first, at most `count`. What was typed as one stands for one word: it is followed by the rarest of its
 * parts, for a card may have either, and one with all parts stands under each of them; the other parts come last of all.
 * @param df in how many cards a term stands as far as is known; undefined counts as rare, since most words are, but not those that
 *   descriptions are full of: a node that holds no cards yet would ask for "comfortable" before "kopi"
 */
export function rarest(query: Query, df: (term: string) => number | undefined, count: number = MAX_KEYS): string[] {
  const known = (term: string): number => Math.max(df(term) ?? 0, COMMON_STEMS.has(term) ? COMMON_DF : 0);
  const rarer = (a: string, b: string): number => known(a) - known(b) || b.length - a.length;
  const typed = query.compounds.filter((compound) => compound.typed);
  const parts = new Set(typed.flatMap((compound) => compound.parts));
  const guesses = query.compounds.filter(({ whole, typed: isTyped }) => !isTyped && (df(whole) ?? 0) > 0);
  const asked = [
    ...query.words.filter((word) => !parts.has(word)).map((word) => [word]),
    ...typed.map((compound) => [compound.whole, ...compound.parts.toSorted(rarer).slice(0, 1)]),
    ...guesses.map(({ whole }) => [whole]),
  ].map((terms) => ({ terms, known: terms.reduce((sum, term) => sum + known(term), 0) }));
  asked.sort((a, b) => a.known - b.known || (b.terms[0]?.length ?? 0) - (a.terms[0]?.length ?? 0));
  return [...new Set([...asked.flatMap(({ terms }) => terms), ...[...parts].sort(rarer)])].slice(0, count);
}

class Draft {
  private readonly words = new Set<string>();
  private readonly compounds: Compound[] = [];
  private readonly excluded = new Set<string>();

  constructor(private readonly df: ParseOptions['df']) {}

  exclude(found: string): void {
    if (this.excluded.size < MAX_QUERY_TERMS) this.excluded.add(found);
  }

  /**
   * Takes "without X" out of the tokens: what is left has neither X nor the word that excludes it. Numbers are left out
   * of both.
   */
  readExclusions(tokens: readonly Token[]): Token[] {
    const rest: Token[] = [];
    let until = -1;
    // "without" with nothing behind it is a word like others.
    let idle: Token | undefined;
    for (const token of tokens) {
      const excluding = EXCLUDING.has(token.word);
      if (excluding || token.stop || token.position > until) {
        if (idle !== undefined) rest.push(idle);
        idle = excluding ? token : undefined;
        until = excluding ? token.position + ABSENT_REACH : -1;
        if (!excluding) rest.push(token);
      } else if (isThing(token)) {
        this.exclude(token.term);
        idle = undefined;
      }
    }
    return idle === undefined ? rest : [...rest, idle];
  }

  /** Words, and compounds that were typed as one: codes, measures, "sugar free". */
  readWords(tokens: readonly Token[]): void {
    const wholes = new Set(tokens.filter(({ form }) => form === 'joined').map(({ position }) => position));
    for (const token of tokens) if (isSimple(token)) this.addWordOrItsParts(token, wholes.has(token.position));
    for (const token of tokens) {
      if (token.form === 'joined' || token.form === 'measure') {
        const parts = tokens
          .filter((part) => part.position === token.position && isSimple(part))
          .map((part) => part.term);
        this.addCompound(token.term, parts, true);
      } else if (token.form === 'absent') {
        const word = token.term.slice(ABSENT.length);
        if (this.words.has(word)) this.addCompound(token.term, [word], true);
        else this.addWord(token.term);
      }
    }
  }

  /** "fire stick" may be written firestick, "iphone 13" iphone13. */
  joinNeighbours(tokens: readonly Token[]): void {
    const simple = tokens.filter((token) => token.form === 'word' || token.form === 'number');
    simple.forEach((first, index) => {
      const second = simple[index + 1];
      if (second?.position !== first.position + 1 || first.stop || second.stop) return;
      if (first.form === 'number' && second.form === 'number') return;
      const joined = single(first.word + second.word);
      // A stem that lost what was added ("frame full" → frame) is no compound.
      if (joined === undefined || joined.length <= Math.max(first.term.length, second.term.length) + 1) return;
      this.addCompound(joined, [...this.wordsOf(first), ...this.wordsOf(second)], false);
    });
  }

  /** A word, or what it was taken apart into: "wh 1000 xm4" may be written WH-1000XM4. */
  private wordsOf({ term, word }: Token): readonly string[] {
    return (this.words.has(term) ? undefined : codeParts(word)) ?? [term];
  }

  /** @throws NiagaError QUERY_EMPTY */
  finish(): Query {
    // "without sugar" alone looks for what says so.
    if (this.words.size === 0) for (const found of this.excluded) this.addWord(ABSENT + found);
    if (this.words.size === 0) {
      throw new NiagaError('QUERY_EMPTY', 'The search has no word that tells listings apart.', {
        next: 'Name the thing that you look for, such as "kopi gayo".',
      });
    }
    return {
      version: ANALYSIS_VERSION,
      words: [...this.words],
      compounds: this.compounds,
      excluded: [...this.excluded],
    };
  }

  private addWord(found: string): void {
    if (this.words.size < MAX_QUERY_TERMS) this.words.add(found);
  }

  private addWordOrItsParts(token: Token, isPart: boolean): void {
    const parts = token.form === 'word' && !isPart ? (codeParts(token.word) ?? this.dictionaryParts(token)) : undefined;
    if (parts === undefined) return this.addWord(token.term);
    parts.forEach((part) => this.addWord(part));
    this.addCompound(token.term, parts, true);
  }

  /** The two known words that an unknown one is made of; of several ways the one whose rarer part is commonest. */
  private dictionaryParts({ term, word }: Token): [string, string] | undefined {
    const df = this.df;
    if (df === undefined || !/^[a-z]+$/.test(word) || (df(term) ?? 0) > SPLIT_MAX_DF) return undefined;
    let best: [string, string] | undefined;
    let most = SPLIT_MIN_DF - 1;
    for (let cut = SHORTEST_SPLIT; cut <= word.length - SHORTEST_SPLIT; cut++) {
      const first = single(word.slice(0, cut));
      const second = single(word.slice(cut));
      if (first === undefined || second === undefined) continue;
      const known = Math.min(df(first) ?? 0, df(second) ?? 0);
      if (known <= most) continue;
      most = known;
      best = [first, second];
    }
    return best;
  }

  private addCompound(whole: string, parts: readonly string[], typed: boolean): void {
    const different = [...new Set(parts)].slice(0, MAX_PARTS);
    if (this.compounds.length >= 2 * MAX_QUERY_TERMS || different.length === 0) return;
    if (this.words.has(whole) || different.some((part) => !this.words.has(part))) return;
    if (!this.compounds.some((compound) => compound.whole === whole))
      this.compounds.push({ whole, parts: different, typed });
  }
}

function isSimple(token: Token): boolean {
  return !token.stop && (token.form === 'word' || token.form === 'number' || token.form === 'pair');
}

/** "iphone13" is also written "iphone 13". */
function codeParts(word: string): [string, string] | undefined {
  const [, letters, digits] = LETTERS_THEN_DIGITS.exec(word) ?? [];
  const first = letters === undefined ? undefined : single(letters);
  return first === undefined || digits === undefined ? undefined : [first, digits];
}

/** The term of a text that is one word to the analysis; undefined where it is none, several or a function word. */
function single(text: string): string | undefined {
  if (text.length > MAX_JOINED_LENGTH) return undefined;
  const [token, ...others] = analyse(text);
  return token === undefined || others.length > 0 || token.stop || token.form !== 'word' ? undefined : token.term;
}
