// What publishing costs: listings a second until each card has its quorum of copies on disk, messages, bytes and processor
// time a listing; then a day's refresh, a change of price, a removal. Beside it plain libp2p, which provides a record for
// each keyword. One command: npm run bench:publishing
import { catalogue, needData } from './lib/data.mjs';
import { costOf, costUntilQuiet, idleRate } from './lib/cost.mjs';
import { generate } from './lib/generate.mjs';
import { Cluster, sleep } from './lib/hosts.mjs';
import { random, sample } from './lib/random.mjs';
import { mean, percentiles, printTable } from './lib/report.mjs';
import { progress, runBench } from './lib/run.mjs';

const RIVAL = new URL('./rivals/libp2p-host.mjs', import.meta.url);
const hour = 3_600_000;
/** A shop of more listings than this is several shops. */
const LISTINGS_OF_ONE = 2_500;
/** A day, and an hour more, so that the day is over for everybody. */
const DAY = 25 * hour;
/** The clock is moved in steps, so that what is spread over the day is spread here as well. */
const STEP = hour;
const BETWEEN_STEPS = 100;
/** Processes for so many nodes: one event loop is full at about 30, and the machine's cores are all to be used. */
const NODES_A_PROCESS = 10;
const LEAST_PROCESSES = 2;
const processesFor = (nodes) => Math.max(LEAST_PROCESSES, Math.ceil(nodes / NODES_A_PROCESS));
/** What goes on in the background afterwards is looked at for so long: keepers fetch listings gently, for as long as it takes. */
const BACKGROUND_LIMIT = 20_000;

needData();
await runBench({
  name: 'publishing',
  about:
    'Listings a second to quorum, and what a listing, a day, a change of price and a removal cost; beside plain libp2p.',
  options: {
    nodes: { value: '10,50', quick: '6', about: 'networks of so many nodes' },
    listings: {
      value: '100,1000,10000,26000',
      quick: '100',
      about: 'listings published, each in a network of its own',
    },
    changes: { value: 10, quick: 3, about: 'prices changed and listings removed, one after the other' },
    rival: {
      value: 15,
      quick: 8,
      about: 'seconds that plain libp2p gets; what it did not provide by then is reckoned from what it did',
    },
    only: { value: 'niaga,libp2p', about: 'which of the two' },
    seed: { value: 1, about: 'of the listings' },
  },
  measure,
});

async function measure(options) {
  const real = [...catalogue('esci'), ...catalogue('id')];
  const results = [];
  for (const nodes of options.nodes.split(',').map(Number)) {
    const settings = options.listings.split(',').map((text) => {
      const count = Number(text);
      const sellers = Math.min(nodes, Math.ceil(count / LISTINGS_OF_ONE));
      return { nodes, count, sellers, listings: generate(real, count, options.seed), options };
    });
    const others = options.only.includes('libp2p') ? await libp2p(nodes, settings) : [];
    for (const [at, setting] of settings.entries()) {
      const { count, sellers } = setting;
      const own = options.only.includes('niaga') ? await niaga(setting) : undefined;
      results.push({ nodes, count, sellers, niaga: own, libp2p: others[at] });
    }
  }
  print(results);
  const failed = results.some(({ niaga: own }) => own !== undefined && own.wrong.length > 0);
  return { results, failed };
}

async function niaga({ nodes, count, sellers, listings, options }) {
  const cluster = await new Cluster('niaga').start(nodes, processesFor(nodes));
  let idle = await idleRate(cluster);
  const shops = cluster.nodes.slice(0, sellers);
  const shares = shops.map((_, at) => listings.filter((_, place) => place % sellers === at));
  const published = await costOf(cluster, () =>
    Promise.all(shops.map((shop, at) => shop.ask('publish', { listings: shares[at] }))),
  );
  const lines = published.value.flatMap((answer) => answer.lines);
  const wrong = lines.filter(({ status, quorum }) => status !== 'published' || !quorum).slice(0, 20);
  progress(`Niaga, ${nodes} nodes: ${count} listings published`);
  // What goes on in the background after everything has its quorum is part of the price.
  const rest = await costUntilQuiet(cluster, idle, () => undefined, BACKGROUND_LIMIT);
  // Nodes that hold more have more to say to each other.
  idle = await idleRate(cluster);
  const again = await costOf(cluster, () => shops[0].ask('publish', { listings: shares[0] }));
  const before = await shops[0].ask('time');
  const refresh = await day(cluster, idle);
  progress(`Niaga, ${nodes} nodes: a day refreshed`);
  const chosen = sample(shares[0], 2 * options.changes, random(options.seed));
  const changed = await eachAlone(cluster, idle, chosen.slice(0, options.changes), (listing) =>
    shops[0].ask('publish', { listings: [{ ...listing, price: 77, currency: 'USD' }] }),
  );
  const ids = new Map(published.value[0].lines.map(({ sku, listing }) => [sku, listing]));
  const removed = await eachAlone(cluster, idle, chosen.slice(options.changes), ({ sku }) =>
    shops[0].run('listingRemove', { listing: ids.get(sku) }),
  );
  const reader = cluster.nodes.at(-1);
  wrong.push(...(await unseen(reader, chosen, options.changes, ids)));
  wrong.push(...(await notRefreshed(reader, shares[0].slice(0, options.changes), ids, before + DAY - 2 * hour)));
  await cluster.end();
  return {
    idle,
    published: { ...published, value: undefined },
    rest,
    again: { ...again, value: undefined },
    refresh,
    changed,
    removed,
    wrong,
  };
}

/** A day goes by, in steps. */
function day(cluster, idle) {
  const pass = async () => {
    for (let moved = 0; moved < DAY; moved += STEP) {
      await cluster.advance(STEP);
      await sleep(BETWEEN_STEPS);
    }
  };
  return costUntilQuiet(cluster, idle, pass, BACKGROUND_LIMIT);
}

/** One after the other; seconds are those until the operation had its answer, costs until the network was quiet again. */
async function eachAlone(cluster, idle, list, task) {
  const took = [];
  const costs = await costUntilQuiet(cluster, idle, async () => {
    for (const one of list) {
      const begun = performance.now();
      await task(one);
      took.push((performance.now() - begun) / 1000);
    }
  });
  const each = (value) => value / list.length;
  return {
    seconds: mean(took),
    p99: percentiles(took).p99,
    messages: each(costs.messages),
    bytes: each(costs.bytes),
    cpuMs: each(costs.cpuMs),
  };
}

/** Changes that another node does not see: the new price, and that what was removed is gone. */
async function unseen(reader, chosen, changes, ids) {
  const answers = await reader.ask('searches', { inputs: chosen.map(({ title }) => ({ words: [title], limit: 20 })) });
  return chosen.flatMap(({ sku }, at) => {
    const hit = answers[at].hits.find(({ listing }) => listing === ids.get(sku));
    if (at >= changes) return hit === undefined ? [] : [{ sku, wrong: 'is shown after its removal' }];
    if (hit === undefined) return [{ sku, wrong: 'is not found after its price was changed' }];
    return hit.price?.amount === '7700' ? [] : [{ sku, wrong: `is shown with its old price ${hit.price?.amount}` }];
  });
}

/** Listings whose seller was not heard of since, by what the reader sees: the day's refresh did not reach it. */
async function notRefreshed(reader, listings, ids, since) {
  const answers = await reader.ask('searches', {
    inputs: listings.map(({ title }) => ({ words: [title], limit: 20 })),
  });
  return listings.flatMap(({ sku }, at) => {
    const hit = answers[at].hits.find(({ listing }) => listing === ids.get(sku));
    return hit === undefined || hit.lastSeen > since
      ? []
      : [{ sku, wrong: `its seller was last seen ${hit.lastSeen}` }];
  });
}

/**
 * One network for all sizes: each keyword is provided for itself, and costs the same however many others were. Each size gets so
 * many seconds, with as many sellers side by side as Niaga's.
 */
async function libp2p(nodes, settings) {
  const cluster = await new Cluster('libp2p').start(nodes, processesFor(nodes), { file: RIVAL });
  await idleRate(cluster);
  const results = [];
  for (const { count, sellers, listings, options } of settings) {
    const shops = cluster.nodes.slice(0, sellers);
    const cost = await costOf(cluster, () =>
      Promise.all(
        shops.map((shop, at) =>
          shop.ask('publish', {
            listings: listings.filter((_, place) => place % sellers === at),
            limitMs: options.rival * 1_000,
          }),
        ),
      ),
    );
    const provided = cost.value.reduce((sum, one) => sum + one.provided, 0);
    const keywords = cost.value.reduce((sum, one) => sum + one.keywords, 0);
    // Every keyword costs the same, so the cost of all is that of those which were done, as many times as there are more.
    const all = keywords / provided;
    progress(`libp2p, ${nodes} nodes: ${provided} of ${keywords} keywords of ${count} listings provided`);
    const { messages, bytes, cpuMs, seconds } = cost;
    results.push({
      provided,
      keywords,
      seconds: seconds * all,
      messages: messages * all,
      bytes: bytes * all,
      cpuMs: cpuMs * all,
    });
  }
  await cluster.end();
  return results;
}

function print(results) {
  const rows = results.flatMap(({ nodes, count, sellers, niaga: own, libp2p: other }) => {
    const row = (system, { seconds, messages, bytes, cpuMs }) => ({
      nodes,
      listings: count,
      sellers,
      system,
      'listings/s': count / seconds,
      seconds,
      'messages each': messages / count,
      'bytes each': Math.round(bytes / count),
      'CPU ms each': cpuMs / count,
    });
    return [
      ...(own === undefined ? [] : [row('Niaga', own.published)]),
      ...(other === undefined
        ? []
        : [
            row(
              `libp2p${other.provided < other.keywords ? `, from ${other.provided} of ${other.keywords} keywords` : ''}`,
              other,
            ),
          ]),
    ];
  });
  printTable(
    rows,
    'Publishing, to quorum and on disk; processor time is that of all nodes together, messages are questions, answers and deliveries, bytes are all that is sent',
  );
  const costs = results.flatMap(({ nodes, count, niaga: own, libp2p: other }) => {
    if (own === undefined) return [];
    const row = (what, { seconds, messages, bytes, cpuMs }, of = '') => ({
      nodes,
      listings: count,
      what,
      of,
      seconds,
      messages,
      bytes: Math.round(bytes),
      'CPU ms': cpuMs,
    });
    return [
      row('until quiet after that', own.rest, 'all'),
      row('published again, unchanged', own.again, "one seller's"),
      row('a day, with all that the nodes do for each other', own.refresh, 'all'),
      ...(other === undefined ? [] : [row('a day, libp2p: provided again', other, 'all')]),
      row('a change of price', own.changed, 'one'),
      row('a removal', own.removed, 'one'),
    ];
  });
  printTable(
    costs,
    'Afterwards; of what goes on in the background what is beyond that of idle nodes (plain libp2p: a price stands with the seller alone, and a record cannot be removed before it expires)',
  );
  const ratios = results.flatMap(({ nodes, count, niaga: own, libp2p: other }) =>
    own === undefined || other === undefined
      ? []
      : [
          {
            nodes,
            listings: count,
            'publishing, messages': other.messages / own.published.messages,
            'publishing, seconds': other.seconds / own.published.seconds,
            'publishing, bytes': other.bytes / own.published.bytes,
            'a day, messages': other.messages / own.refresh.messages,
            'a day, CPU': other.cpuMs / own.refresh.cpuMs,
          },
        ],
  );
  printTable(ratios, 'How many times cheaper than plain libp2p');
  for (const { nodes, count, niaga: own } of results)
    for (const one of own?.wrong ?? []) console.log(`${nodes} nodes, ${count} listings: ${JSON.stringify(one)}`);
}
