import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { idf, RANKER, Scorer, weighting, weightOf } from '../../../protocol/search/bm25f.js';
import { FIELD, termsOf } from '../../../protocol/search/index-terms.js';
import { explain, rank } from '../../../protocol/search/merge.js';
import { parseQuery, termsOfQuery } from '../../../protocol/search/query.js';
import { indexOf } from '../../../protocol/search/index-terms.js';
import { card, words } from './cards.js';

const lengths = Uint8Array.of(10, 1, 2, 1, 30);
const everyTermIn = (share: number, text: string) => {
  const query = parseQuery(text);
  return {
    query,
    statistics: { documents: 1_000, df: new Map(termsOfQuery(query).map((term) => [term, 1_000 * share])) },
  };
};
const score = (text: string, title: string, description = '') => {
  const { query, statistics } = everyTermIn(0.01, text);
  const [hit] = rank(
    query,
    [{ id: 'x', seq: 0, device: '', record: '', index: indexOf({ title, description }) }],
    statistics,
  );
  return hit?.score ?? 0;
};

describe('weights', () => {
  it('are between nothing and K1 + 1, and grow with every field and repetition', () => {
    for (let fields = 1; fields <= 31; fields++) {
      for (let count = 1; count < 15; count++) {
        const weight = weightOf(fields, count, lengths);
        expect(weight).toBeGreaterThan(0);
        expect(weight).toBeLessThan(RANKER.k1 + 1);
        expect(weightOf(fields, count + 1, lengths)).toBeGreaterThanOrEqual(weight);
        for (const more of [1, 2, 4, 8, 16])
          if ((fields & more) === 0) expect(weightOf(fields | more, count + 1, lengths)).toBeGreaterThan(weight);
      }
    }
  });

  it('put a title above a description, and a short title above a long one', () => {
    expect(weightOf(FIELD.TITLE, 1, lengths)).toBeGreaterThan(weightOf(FIELD.DESCRIPTION, 1, lengths));
    expect(weightOf(FIELD.TITLE, 1, Uint8Array.of(3, 0, 0, 0, 0))).toBeGreaterThan(
      weightOf(FIELD.TITLE, 1, Uint8Array.of(40, 0, 0, 0, 0)),
    );
  });

  it('follow their constants', () => {
    const titleOnly = weighting({ ...RANKER, fieldWeights: [3, 0, 0, 0, 0] });
    expect(titleOnly(FIELD.TITLE, 1, lengths)).toBe(weightOf(FIELD.TITLE, 1, lengths));
    expect(titleOnly(FIELD.BRAND, 1, lengths)).toBe(0);
  });

  it('grow with rarity, and are never negative, also where statistics contradict themselves', () => {
    expect(idf(1, 1_000)).toBeGreaterThan(idf(10, 1_000));
    for (const df of [0, 1, 500, 1_000, 5_000]) expect(idf(df, 1_000)).toBeGreaterThan(0);
  });
});

describe('scores', () => {
  it('are integers, and at least 1 where a word matches', () => {
    fc.assert(
      fc.property(card, words(6), (one, text) => {
        const { query, statistics } = everyTermIn(0.3, text);
        const scorer = new Scorer(query, statistics);
        const terms = termsOf(one.index);
        scorer.load(one.index);
        const value = scorer.score();
        const any = [...query.words, ...query.compounds.map(({ whole }) => whole)].some((term) => terms.has(term));
        expect(Number.isInteger(value)).toBe(true);
        expect(value > 0).toBe(any);
      }),
    );
  });

  it('are the sum of what is explained', () => {
    fc.assert(
      fc.property(card, words(6), (one, text) => {
        const { query, statistics } = everyTermIn(0.1, text);
        const scorer = new Scorer(query, statistics);
        scorer.load(one.index);
        const parts = explain(query, one.index, statistics);
        const sum = parts.reduce((total, { contribution }) => total + contribution, 0);
        expect(Math.abs(Math.max(parts.length > 0 ? 1 : 0, sum) - scorer.score())).toBeLessThanOrEqual(parts.length);
      }),
    );
  });

  it('count a compound once, whichever way it is written', () => {
    expect(score('fire stick', 'amazon firestick')).toBeGreaterThan(0);
    expect(score('wh-1000xm4', 'sony wh1000xm4')).toBeGreaterThan(0);
    expect(score('wh 1000xm4', 'sony WH-1000XM4')).toBeGreaterThan(0);
    expect(score('iphone13', 'iphone 13 case')).toBeGreaterThan(0);
    expect(score('wh 1000 xm4', 'sony WH-1000XM4')).toBeGreaterThan(score('wh 1000 xm4', 'sony WH-1000XM3'));
    expect(score('500 gb ssd', 'ssd 500gb')).toBeGreaterThanOrEqual(score('500 gb ssd', 'ssd 500 sony'));
    expect(score('500 gb ssd', 'ssd 500 sony')).toBeGreaterThan(score('500 gb ssd', 'ssd 250gb'));
  });

  it('count a code that is written as one for no less than all of its parts', () => {
    const whole = score('WH-1000XM4', 'Headphone Sony WH1000XM4 bekas');
    expect(whole).toBeGreaterThan(1.5 * score('WH-1000XM4', 'Headphone Sony WH-1000XM3 bekas'));
  });

  it('prefer what says that it is without, and what does not mention it, to what has it', () => {
    const [says, silent, has] = ['clock without battery', 'clock wooden', 'clock with battery'].map((title) =>
      score('clock without battery', title),
    );
    expect(says).toBeGreaterThan(silent ?? 0);
    expect(silent).toBeGreaterThan(has ?? 0);
  });
});
