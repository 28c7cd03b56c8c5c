// The labelled catalogue, or a part of it that still has all listings judged for some of the queries.
import { catalogue, devQueries } from '../lib/data.mjs';

/**
 * @param count how many of the dev queries, evenly spread over their list; 0: all of them and the whole catalogue
 * @returns the rows of all listings judged for them, the queries, and what it takes to score answers
 */
export async function labelledPart(count) {
  const { queries: all, qrels, evaluate } = await devQueries();
  const rows = catalogue('esci');
  if (count === 0) return { rows, queries: all, qrels, evaluate };
  const queries = Array.from({ length: count }, (_, at) => all[Math.floor((at * all.length) / count)]);
  const judged = new Set(queries.flatMap(({ qid }) => [...(qrels.get(qid)?.keys() ?? [])]));
  return { rows: rows.filter(({ id }) => judged.has(id)), queries, qrels, evaluate };
}
