// What publishing costs: listings a second until each card has its quorum of copies on disk, messages, bytes and processor
// time a listing; then a day's refresh, a change of price, a removal. Beside it plain libp2p, which provides a record for
// each keyword. One command: npm run bench:publishing
import { catalogue, needData } from './lib/data.mjs';
import { costOf, costUntilQuiet, idleRate } from './lib/cost.mjs';
import { generate } from './lib/generate.mjs';
import { Cluster, sleep } from './lib/hosts.mjs';
import { random, sample } from './lib/random.mjs';
import { mean, percentiles } from './lib/report.mjs';
import { note, Table } from './lib/results.mjs';
import { runBench } from './lib/run.mjs';

const RIVAL = new URL('./rivals/libp2p-host.mjs', import.meta.url);
const hour = 3_600_000;
/** A shop of more listings than this is several shops. */
const LISTINGS_OF_ONE = 2_500;
/** A day, and an hour more, so that the day is over for everybody. */
const DAY = 25 * hour;
/**
 * The clock is moved in steps, so that what is spread over the day is spread here as well: as long as those in which index nodes look for
 * cards whose daily check is due. After a longer one they take it that they slept, and each holder of a card does what else one does.
 */
const STEP = hour / 6;
const BETWEEN_STEPS = 50;
/** Processes for so many nodes: one event loop is full at about 30, and the machine's cores are all to be used. */
const NODES_A_PROCESS = 10;
const LEAST_PROCESSES = 2;
const processesFor = (nodes) => Math.max(LEAST_PROCESSES, Math.ceil(nodes / NODES_A_PROCESS));
/** What goes on in the background afterwards is looked at for so long: keepers fetch listings gently, for as long as it takes. */
const BACKGROUND_LIMIT = 20_000;
/** Before an action is measured, what was begun before is waited for, but no longer than this. */
const QUIET_LIMIT = 60_000;

const PUBLISHING =
  'Publishing, to quorum and on disk; processor time is that of all nodes together, messages are questions, answers and deliveries, bytes are all that is sent';
const AFTERWARDS =
  'Afterwards, each when the network was quiet again; of what goes on in the background what is beyond that of idle nodes (plain libp2p: a price stands with the seller alone, and a record cannot be removed before it expires)';
const RATIOS = 'How many times cheaper than plain libp2p';

needData();
await runBench({
  name: 'publishing',
  about:
    'Listings a second to quorum, and what a listing, a day, a change of price and a removal cost; beside plain libp2p.',
  options: {
    networks: {
      value: '10:100+1000+10000,50:100+1000',
      quick: '6:100',
      about: 'networks of so many nodes, and listings published in each, one lot after the other by other sellers',
    },
    changes: { value: 10, quick: 3, about: 'prices changed and listings removed, one after the other' },
    rival: {
      value: 15,
      quick: 8,
      about:
        'seconds that plain libp2p gets for each lot; what it did not provide by then is reckoned from what it did',
    },
    only: { value: 'niaga,libp2p', about: 'which of the two' },
    seed: { value: 1, about: 'of the listings' },
  },
  measure,
});

async function measure(options) {
  const real = [...catalogue('esci'), ...catalogue('id')];
  const tables = { publishing: new Table(PUBLISHING), afterwards: new Table(AFTERWARDS), ratios: new Table(RATIOS) };
  const results = [];
  for (const [nodes, counts] of networksOf(options.networks)) {
    const lots = counts.map((count, at) => ({
      nodes,
      count,
      sellers: Math.min(nodes, Math.ceil(count / LISTINGS_OF_ONE)),
      listings: generate(real, count, options.seed + at),
      options,
    }));
    const others = options.only.includes('libp2p') ? await libp2p(nodes, lots, tables) : [];
    if (options.only.includes('niaga')) results.push(...(await niaga(nodes, lots, others, tables)));
  }
  for (const table of Object.values(tables)) table.end();
  for (const { nodes, count, wrong } of results)
    for (const one of wrong) note(`${nodes} nodes, ${count} listings: ${JSON.stringify(one)}`);
  return { results, failed: results.some(({ wrong }) => wrong.length > 0) };
}

/** `10:100+1000,50:100` as [[10, [100, 1000]], [50, [100]]]. */
function networksOf(text) {
  return text.split(',').map((one) => {
    const [nodes, counts] = one.split(':');
    return [Number(nodes), counts.split('+').map(Number)];
  });
}

/** One network for all lots: who published one lot is not among the sellers of the next. */
async function niaga(nodes, lots, others, tables) {
  const cluster = await new Cluster('niaga').start(nodes, processesFor(nodes));
  // One of each process after the other: two sellers in one share a core while the other core has nothing to sell.
  const places = cluster.nodes.toSorted((one, other) => one.at - other.at);
  const results = [];
  let sold = 0;
  let held = 0;
  for (const [at, { count, sellers, listings, options }] of lots.entries()) {
    const shops = Array.from({ length: sellers }, () => places[sold++ % nodes]);
    held += count;
    const result = await oneLot(cluster, {
      shops,
      listings,
      options,
      held,
      say: sayLot(tables, { nodes, count, sellers }),
    });
    sayRatios(tables.ratios, { nodes, count, held }, result, others[at]);
    results.push({ nodes, count, sellers, held, ...result });
  }
  await cluster.end();
  return results;
}

/** Publishes, changes and removes, and lets a day go by; `held`: how many listings there are then, those of earlier lots included. */
async function oneLot(cluster, { shops, listings, options, held, say }) {
  const untilQuiet = () => cluster.untilQuiet(QUIET_LIMIT);
  await untilQuiet();
  const idleBefore = await idleRate(cluster);
  const shares = shops.map((_, at) => listings.filter((_, place) => place % shops.length === at));
  const published = await costOf(cluster, () =>
    Promise.all(shops.map((shop, at) => shop.ask('publish', { listings: shares[at] }))),
  );
  say.published('Niaga', published);
  const lines = published.value.flatMap((answer) => answer.lines);
  const wrong = lines.filter(({ status, quorum }) => status !== 'published' || !quorum).slice(0, 20);
  // What goes on in the background after everything has its quorum is part of the price.
  const rest = await costUntilQuiet(cluster, idleBefore, () => undefined, BACKGROUND_LIMIT);
  say.after('until quiet after that', rest, 'all');
  // Nodes that hold more have more to say to each other.
  await untilQuiet();
  const idle = await idleRate(cluster);
  const again = await costOf(cluster, () => shops[0].ask('publish', { listings: shares[0] }));
  say.after('published again, unchanged', again, "one seller's");
  const chosen = sample(shares[0], 2 * options.changes, random(options.seed));
  await untilQuiet();
  const changed = await eachAlone(cluster, idle, chosen.slice(0, options.changes), (listing) =>
    shops[0].ask('publish', { listings: [{ ...listing, price: 77, currency: 'USD' }] }),
  );
  say.after('a change of price', changed, 'one');
  const ids = new Map(published.value[0].lines.map(({ sku, listing }) => [sku, listing]));
  await untilQuiet();
  const removed = await eachAlone(cluster, idle, chosen.slice(options.changes), ({ sku }) =>
    shops[0].run('listingRemove', { listing: ids.get(sku) }),
  );
  say.after('a removal', removed, 'one');
  const reader = cluster.nodes.at(-1);
  wrong.push(...(await unseen(reader, chosen, options.changes, ids)));
  await untilQuiet();
  const before = await shops[0].ask('time');
  const refresh = await day(cluster, idle);
  say.after('a day, with all that the nodes do for each other', refresh, `all ${held}`);
  say.after('of it what index nodes asked and answered', { messages: aboutListings(refresh) }, `all ${held}`);
  wrong.push(...(await notRefreshed(reader, shares[0].slice(0, options.changes), ids, before + DAY - 2 * hour)));
  const { value: _, ...ownPublished } = published;
  return {
    idle,
    published: ownPublished,
    rest,
    again: { ...again, value: undefined },
    refresh,
    changed,
    removed,
    wrong,
  };
}

/**
 * Messages about listings: leases, the comparing of copies, and what was lacking. The rest of a day is look-ups and signs of life,
 * which nodes without any listing have as well, and of which a day in steps has more or less than one that lasts a day.
 */
function aboutListings({ asked }) {
  const questions = Object.entries(asked).filter(([method]) => method.startsWith('index.'));
  return 2 * questions.reduce((sum, [, count]) => sum + count, 0);
}

/** A day goes by, in steps. It is over when its work is: a seller who plans its daily refresh sends nothing for some seconds. */
function day(cluster, idle) {
  const pass = async () => {
    for (let moved = 0; moved < DAY; moved += STEP) {
      await cluster.advance(STEP);
      await sleep(BETWEEN_STEPS);
    }
    await cluster.untilQuiet(QUIET_LIMIT);
  };
  return costUntilQuiet(cluster, idle, pass, QUIET_LIMIT + BACKGROUND_LIMIT);
}

/** One after the other; seconds are those until the operation had its answer, costs until the network was quiet again. */
async function eachAlone(cluster, idle, list, task) {
  const took = [];
  const costs = await costUntilQuiet(
    cluster,
    idle,
    async () => {
      for (const one of list) {
        const begun = performance.now();
        await task(one);
        took.push((performance.now() - begun) / 1000);
      }
    },
    BACKGROUND_LIMIT,
  );
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
  const answers = await askFor(reader, chosen, ids);
  return answers.flatMap(({ sku, hit, how }, at) => {
    if (at >= changes) return hit === undefined ? [] : [{ sku, wrong: `is shown after its removal (${how})` }];
    if (hit === undefined) return [{ sku, wrong: `is not found after its price was changed (${how})` }];
    return hit.price?.amount === '7700'
      ? []
      : [{ sku, wrong: `is shown with its old price ${hit.price?.amount} (${how})` }];
  });
}

/** Listings whose seller was not heard of since, by what the reader sees: the day's refresh did not reach it. */
async function notRefreshed(reader, listings, ids, since) {
  const answers = await askFor(reader, listings, ids);
  return answers.flatMap(({ sku, hit, how }) =>
    hit === undefined || hit.lastSeen > since
      ? []
      : [{ sku, wrong: `its seller was last seen ${hit.lastSeen} (${how})` }],
  );
}

/** What another node sees of these listings when it looks for their titles, and how good an answer it had. */
async function askFor(reader, listings, ids) {
  const inputs = listings.map(({ title }) => ({ words: [title], limit: 20 }));
  const answers = await reader.ask('searches', { inputs });
  return listings.map(({ sku }, at) => {
    const { hits, verdict, ms } = answers[at];
    const hit = hits.find(({ listing }) => listing === ids.get(sku));
    return { sku, hit, how: `${hits.length} hits, ${verdict}, ${Math.round(ms)} ms` };
  });
}

/**
 * One network for all lots: each keyword is provided for itself, and costs the same however many others were. Each lot gets so
 * many seconds, with as many sellers side by side as Niaga's.
 */
async function libp2p(nodes, lots, tables) {
  const cluster = await new Cluster('libp2p').start(nodes, processesFor(nodes), { file: RIVAL });
  await idleRate(cluster);
  const results = [];
  for (const { count, sellers, listings, options } of lots) {
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
    const { messages, bytes, cpuMs, seconds } = cost;
    const result = {
      provided,
      keywords,
      seconds: seconds * all,
      messages: messages * all,
      bytes: bytes * all,
      cpuMs: cpuMs * all,
    };
    const part = provided < keywords ? `, from ${provided} of ${keywords} keywords` : '';
    const say = sayLot(tables, { nodes, count, sellers });
    say.published(`libp2p${part}`, result);
    say.after('a day, libp2p: provided again', result, `these ${count}`);
    results.push(result);
  }
  await cluster.end();
  return results;
}

/** Puts what a lot has cost into the tables. */
function sayLot({ publishing, afterwards }, { nodes, count, sellers }) {
  return {
    published: (system, { seconds, messages, bytes, cpuMs }) =>
      publishing.add({
        nodes,
        listings: count,
        sellers,
        system,
        'listings/s': count / seconds,
        seconds,
        'messages each': messages / count,
        'bytes each': Math.round(bytes / count),
        'CPU ms each': cpuMs / count,
      }),
    after: (what, { seconds, messages, bytes, cpuMs }, of) =>
      afterwards.add({
        nodes,
        listings: count,
        what,
        of,
        seconds,
        messages,
        bytes: bytes === undefined ? undefined : Math.round(bytes),
        'CPU ms': cpuMs,
      }),
  };
}

function sayRatios(table, { nodes, count, held }, own, other) {
  if (other === undefined) return;
  // Niaga's day is that of all listings there are.
  const share = held / count;
  table.add({
    nodes,
    listings: count,
    'publishing, messages': other.messages / own.published.messages,
    'publishing, seconds': other.seconds / own.published.seconds,
    'publishing, bytes': other.bytes / own.published.bytes,
    'a day, messages': (other.messages * share) / aboutListings(own.refresh),
    'a day with all, messages': (other.messages * share) / own.refresh.messages,
    'a day, CPU': (other.cpuMs * share) / own.refresh.cpuMs,
  });
}
