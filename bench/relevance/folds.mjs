// Nested cross-validation: how good the ranker is on queries that had no part in choosing its constants. Each part of
// the queries in turn is scored with the constants that did best on all others; what is reported was never chosen on.
import { FEEDBACK } from '../../dist/protocol/search/feedback.js';
import { RANKER } from '../../dist/protocol/search/bm25f.js';
import { random, shuffled } from '../lib/random.mjs';
import { mean } from '../lib/report.mjs';
import { withFeedback } from './ranker.mjs';

/** Parts of the queries; the inner ones divide what is left when one outer part is taken away. */
const OUTER = 8;
const INNER = 4;
/** Times that the queries are divided anew: one division of 64 queries can be lucky. */
const DIVISIONS = 5;

const withField = (at, weight) => RANKER.fieldWeights.map((known, field) => (field === at ? weight : known));
/** The declared choices, few and apart: what is in the protocol, and what another would try first. */
const CATEGORY = 2;
const DESCRIPTION = 4;
const RANKERS = [0.4, 0.6].flatMap((titleLength) =>
  [2, 3].flatMap((category) =>
    [0.25, 0.5].map((description) => ({
      ...RANKER,
      lengthWeights: [titleLength, ...RANKER.lengthWeights.slice(1)],
      fieldWeights: withField(CATEGORY, category).map((weight, field) =>
        field === DESCRIPTION ? description : weight,
      ),
    })),
  ),
);
const FEEDBACKS = [10, 20].flatMap((best) =>
  [0, 0.3, 0.6].flatMap((category) => [0, 0.2, 0.4].map((title) => ({ ...FEEDBACK, best, category, title }))),
);
export const CHOICES = RANKERS.length * FEEDBACKS.length;

/**
 * @param {import('./ranker.mjs').Cards} cards
 * @param {readonly {qid: string, text: string}[]} queries
 * @param {(qid: string, ids: string[]) => number} score nDCG of one answer
 * @returns {{scores: Map<string, number>, chosen: Map<string, number>, spread: number[]}} each query's score on average over the
 *   divisions, how often which constants were chosen, and the mean of each division
 */
export function nested(cards, queries, score) {
  const table = scoresOfAll(cards, queries, score);
  const qids = queries.map(({ qid }) => qid);
  const sums = new Map(qids.map((qid) => [qid, 0]));
  const chosen = new Map();
  const spread = [];
  for (let division = 1; division <= DIVISIONS; division++) {
    const order = shuffled(qids, random(division));
    const scores = [];
    for (const left of parts(order, OUTER)) {
      const rest = order.filter((qid) => !left.includes(qid));
      const [best] = table
        .map((choice) => ({ ...choice, mean: mean(parts(rest, INNER).map((part) => meanOf(choice, part))) }))
        .sort((a, b) => b.mean - a.mean);
      chosen.set(best.name, (chosen.get(best.name) ?? 0) + 1);
      for (const qid of left) {
        scores.push(best.scores.get(qid));
        sums.set(qid, sums.get(qid) + best.scores.get(qid) / DIVISIONS);
      }
    }
    spread.push(mean(scores));
  }
  return { scores: sums, chosen: new Map([...chosen].sort(([, a], [, b]) => b - a)), spread };
}

/** Every query's score by every choice. */
function scoresOfAll(cards, queries, score) {
  const known = queries.map(({ qid, text }) => {
    const query = cards.parse(text);
    return { qid, query, hits: cards.best(query) };
  });
  return RANKERS.flatMap((constants) => {
    const ranked = known.map(({ qid, query, hits }) => ({ qid, query, hits: cards.rankWith(query, hits, constants) }));
    return FEEDBACKS.map((feedback) => ({
      name: nameOf(constants, feedback),
      scores: new Map(
        ranked.map(({ qid, query, hits }) => [
          qid,
          score(
            qid,
            withFeedback(query, hits, feedback).map(({ id }) => id),
          ),
        ]),
      ),
    }));
  });
}

function nameOf({ lengthWeights, fieldWeights }, { best, category, title }) {
  return (
    `title length ${lengthWeights[0]}, category field ${fieldWeights[CATEGORY]}, description ${fieldWeights[DESCRIPTION]}; ` +
    `feedback of ${best}: category ${category}, title ${title}`
  );
}

function meanOf({ scores }, qids) {
  return mean(qids.map((qid) => scores.get(qid)));
}

/** Parts of nearly equal length. */
function parts(list, count) {
  return Array.from({ length: count }, (_, part) => list.filter((_, at) => at % count === part));
}
