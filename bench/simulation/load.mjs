// Who is asked how often when people look for words as people do: few words very often, most hardly ever.
import { parseQuery } from '../../dist/protocol/search/query.js';
import { createRandom, createZipf } from './random.mjs';
import { mean, quantile, round, sum } from './statistics.mjs';

const EXPONENT = 1;
/** Words of a search: one, two, or three. */
const WORDS = [1, 2, 2, 3];

/** The words of all titles that say something, the commonest first. */
export function vocabulary(cards) {
  const counts = new Map();
  for (const { title } of cards) {
    const words = new Set(title.toLowerCase().match(/[a-z]{3,}/g) ?? []);
    for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  const says = (word) => {
    try {
      return parseQuery(word).words.length > 0;
    } catch {
      return false;
    }
  };
  return [...counts]
    .sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))
    .flatMap(([word]) => (says(word) ? [word] : []));
}

/** So many texts to search for, their words drawn by Zipf's law. */
export function drawQueries(words, count, seed) {
  const random = createRandom(seed);
  const draw = createZipf(words.length, EXPONENT, random);
  return Array.from({ length: count }, () => {
    const chosen = new Set();
    for (const wanted = random.pick(WORDS); chosen.size < wanted;) chosen.add(words[draw()]);
    return [...chosen].join(' ');
  });
}

/**
 * Lets people search side by side and counts the requests of the index that each node gets. Their look-ups are answered from the
 * sorted ids: they are measured elsewhere.
 */
export async function measureLoad(world, people, texts) {
  for (const node of people) (await world.node(node)).network.free = true;
  world.meter.served.fill(0);
  const each = people.map(async (node, person) => {
    const { search } = await world.node(node);
    for (let at = person; at < texts.length; at += people.length)
      await search.search({ words: [texts[at]], limit: 20, perSeller: 3, timeoutMs: 2_500 });
  });
  await world.clock.run(Promise.all(each));
  for (const node of people) (await world.node(node)).network.free = false;
  const served = [...world.meter.served].filter((count) => count > 0);
  const requests = sum(served);
  const hottest = Math.max(0, ...served);
  return {
    searches: texts.length,
    requests,
    nodesAsked: served.length,
    hottest,
    hottestShare: round(hottest / requests, 4),
    hottestPerSearch: round(hottest / texts.length, 4),
    mean: round(mean(served), 2),
    p99: quantile(served, 0.99),
    /** Requests at the nodes by rank, for the plot. */
    curve: served.sort((a, b) => b - a).slice(0, 2_000),
  };
}
