// Whether the network finds what one machine would: the whole ESCI catalogue, its sellers split by hash over several nodes,
// asked from a node that published nothing; beside it the same ranker over the same cards on one machine. Paired by query.
// One command: npm run bench:network
import { createHash } from 'node:crypto';
import { catalogue, devQueries, needData } from './lib/data.mjs';
import { Cluster } from './lib/hosts.mjs';
import { random } from './lib/random.mjs';
import { countBy, inWords, mean, percentiles, quantile } from './lib/report.mjs';
import { note, table } from './lib/results.mjs';
import { progress, runBench } from './lib/run.mjs';

const NDCG_AT = 10;
const RECALL_AT = 50;
const RESAMPLED = 10_000;
/** The goal: so much of the single machine's figure. */
const GOAL = 0.99;
const NETWORK = 'bench';

needData();
await runBench({
  name: 'network-relevance',
  about:
    'nDCG@10 and recall@50 of a search in the network against the same ranker on one machine, over the labelled dev queries.',
  options: {
    nodes: { value: 10, quick: 6, about: 'nodes that publish and hold; the asker is one more' },
    processes: { value: 3, quick: 2, about: 'processes they are spread over' },
    listings: {
      value: 0,
      quick: 200,
      about: 'listings of the catalogue; 0 for all. With fewer, those with a judgement come first',
    },
    timeout: { value: 10_000, about: 'milliseconds a search may take: this is about what is found, not how fast' },
    seed: { value: 1, about: 'of the resampling' },
  },
  measure,
});

async function measure(options) {
  const { singleMachine } = await import('./lib/single-machine.mjs');
  const { queries, qrels, evaluate } = await devQueries();
  const listings = chosen(catalogue('esci'), qrels, options.listings);
  const cluster = await new Cluster('niaga').start(options.nodes, options.processes);
  const [asker] = await cluster.add(1);
  const shares = cluster.nodes.slice(0, options.nodes).map(() => []);
  for (const listing of listings) shares[sellerOf(listing.id, options.nodes)].push(listing);
  const begun = performance.now();
  const answers = await Promise.all(
    shares.map((share, at) => cluster.nodes[at].ask('publish', { listings: share, chunk: 200 })),
  );
  const lines = answers.flatMap((answer) => answer.lines);
  const unpublished = lines.filter(({ status }) => status !== 'published');
  const lacking = lines.filter(({ quorum }) => !quorum).length;
  progress(
    `${lines.length} published in ${Math.round((performance.now() - begun) / 1000)} s, ${lacking} without a quorum of copies`,
  );
  await cluster.untilMet(options.nodes + 1);
  // What is asked is what is found, not how soon after publishing.
  await cluster.untilQuiet();

  const skus = new Map(lines.map(({ listing, sku }) => [listing, sku]));
  const bySku = new Map(listings.map((listing) => [listing.id, listing]));
  const alone = singleMachine(
    lines
      .filter(({ listing }) => listing !== null)
      .map(({ listing, sku }) => ({ listing: bySku.get(sku), id: listing })),
    NETWORK,
  );
  const inputs = queries.map(({ text }) => ({
    words: [text],
    limit: RECALL_AT,
    timeoutMs: options.timeout,
    perSeller: 0,
  }));
  const asked = await asker.ask('searches', { inputs });
  const runs = { network: new Map(), single: new Map() };
  queries.forEach(({ qid, text }, at) => {
    runs.network.set(
      qid,
      asked[at].hits.map(({ listing }) => skus.get(listing) ?? listing),
    );
    runs.single.set(
      qid,
      alone(text).map((id) => skus.get(id)),
    );
  });
  await cluster.end();

  const qids = queries.map(({ qid }) => qid);
  const scored = Object.fromEntries(
    Object.entries(runs).map(([name, run]) => [name, evaluate(run, qrels, qids, { k: NDCG_AT, recallK: RECALL_AT })]),
  );
  const compared = ['ndcg', 'recall'].map((measured) => pair(measured, scored, qids, options.seed));
  table(
    compared.map(({ measured, ...row }) => ({
      measured: measured === 'ndcg' ? `nDCG@${NDCG_AT}` : `recall@${RECALL_AT}`,
      ...row,
    })),
    `${listings.length} listings of ${options.nodes} sellers (by SHA-256 of the id), one a node; ${queries.length} dev queries; no cap per seller`,
  );
  const different = qids.filter((qid) => {
    const first = (run) => run.get(qid).slice(0, NDCG_AT).join();
    return first(runs.network) !== first(runs.single);
  });
  const verdicts = countBy(asked, ({ verdict }) => verdict);
  const times = percentiles(asked.map(({ ms }) => ms));
  note(
    `answers: ${inWords(verdicts)}; other first ten: ${different.length} of ${qids.length}; p50 ${times.p50.toFixed(0)} ms, p99 ${times.p99.toFixed(0)} ms`,
  );
  for (const { sku, error } of unpublished.slice(0, 10)) note(`not published: ${sku} ${error}`);
  const reached = compared.every(({ ratio }) => ratio >= GOAL);
  note(`${reached ? 'reached' : 'NOT reached'}: ${GOAL} of both`);
  return { compared, different, times, unpublished: unpublished.length, reached };
}

function sellerOf(id, sellers) {
  return createHash('sha256').update(id).digest().readUInt32BE() % sellers;
}

/** All, or so many with those first that somebody judged: without them no query would have anything to find. */
function chosen(all, qrels, count) {
  if (count === 0) return all;
  const judged = new Set([...qrels.values()].flatMap((documents) => [...documents.keys()]));
  return [...all.filter(({ id }) => judged.has(id)), ...all.filter(({ id }) => !judged.has(id))].slice(0, count);
}

/** The ratio of the means, and the difference by query, each with a 95 % interval by resampling the queries. */
function pair(measured, { network, single }, qids, seed) {
  const pairs = qids
    .map((qid) => [network.perQuery.get(qid)[measured], single.perQuery.get(qid)[measured]])
    .filter(([, alone]) => alone !== null);
  const next = random(seed);
  const ratios = [];
  const differences = [];
  for (let round = 0; round < RESAMPLED; round++) {
    const drawn = pairs.map(() => pairs[Math.floor(next() * pairs.length)]);
    ratios.push(mean(drawn.map(([a]) => a)) / mean(drawn.map(([, b]) => b)));
    differences.push(mean(drawn.map(([a, b]) => a - b)));
  }
  const interval = (values) => {
    const sorted = values.toSorted((a, b) => a - b);
    return [0.025, 0.975].map((share) => quantile(sorted, share).toFixed(4)).join(' to ');
  };
  const networks = mean(pairs.map(([a]) => a));
  const alone = mean(pairs.map(([, b]) => b));
  return {
    measured,
    queries: pairs.length,
    network: networks.toFixed(4),
    'one machine': alone.toFixed(4),
    ratio: Math.round((networks / alone) * 10_000) / 10_000,
    'ratio, 95 %': interval(ratios),
    'difference, 95 %': interval(differences),
    better: pairs.filter(([a, b]) => a > b + 1e-9).length,
    worse: pairs.filter(([a, b]) => a < b - 1e-9).length,
  };
}
