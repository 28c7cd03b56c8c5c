// Searches, and what they cost and find.
import { addCounts } from './meter.mjs';
import { mean, quantile, round, tally } from './statistics.mjs';

const TIMEOUT = 2_500;
/** Enough for recall@50. */
const LIMIT = 50;

/**
 * One search by the person at a node, who then waits until what it has set going in the background has ended.
 * @returns the listings found, best first; verdict; virtual milliseconds; what it sent
 */
export async function search(world, node, text, wait = true) {
  const { search: service } = await world.node(node);
  world.meter.watch([node]);
  world.meter.take();
  const begun = world.clock.now;
  const input = { words: [text], limit: LIMIT, perSeller: 0, timeoutMs: TIMEOUT };
  const { hits, coverage } = await world.clock.run(service.search(input));
  const took = world.clock.now - begun;
  if (wait) await world.quiet(node);
  const counts = world.meter.take();
  world.meter.watch(undefined);
  return { listings: hits.map(({ listing }) => listing), verdict: coverage.verdict, took, counts };
}

/** Many searches in turn by several people: `ask(text, place in texts)` for each. */
export async function searchAll(world, people, texts, wait = true) {
  const results = [];
  for (const [at, text] of texts.entries()) results.push(await search(world, people[at % people.length], text, wait));
  return results;
}

/** Figures of many searches. `wanted`: for each the listing that it should find, where there is one. */
export function figures(results, wanted) {
  const counts = results.reduce((total, result) => addCounts(total, result.counts), {});
  const per = (name) => round((counts[name] ?? 0) / results.length, 1);
  const times = results.map(({ took }) => took);
  const found = (result, at) => result.listings.includes(wanted[at]);
  return {
    searches: results.length,
    ...(wanted === undefined
      ? {}
      : {
          found: round(mean(results.map((result, at) => (found(result, at) ? 1 : 0)))),
          missedButComplete: results.filter((result, at) => result.verdict === 'complete' && !found(result, at)).length,
        }),
    p50: round(quantile(times, 0.5), 0),
    p95: round(quantile(times, 0.95), 0),
    p99: round(quantile(times, 0.99), 0),
    verdicts: tally(results.map(({ verdict }) => verdict)),
    requests: per('indexRequests'),
    indexMessages: per('indexMessages'),
    indexBytes: Math.round(per('indexBytes')),
    indexDials: per('indexDials'),
    failedDials: per('indexDialsFailed'),
    lookups: per('lookups'),
    routingMessages: per('routingMessages'),
    routingBytes: Math.round(per('routingBytes')),
    routingDials: per('routingDials'),
  };
}
