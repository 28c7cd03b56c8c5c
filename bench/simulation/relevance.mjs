// How good the answers of the network are, beside those of one machine that holds all cards.
import { rerank } from '../../dist/protocol/search/feedback.js';
import { LocalIndex } from '../../dist/protocol/search/local-index.js';
import { parseQuery } from '../../dist/protocol/search/query.js';
import { mean, round } from './statistics.mjs';

const TOP = 10;
const RECALL = 50;
/** As deep as no reader looks: nothing is lost by it. */
const DEPTH = 1_000;
const ALL = 'all';

/** Finds the listings for a text with the same analysis, statistics, scoring and feedback, over all cards at once. */
export function createControl(cards) {
  const index = new LocalIndex();
  const byListing = new Map();
  for (const { listing, payload } of cards) {
    const { trader, summary, index: groups } = payload;
    index.put(listing, { trader, summary }, groups, [ALL]);
    byListing.set(listing, { id: listing, seq: 1, device: '', record: listing, index: groups, summary });
  }
  const df = (term) => index.documentFrequency(term);
  return (text) => {
    const query = parseQuery(text, { df });
    const { hits } = index.evaluate({ query, keys: [ALL], limit: DEPTH });
    const found = hits.map(({ id, score }) => ({ id, score, card: byListing.get(id) }));
    return rerank(query, found, ({ summary }) => summary.category).map(({ id }) => id);
  };
}

/** @param answers @param control for each query the rows found, best first */
export function relevance({ queries, qrels, evaluate }, answers, control) {
  const qids = queries.map(({ qid }) => qid);
  const score = (lists) =>
    evaluate(new Map(qids.map((qid, at) => [qid, lists[at]])), qrels, qids, { recallK: RECALL }).summary;
  const network = score(answers);
  const alone = score(control);
  const overlap = answers.map((rows, at) => {
    const best = control[at].slice(0, TOP);
    return best.length === 0 ? 1 : best.filter((row) => rows.slice(0, TOP).includes(row)).length / best.length;
  });
  return {
    queries: qids.length,
    ndcg: round(network.ndcg, 4),
    control: round(alone.ndcg, 4),
    ratio: round(network.ndcg / alone.ndcg, 4),
    recall: round(network.recallExact, 4),
    controlRecall: round(alone.recallExact, 4),
    recallRatio: round(network.recallExact / alone.recallExact, 4),
    sameTop10: round(mean(overlap), 4),
  };
}
