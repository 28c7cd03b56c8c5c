import { ABSENT } from './analysis.js';
import { isAmong, type CardIndex } from './index-terms.js';
import { naturalLog } from './logarithm.js';
import type { Query } from './query.js';

/**
 * BM25F (Robertson, Zaragoza, Taylor 2004) over a card's index. Its constants belong to the protocol: with average
 * lengths fixed, the score that one node gives compares with another's. A card says in which fields a term stands and
 * how often in all together, not how often in each, so each field that has it counts once and repetitions a little.
 */

/** Fields of an index, in the order of FIELD's bits: title, brand, category, attribute, description. */
const FIELD_COUNT = 5;
type PerField = readonly [title: number, brand: number, category: number, attribute: number, description: number];

/** What a term's place in a card is worth. */
export interface RankerConstants {
  readonly fieldWeights: PerField;
  /** How much a field longer than the average is discounted, 0 (not at all) to 1 (by its length). */
  readonly lengthWeights: PerField;
  /** What more places of one term add: with 0 nothing, with a large number as much as the first. */
  readonly k1: number;
}

/**
 * A title is written to be found; brand and category name the thing itself; a description only mentions. Titles are
 * stuffed and descriptions ramble, so their length counts; the short fields vary by nature. `k1` is the customary one.
 * Round numbers: over the ESCI dev queries, halving or doubling any one of them moves nDCG@10 by −.012 to +.005, and
 * the error of 64 queries is ±.05 (bench/relevance.mjs).
 */
export const RANKER: RankerConstants = {
  fieldWeights: [3, 2, 2, 1, 0.5],
  lengthWeights: [0.6, 0.3, 0.3, 0.3, 0.5],
  k1: 1.5,
};
/**
 * Distinct terms, as measured over the ESCI catalogue (15, 1.4, 3.2, 1.3, 43) and rounded towards the Indonesian one's
 * shorter titles.
 */
const AVERAGE_LENGTHS: PerField = [14, 1.5, 3, 1.5, 40];
/** Weight of one repetition. */
const REPEAT_WEIGHT = 0.1;
/**
 * What "without X" gives to a card that says it has none (`¬X`) and takes from one that only has the word, as a share
 * of X's idf.
 */
const EXCLUDED_WEIGHT = 0.5;
/** Scores are integers of a thousandth: the wire has no floats, and rounding hides no order that matters. */
const SCORE_SCALE = 1_000;

/** What is known about the collection: how many cards, and in how many of them each term stands. */
export interface Statistics {
  readonly documents: number;
  readonly df: ReadonlyMap<string, number>;
}

/** Rarity of a term (the BM25 idf that is never negative). `df` is taken to be at most `documents`. */
export function idf(df: number, documents: number): number {
  const known = Math.min(df, documents);
  return naturalLog(1 + (documents - known + 0.5) / (known + 0.5));
}

const LONGEST = 255;

/** Lengths of a card's five fields, each in distinct terms, for `weightOf`. */
function fieldLengths(index: CardIndex): Uint8Array {
  const lengths = new Uint8Array(FIELD_COUNT);
  for (const [fields, , text] of index) {
    let terms = 1;
    for (let at = text.indexOf(' '); at >= 0; at = text.indexOf(' ', at + 1)) terms++;
    for (let field = 0; field < FIELD_COUNT; field++)
      if ((fields >> field) & 1) lengths[field] = Math.min((lengths[field] ?? 0) + terms, LONGEST);
  }
  return lengths;
}

/** What a term's place in a card is worth, from 0 to k1 + 1, before its rarity. */
export type WeightOf = (fields: number, count: number, lengths: Uint8Array) => number;

/** The weights that constants give. All nodes use `weightOf`; others are for measuring. */
export function weighting({ fieldWeights, lengthWeights, k1 }: RankerConstants): WeightOf {
  /** Share of a field in a term's weight, by field and the field's length in distinct terms. */
  const shares = fieldWeights.map((weight, field) =>
    Float64Array.from({ length: LONGEST + 1 }, (_, length) => {
      const b = lengthWeights[field] ?? 0;
      return weight / (1 - b + (b * length) / (AVERAGE_LENGTHS[field] ?? 1));
    }),
  );
  return (fields, count, lengths) => {
    let weight = 0;
    let places = 0;
    for (let field = 0; field < FIELD_COUNT; field++) {
      if (((fields >> field) & 1) === 0) continue;
      places++;
      weight += shares[field]?.[lengths[field] ?? 0] ?? 0;
    }
    if (count > places) weight += REPEAT_WEIGHT * (count - places);
    return (weight * (k1 + 1)) / (weight + k1);
  };
}

export const weightOf: WeightOf = weighting(RANKER);

/** One term of a query in one card, for `--explain`. */
export interface Contribution {
  readonly term: string;
  readonly idf: number;
  /** OR of FIELD bits; 0 where the card does not have it. */
  readonly fields: number;
  /** Its part of the score, in score units; negative where it is excluded. */
  readonly contribution: number;
}

/**
 * A query made ready for one set of statistics. Its terms have places in arrays, so that scoring many cards looks up no
 * text: `load` a card (or `clear` and `set` its terms by place), then call `score`.
 */
export class Scorer {
  /** Every term that matters to the score: words, wholes of compounds, excluded ones and their `¬` forms. */
  readonly terms: readonly string[];
  private readonly fields: Uint8Array;
  private readonly weights: Float64Array;
  private readonly idfs: Float64Array;
  private readonly words: readonly number[];
  private readonly compounds: readonly {
    readonly whole: number;
    readonly parts: readonly number[];
    readonly idf: number;
  }[];
  /** For each of `words` the wholes that stand for it: gone through for every card, so found once a query. */
  private readonly wholes: readonly (readonly number[])[];
  private readonly excluded: readonly { readonly term: number; readonly absent: number }[];
  private readonly parts: Float64Array;
  private readonly claimed: Uint8Array;

  constructor(
    query: Query,
    statistics: Statistics,
    private readonly weigh: WeightOf = weightOf,
  ) {
    const places = new Map<string, number>();
    const placeOf = (term: string): number => {
      const place = places.get(term) ?? places.size;
      places.set(term, place);
      return place;
    };
    this.words = [...new Set(query.words)].map(placeOf);
    const compounds = query.compounds.map(({ whole, parts }) => ({ whole: placeOf(whole), parts: parts.map(placeOf) }));
    this.wholes = this.words.map((word) => [
      ...new Set(compounds.flatMap(({ whole, parts }) => (parts.includes(word) ? [whole] : []))),
    ]);
    this.excluded = query.excluded.map((term) => ({ term: placeOf(term), absent: placeOf(ABSENT + term) }));
    this.terms = [...places.keys()];
    this.idfs = Float64Array.from(this.terms, (term) => idf(statistics.df.get(term) ?? 0, statistics.documents));
    // Who writes WH1000XM4 says all that the parts of WH-1000XM4 say, whichever of them are the rarer.
    this.compounds = compounds.map(({ whole, parts }) => {
      const ofParts = parts.reduce((sum, part) => sum + (this.idfs[part] ?? 0), 0);
      return { whole, parts, idf: Math.max(this.idfs[whole] ?? 0, ofParts) };
    });
    this.fields = new Uint8Array(this.terms.length);
    this.weights = new Float64Array(this.terms.length);
    this.parts = new Float64Array(this.terms.length);
    this.claimed = new Uint8Array(this.terms.length);
  }

  /**
   * The score of the card that is loaded: an integer of 1/SCORE_SCALE, at least 1 if any word matches, else 0. Of a
   * compound counts what is worth more, its whole or its parts: "fire stick" finds `firestick` and is not counted
   * twice.
   */
  score(explain?: (place: number, contribution: number, idf?: number) => void): number {
    const { fields, weights, parts, claimed, idfs } = this;
    let sum = 0;
    parts.fill(0);
    claimed.fill(0);
    for (const word of this.words) parts[word] = (weights[word] ?? 0) * (idfs[word] ?? 0);
    for (const compound of this.compounds) {
      const whole = (weights[compound.whole] ?? 0) * compound.idf;
      if (whole === 0 || compound.parts.some((part) => claimed[part] === 1)) continue;
      if (whole <= compound.parts.reduce((total, part) => total + (parts[part] ?? 0), 0)) continue;
      for (const part of compound.parts) {
        parts[part] = 0;
        claimed[part] = 1;
      }
      sum += whole;
      explain?.(compound.whole, whole, compound.idf);
    }
    for (const word of this.words) {
      const part = parts[word] ?? 0;
      sum += part;
      if (part > 0) explain?.(word, part);
    }
    if (sum === 0) return 0;
    for (const { term, absent } of this.excluded) {
      const difference = EXCLUDED_WEIGHT * (idfs[term] ?? 0) * (fields[absent] !== 0 ? 1 : fields[term] !== 0 ? -1 : 0);
      sum += difference;
      if (difference !== 0) explain?.(difference > 0 ? absent : term, difference);
    }
    return Math.max(1, Math.round(sum * SCORE_SCALE));
  }

  /** Whether the card that is loaded has every word and none that is excluded: see `hasAllWords`. */
  hasAllWords(): boolean {
    const { fields, wholes, excluded } = this;
    const has = (place: number): boolean => (fields[place] ?? 0) !== 0;
    if (!this.words.every((word, at) => has(word) || wholes[at]?.some(has) === true)) return false;
    for (const { term, absent } of excluded) if (has(term) && !has(absent)) return false;
    return true;
  }

  /** Forgets the card before: the next one has none of the terms until they are `set`. */
  clear(): void {
    this.fields.fill(0);
    this.weights.fill(0);
  }

  /** The term in `place` stands in the card with these fields and count. */
  set(place: number, fields: number, count: number, lengths: Uint8Array): void {
    this.fields[place] = fields;
    this.weights[place] = this.weigh(fields, count, lengths);
  }

  /** Takes a card by its index; the same scorer may be used for any number of cards. */
  load(index: CardIndex): void {
    const lengths = fieldLengths(index);
    this.clear();
    for (const [fields, count, text] of index)
      this.terms.forEach((term, place) => {
        if (isAmong(text, term)) this.set(place, fields, count, lengths);
      });
  }

  /** Why the card that is loaded has its score: each term that added or took something, the largest first. */
  explain(): Contribution[] {
    const found: Contribution[] = [];
    this.score((place, contribution, rarity = this.idfs[place] ?? 0) => {
      found.push({
        term: this.terms[place] ?? '',
        idf: rarity,
        fields: this.fields[place] ?? 0,
        contribution: Math.round(contribution * SCORE_SCALE),
      });
    });
    return found.sort((a, b) => b.contribution - a.contribution || (a.term < b.term ? -1 : 1));
  }
}
