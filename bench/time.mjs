// How long a search takes in a network of many nodes on this machine, beside two other ways of finding things without a
// server: plain libp2p (a provider record for each keyword) and Peerbit. One command: npm run bench:time
import { existsSync } from 'node:fs';
import { Comparison } from './lib/comparison.mjs';
import { catalogue, devQueries, needData } from './lib/data.mjs';
import { between, Cluster } from './lib/hosts.mjs';
import { newWords } from './lib/questions.mjs';
import { random, shuffled } from './lib/random.mjs';
import { countBy, inWords, mean, percentiles } from './lib/report.mjs';
import { note } from './lib/results.mjs';
import { progress, runBench } from './lib/run.mjs';

const LIBP2P_HOST = new URL('./rivals/libp2p-host.mjs', import.meta.url);
const PEERBIT_HOST = new URL('./rivals/peerbit-host.mjs', import.meta.url);
const PEERBIT = new URL('./node_modules/peerbit/package.json', import.meta.url);
/** Milliseconds for which a start waits for a quiet network, at most. */
const START_QUIET = 10_000;
const LIMIT = 20;
/** The share of its connections that the asker loses before each search that is to need dials. */
const CUT = 0.5;
/** Milliseconds after such a search: the asker's neighbours look after it meanwhile, which is not part of the next search. */
const CUT_PAUSE = 5_000;

needData();
await runBench({
  name: 'time',
  about:
    'The time of a search: after a start, for new words with and without dials, repeated; beside libp2p and Peerbit.',
  options: {
    nodes: { value: 50, quick: 8, about: 'nodes of Niaga and of plain libp2p' },
    processes: { value: 5, quick: 2, about: 'processes they are spread over; the asker has one of its own' },
    listings: { value: 1_000, quick: 60, about: 'listings of the ESCI catalogue' },
    sellers: { value: 10, quick: 3, about: 'nodes that publish them' },
    searches: { value: 150, quick: 10, about: 'searches for new words' },
    cuts: { value: 16, quick: 1, about: 'searches for new words with half of the connections cut' },
    starts: { value: 8, quick: 1, about: 'starts, each with a first search' },
    peerbit: {
      value: '2,10',
      quick: '2',
      about: 'networks of so many Peerbit peers; more than 10 do not come up on 2 cores',
    },
    only: { value: 'niaga,libp2p,peerbit', about: 'which of the three' },
    seed: { value: 1, about: 'chooses listings and words' },
  },
  measure,
});

async function measure(options) {
  const listings = shuffled(catalogue('esci'), random(options.seed)).slice(0, options.listings);
  const { queries } = await devQueries();
  // No word twice, whatever it is asked for: words that were asked before are known.
  const all = newWords(listings, options.searches + options.cuts + 2 * options.starts + 30, options.seed);
  const take = (count) => all.splice(0, Math.max(0, Math.min(count, all.length)));
  const questions = {
    first: take(options.starts),
    again: take(options.starts),
    warm: take(30),
    cut: take(options.cuts),
    open: take(options.searches),
    dev: queries.slice(0, options.quick ? 10 : queries.length).map(({ text }) => ({ words: [text] })),
  };
  const wanted = options.only.split(',');
  const title = `${listings.length} listings of the ESCI catalogue from ${options.sellers} sellers; asked one after the other from a node that published nothing, in a process of its own; CPU is that of all processes`;
  const rows = new Comparison(title);
  if (wanted.includes('niaga')) {
    const cluster = await new Cluster('niaga').start(options.nodes, options.processes);
    await ask(cluster, { name: `Niaga, ${options.nodes}`, listings, questions, options, rows, cuts: true });
    await cluster.end();
  }
  if (wanted.includes('peerbit')) await peerbit({ listings, questions, options, rows });
  // The last, for it takes longest.
  if (wanted.includes('libp2p')) {
    const file = LIBP2P_HOST;
    const cluster = await new Cluster('libp2p').start(options.nodes, options.processes, { file });
    await ask(cluster, { name: `libp2p, ${options.nodes}`, file, listings, questions, options, rows, cuts: true });
    await cluster.end();
  }
  rows.end();
  return { rows: rows.all };
}

async function peerbit({ listings, questions, options, rows }) {
  if (!existsSync(PEERBIT)) {
    return note('Peerbit is left out; to have it: npm install --prefix bench');
  }
  const file = PEERBIT_HOST;
  for (const size of options.peerbit.split(',').map(Number)) {
    const cluster = new Cluster('peerbit');
    try {
      // One after the other: handshakes run out of time otherwise.
      for (let made = 0; made < size; made += 2) await cluster.add(Math.min(2, size - made), { file });
      const sellers = Math.min(options.sellers, size);
      const name = `Peerbit, ${size}`;
      await ask(cluster, { name, file, listings, questions, options: { ...options, sellers }, rows });
    } catch (error) {
      note(`Peerbit with ${size} peers did not come up: ${error.message}`);
    }
    await cluster.end();
  }
}

/** Publishes the listings, and asks all questions in all situations. */
async function ask(cluster, { name, file, listings, questions, options, rows, cuts = false }) {
  const sellers = spread(cluster.nodes, options.sellers);
  const texts = Object.values(questions).flatMap((list) => list.flatMap(({ words }) => words));
  const published = await Promise.all(
    sellers.map((seller, at) =>
      seller.ask('publish', { listings: listings.filter((_, place) => place % sellers.length === at), only: texts }),
    ),
  );
  const lines = published.flatMap((answer) => answer.lines ?? []);
  progress(
    `${name}: published, ${inWords(countBy(lines, ({ error, quorum }) => error ?? (quorum ? 'with a quorum' : 'without')))}`,
  );
  const run = async (situation, asker, list, more = {}) => {
    const before = await cluster.usage();
    const results = await asker.ask('searches', {
      inputs: list.map(({ words }) => ({ words, limit: LIMIT })),
      ...more,
    });
    const used = between(before, await cluster.usage());
    rows.add(summary(name, situation, list, results, used));
  };
  const [asker] = await cluster.add(1, { file, node: { replicate: false } });
  await asker.ask('searches', { inputs: questions.warm.map(({ words }) => ({ words, limit: LIMIT })) });
  // It has joined as a node like others: its neighbours have brought it its share by then.
  await cluster.untilQuiet();
  await run('new words', asker, questions.open);
  await run('dev queries', asker, questions.dev);
  await run('new words again', asker, questions.open);
  if (cuts) await run('new words, half of the connections cut', asker, questions.cut, { cut: CUT, pause: CUT_PAUSE });
  // The last: nodes that have ended are still known to the others for a while.
  await starts(cluster, asker, name, { questions: questions.first, again: questions.again, rows });
  progress(`${name}: asked`);
}

/**
 * Starts new nodes in the asker's process, each of which searches once and ends; those that keep what they know on disk start
 * once more, and know their peers but have no connection. Each start waits until the network is done with the one before, for which
 * all nodes that two cores carry are at work; what they do meanwhile is not counted.
 */
async function starts(cluster, asker, name, { questions, again, rows }) {
  const rounds = { 'a start': questions, ...(name.startsWith('Niaga') ? { 'a restart, peers known': again } : {}) };
  const homes = [];
  for (const [round, list] of Object.entries(rounds)) {
    const results = [];
    const totals = [];
    const used = { cpuMs: 0, messages: 0, bytes: 0 };
    for (const [at, { words }] of list.entries()) {
      await cluster.untilQuiet(START_QUIET);
      const before = await cluster.usage();
      const fresh = await cluster.startOn(asker.host, { at: at + 1, replicate: false, ...homes[at] });
      const [result] = await fresh.ask('searches', { inputs: [{ words, limit: LIMIT }] });
      results.push(result);
      totals.push({ ...result, ms: result.ms + fresh.tookMs });
      await fresh.ask('stop');
      const more = between(before, await cluster.usage());
      for (const what of Object.keys(used)) used[what] += more[what];
      homes[at] ??= { home: fresh.home };
    }
    rows.add(summary(name, `first search after ${round}`, list, results, used));
    rows.add(summary(name, `${round} and first search`, list, totals, used));
  }
}

/** So many of the nodes, as far apart as their list allows: in all processes. */
function spread(nodes, count) {
  return Array.from({ length: count }, (_, at) => nodes[Math.floor((at * nodes.length) / count)]);
}

function summary(system, situation, questions, results, used) {
  const expected = questions.flatMap(({ title }, at) =>
    title === undefined ? [] : [{ title, hits: results[at].hits }],
  );
  results.forEach(({ hits, verdict, error }, at) => {
    if (hits.length === 0) progress(`${system}, nothing for “${questions[at].words.join(' ')}”: ${error ?? verdict}`);
  });
  return {
    system,
    situation,
    ...percentiles(results.map(({ ms }) => ms)),
    dials: mean(results.map(({ dials }) => dials)),
    cpu: used.cpuMs / results.length,
    messages: used.messages / results.length,
    bytes: used.bytes / results.length,
    found: mean(expected.map(({ title, hits }) => (hits.some((hit) => hit.title === title) ? 1 : 0))),
    empty: results.filter(({ hits }) => hits.length === 0).length,
    verdicts: countBy(results, ({ verdict, error }) => error ?? verdict ?? 'none'),
    firstHit: percentiles(results.flatMap(({ firstMs }) => firstMs ?? [])),
  };
}
