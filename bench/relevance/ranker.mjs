// The ranker of protocol/search over real cards on one machine, whole and with parts of it left out.
import { weighting } from '../../dist/protocol/search/bm25f.js';
import { rerank } from '../../dist/protocol/search/feedback.js';
import { indexBytes, postedTerms } from '../../dist/protocol/search/index-terms.js';
import { LocalIndex } from '../../dist/protocol/search/local-index.js';
import { rank } from '../../dist/protocol/search/merge.js';
import { parseQuery, rarest, termsOfQuery } from '../../dist/protocol/search/query.js';
import { cardOf } from '../lib/single-machine.mjs';

/** Hits that are ranked: as many as the answers for six terms bring together, with a hundred cards each. */
export const DEPTH = 600;
const ALL = 'all';
const NETWORK = 'bench';

/** The cards of a catalogue, as an index node holds them. */
export class Cards {
  index = new LocalIndex();
  #cards = new Map();
  bytes = [];
  postings = 0;

  /** @param {readonly object[]} listings as the catalogue has them */
  constructor(listings) {
    for (const listing of listings) {
      const card = cardOf({ ...listing, sku: listing.id }, NETWORK);
      const terms = postedTerms(card.index);
      this.#cards.set(listing.id, { id: listing.id, seq: 1, device: '', record: listing.id, ...card });
      this.index.put(listing.id, { trader: new Uint8Array(32), summary: card.summary }, card.index, [ALL, ...terms]);
      this.bytes.push(indexBytes(card.index));
      this.postings += terms.length;
    }
    this.bytes.sort((a, b) => a - b);
  }

  get size() {
    return this.index.size;
  }

  card(id) {
    return this.#cards.get(id);
  }

  df = (term) => this.index.documentFrequency(term);

  parse(text) {
    return parseQuery(text, { df: this.df });
  }

  statistics(query) {
    return { documents: this.size, df: new Map(termsOfQuery(query).map((term) => [term, this.df(term)])) };
  }

  /** The best cards of all. */
  best(query) {
    return this.#hits(this.index.evaluate({ query, keys: [ALL], limit: DEPTH }).hits);
  }

  /** What index nodes would send: the `k` best cards under each `together` of the `count` rarest terms, merged. */
  bestOfLists(query, count, k, together = 1) {
    const found = new Map();
    const terms = rarest(query, this.df, count);
    for (let at = 0; at < terms.length; at += together) {
      const keys = terms.slice(at, at + together);
      for (const hit of this.index.evaluate({ query, keys, limit: k }).hits) found.set(hit.id, hit);
    }
    const merged = [...found.values()].sort((a, b) => b.score - a.score || (a.id < b.id ? -1 : 1));
    return this.#hits(merged);
  }

  /** The same hits by other constants of BM25F. */
  rankWith(query, hits, constants) {
    const weigh = weighting(constants);
    return rank(
      query,
      hits.map(({ card }) => card),
      this.statistics(query),
      weigh,
    );
  }

  #hits(hits) {
    return hits.map(({ id, score }) => ({ id, score, card: this.#cards.get(id) }));
  }
}

export function withFeedback(query, hits, options) {
  return rerank(query, hits, ({ summary }) => summary.category, options);
}

/** The terms of the text as they are: nothing joined, split or left out. */
export function wordsOnly(query) {
  return { ...query, words: [...new Set([...query.words, ...query.excluded])], compounds: [], excluded: [] };
}
