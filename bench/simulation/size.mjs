// All measures for a network of one size.
import { createRandom } from './random.mjs';
import { progress } from '../lib/run.mjs';
import { labelledPart } from './catalogue.mjs';
import { measureChurn } from './churn.mjs';
import { realNow } from './clock.mjs';
import { drawQueries, measureLoad, vocabulary } from './load.mjs';
import { createSharedBook, createSharedVerifier, makeCards, makeSellers } from './market.mjs';
import { publishAll, storage } from './publish.mjs';
import { createControl, relevance } from './relevance.mjs';
import { measureRouting, OURS } from './routing.mjs';
import { figures, searchAll } from './searching.mjs';
import { mean, quantile, round, sum } from './statistics.mjs';
import { World } from './world.mjs';

/**
 * @param plan a row of plans.mjs
 * @returns figures by measure, and what the run itself took
 */
export async function measureSize(plan, seed) {
  const begun = realNow();
  const labelled = await labelledPart(plan.queries);
  const sellers = makeSellers(plan.sellers, seed);
  const cards = makeCards(labelled.rows, sellers);
  const verifier = createSharedVerifier();
  const searchers = 3 * plan.people + 2 * plan.churn.length * plan.people;
  const world = new World({
    nodes: plan.nodes,
    seed,
    sellers,
    searchers,
    verifier,
    book: createSharedBook(verifier),
    routing: OURS,
  });
  const random = createRandom(seed + 1);
  const free = [...world.searchers];
  const people = () => free.splice(0, plan.people);
  const result = { nodes: plan.nodes, listings: cards.length, sellers: plan.sellers };
  const step = async (name, task) => {
    const since = realNow();
    result[name] = await task();
    progress(`${plan.nodes} nodes: ${name}, ${((realNow() - since) / 1000).toFixed(1)} s`);
  };
  world.clock.install();
  try {
    await step('routing', () => measureRouting(world, plan.lookups));
    await step('publishing', () => measurePublishing(world, cards, sellers, plan.measured));
    const store = storage(world);
    result.storage = { ...quantiles('cards', store.cards), ...quantiles('bytes', store.bytes) };
    const known = random.sample(cards, plan.titles);
    await step('titles', () => measureTitles(world, people(), known));
    await step('relevance', () => measureRelevance(world, people(), labelled, cards));
    await step('load', () => measureLoad(world, people(), drawQueries(vocabulary(cards), plan.zipf, seed)));
    result.churn = [];
    for (const share of plan.churn) {
      const [asked, fresh] = [random.sample(cards, plan.titles), random.sample(cards, plan.titles)];
      const options = { share, people: people(), known: asked, fresh, seed: seed + share * 100 };
      await step(`churn ${share}`, async () => void result.churn.push(await measureChurn(world, options)));
    }
  } finally {
    world.clock.uninstall();
  }
  if (world.failures.length > 0) throw new AggregateError(world.failures, 'nodes failed in the simulation');
  result.run = {
    seconds: round((realNow() - begun) / 1000, 1),
    megabytes: Math.round(process.memoryUsage().rss / 1e6),
    events: world.clock.events,
    nodesMade: world.made,
    refusals: Object.fromEntries(world.refusals),
  };
  return result;
}

async function measurePublishing(world, cards, sellers, measured) {
  const { counts, runs, placed } = await publishAll(world, cards, sellers, measured);
  const listings = sum(runs.map((run) => run.listings));
  const per = (name) => round((counts[name] ?? 0) / listings, 1);
  const rate = (name) => round(listings / (sum(runs.map((run) => run[name])) / 1000), 2);
  return {
    measured: listings,
    /** Listings a second of one seller, until they have their quorum, and until all copies are there. */
    toQuorum: rate('quorum'),
    toWhole: rate('whole'),
    keys: round(mean(cards.map(({ keys }) => keys.length)), 1),
    lookups: per('lookups'),
    routingMessages: per('routingMessages'),
    routingBytes: Math.round(per('routingBytes')),
    routingDials: per('routingDials'),
    requests: per('indexRequests'),
    indexMessages: per('indexMessages'),
    indexBytes: Math.round(per('indexBytes')),
    quorum: round(mean(placed.map(({ quorum }) => (quorum ? 1 : 0))), 4),
    whole: round(mean(placed.map(({ whole }) => (whole ? 1 : 0))), 4),
    fewestReplicas: Math.min(...placed.map(({ replicas }) => replicas)),
  };
}

async function measureTitles(world, people, cards) {
  const titles = cards.map(({ title }) => title);
  const listings = cards.map(({ listing }) => listing);
  const first = figures(await searchAll(world, people, titles), listings);
  const again = figures(await searchAll(world, people, titles), listings);
  return { first, again };
}

async function measureRelevance(world, people, labelled, cards) {
  const rowOf = new Map(cards.map(({ listing, row }) => [listing, row]));
  const toRows = (listings) => listings.map((listing) => rowOf.get(listing));
  const texts = labelled.queries.map(({ text }) => text);
  const alone = createControl(cards);
  const control = texts.map((text) => toRows(alone(text)));
  const ask = async () => {
    const results = await searchAll(world, people, texts);
    const answers = results.map(({ listings }) => toRows(listings));
    return { ...relevance(labelled, answers, control), ...figures(results) };
  };
  return { first: await ask(), again: await ask() };
}

function quantiles(name, values) {
  const list = [...values];
  return {
    [name]: { mean: round(mean(list), 1), p50: quantile(list, 0.5), p99: quantile(list, 0.99), most: list.at(-1) },
  };
}
