// How well the ranker of protocol/search finds what people look for, on one machine, from cards alone; beside it minisearch
// and SQLite FTS5, which read the whole texts. One command: npm run bench:relevance
//
//   node bench/relevance.mjs [--quick] [--every N] [--explain QID] [--json FILE]
import { readFileSync } from 'node:fs';
import { explain } from '../dist/protocol/search/merge.js';
import { catalogue, devQueries, needData } from './lib/data.mjs';
import { random } from './lib/random.mjs';
import { mean, percentiles } from './lib/report.mjs';
import { note, Table, table } from './lib/results.mjs';
import { progress, runBench } from './lib/run.mjs';
import { installedEngines } from './relevance/engines.mjs';
import { CHOICES, nested } from './relevance/folds.mjs';
import { Cards, DEPTH, withFeedback, wordsOnly } from './relevance/ranker.mjs';

const QUERIES_ID = new URL('./queries-id.ndjson', import.meta.url);
/** Hits looked at for nDCG, and for the share of exact answers that are found. */
const TOP = 10;
const RECALL = 50;
/** What one index node sends for one term at most, and the terms asked. */
const ANSWERS = 100;
const TERMS_ASKED = [2, 3, 4, 6];
const KEYS_ASKED = Math.max(...TERMS_ASKED);
/** Of how many of these keys one node answers: of one in a large network, of most in one of ten nodes. */
const KEYS_TOGETHER = [1, 4];
const BOOTSTRAPS = 2_000;
const AS_IT_IS = 'Niaga: + feedback: the ranker as it is';

needData();
await runBench({
  name: 'relevance',
  about: 'nDCG@10 and recall@50 of the ranker on one machine, over labelled queries in English and Indonesian.',
  options: {
    every: { value: 1, quick: 8, about: 'only each so many-th query' },
    depths: {
      value: '20,40,60,100,150,200',
      about: 'answers opened a node, for the table of what a reader in a network loses by opening so few',
    },
    explain: { value: '', about: 'the number of a dev query whose first hits are to be explained' },
  },
  measure,
});

async function measure({ every, depths, explain: wanted }) {
  const { engines, missing } = await installedEngines();
  if (missing.length > 0) note(`without ${missing.join(' and ')}: npm --prefix bench install`);
  const english = await englishSet(every);
  const indonesian = indonesianSet(every, english.evaluate);
  const results = { english: await compare(english, engines), indonesian: await compare(indonesian, engines) };
  results.depths = compareDepths(english, depths.split(',').map(Number));
  results.nested = crossValidate(english);
  if (wanted !== '') explainQuery(english, wanted);
  return results;
}

/** The ESCI catalogue with its labelled dev queries. */
async function englishSet(every) {
  const { queries, qrels, evaluate, scoreQuery } = await devQueries();
  const listings = catalogue('esci');
  const title = 'ESCI, dev queries';
  return { title, listings, queries: each(queries, every), qrels, evaluate, scoreQuery, cards: cardsOf(listings) };
}

/**
 * The Indonesian catalogue with queries of our own. Judged by reading all titles and categories before any ranker had
 * seen the queries: 2 is the thing asked for with every property that the query names, 1 the same kind of thing without one of
 * them (or a near substitute), everything else 0; accessories of the thing are 0 unless they are asked for.
 */
function indonesianSet(every, evaluate) {
  const lines = readFileSync(QUERIES_ID, 'utf8').trim().split('\n');
  const judged = lines.map((line, at) => ({ qid: String(at + 1), ...JSON.parse(line) }));
  const grades = ({ exact, partial }) => [...exact.map((id) => [id, 2]), ...partial.map((id) => [id, 1])];
  const qrels = new Map(
    judged.map((one) => [one.qid, new Map(grades(one).map(([id, grade]) => [id, { grade, label: '' }]))]),
  );
  const listings = catalogue('id');
  const known = new Set(listings.map(({ id }) => id));
  const strangers = [...qrels.values()].flatMap((grades) => [...grades.keys()]).filter((id) => !known.has(id));
  if (strangers.length > 0) throw new Error(`judged, but not in the catalogue: ${strangers.join(', ')}`);
  const queries = judged.map(({ qid, query }) => ({ qid, text: query }));
  const title = 'PRDECT-ID, our own queries';
  return { title, listings, queries: each(queries, every), qrels, evaluate, cards: cardsOf(listings) };
}

function each(queries, every) {
  return queries.filter((_, at) => at % every === 0);
}

function cardsOf(listings) {
  progress(`${listings.length} cards`);
  return new Cards(listings);
}

/** Every way of finding, over the same listings and queries. */
async function compare({ title, listings, queries, qrels, evaluate, cards }, engines) {
  const whole = (text) => {
    const query = cards.parse(text);
    return withFeedback(query, cards.best(query));
  };
  const ways = [
    { name: 'Niaga: words alone, BM25F', find: (text) => cards.best(wordsOnly(cards.parse(text))) },
    { name: 'Niaga: + compounds, "without X"', find: (text) => cards.best(cards.parse(text)) },
    { name: AS_IT_IS, find: whole },
    ...TERMS_ASKED.map((count) => ({
      name: `Niaga: the same from ${ANSWERS} cards under each of the ${count} rarest terms`,
      find: (text) => {
        const query = cards.parse(text);
        return withFeedback(query, cards.bestOfLists(query, count, ANSWERS));
      },
    })),
  ].map(({ name, find }) => ({ name, find: (text) => find(text).map(({ id }) => id) }));
  for (const { name, open } of engines) {
    progress(name);
    ways.push({ name, find: open(listings, DEPTH) });
  }
  const rows = ways.map(({ name, find }) => {
    const times = [];
    const run = new Map(
      queries.map(({ qid, text }) => {
        const begun = performance.now();
        const ids = find(text);
        times.push(performance.now() - begun);
        return [qid, ids];
      }),
    );
    const { summary, perQuery } = evaluate(
      run,
      qrels,
      queries.map(({ qid }) => qid),
      { k: TOP, recallK: RECALL },
    );
    const { p50, p99 } = percentiles(times);
    return { name, summary, p50, p99, ndcg: [...perQuery.values()].map((scores) => scores.ndcg) };
  });
  const rivals = engines.length === 0 ? rows : rows.slice(-engines.length);
  const best = rivals.reduce((most, row) => (row.summary.ndcg > most.summary.ndcg ? row : most));
  const ours = rows.find(({ name }) => name === AS_IT_IS);
  const { bytes, postings, size } = cards;
  const at = (share) => bytes[Math.floor((bytes.length - 1) * share)];
  table(
    rows.map(({ name, summary, p50, p99 }) => ({
      ranking: name,
      [`nDCG@${TOP}`]: summary.ndcg.toFixed(3),
      '95 %': interval(summary.ndcg95),
      [`recall@${RECALL}`]: summary.recallExact.toFixed(3),
      'no result': `${(100 * summary.zeroResultRate).toFixed(1)} %`,
      'ms p50': p50.toFixed(1),
      'ms p99': p99.toFixed(1),
    })),
    `${title}: ${queries.length} queries, ${size} listings; of a card ${(postings / size).toFixed(1)} terms are posted, its index has ${at(0.5)} bytes (p99 ${at(0.99)})`,
  );
  if (engines.length > 0) {
    const differences = ours.ndcg.map((value, at) => value - best.ndcg[at]).filter((value) => Number.isFinite(value));
    note(
      `The ranker as it is against ${best.name}, query by query: nDCG@${TOP} ${signed(mean(differences))}, 95 % ` +
        bootstrap(differences).map(signed).join(' to '),
    );
  }
  return rows.map(({ name, summary, p50, p99 }) => ({ name, ...summary, p50, p99 }));
}

/** What is left of the whole ranking when only so many answers of each of the rarest keys are opened, as a reader in a network does. */
function compareDepths({ title, queries, qrels, evaluate, cards }, depths) {
  const qids = queries.map(({ qid }) => qid);
  const scored = (best) => {
    const found = ({ text }) => {
      const query = cards.parse(text);
      return withFeedback(query, best(query)).map(({ id }) => id);
    };
    const run = new Map(queries.map((one) => [one.qid, found(one)]));
    return evaluate(run, qrels, qids, { k: TOP, recallK: RECALL }).summary;
  };
  const whole = scored((query) => cards.best(query));
  const growing = new Table(
    `${title}: answers opened of nodes that are asked for some of the ${KEYS_ASKED} rarest terms, as a share of what the whole ranking brings (nDCG@${TOP} ${whole.ndcg.toFixed(3)}, recall@${RECALL} ${whole.recallExact.toFixed(3)})`,
  );
  for (const together of KEYS_TOGETHER) {
    for (const depth of depths) {
      const part = scored((query) => cards.bestOfLists(query, KEYS_ASKED, depth, together));
      growing.add({
        'keys a node': together,
        'answers opened a node': depth,
        [`nDCG@${TOP}`]: (part.ndcg / whole.ndcg).toFixed(3),
        [`recall@${RECALL}`]: (part.recallExact / whole.recallExact).toFixed(3),
      });
    }
  }
  growing.end();
  return growing.rows;
}

function signed(value) {
  return `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(3)}`;
}

/** The figure that is not fitted: see folds.mjs. */
function crossValidate({ cards, queries, qrels, scoreQuery }) {
  progress(`nested cross-validation over ${CHOICES} choices of constants`);
  const judged = queries.filter(({ qid }) => [...(qrels.get(qid)?.values() ?? [])].some(({ grade }) => grade > 0));
  const { scores, chosen, spread } = nested(
    cards,
    judged,
    (qid, ids) => scoreQuery(ids, qrels.get(qid), { k: TOP }).ndcg,
  );
  const all = [...scores.values()];
  const found = { ndcg: mean(all), ndcg95: bootstrap(all), spread, chosen: [...chosen].slice(0, 5) };
  note(
    `Nested cross-validation (${CHOICES} choices, ${spread.length} divisions): nDCG@${TOP} ${found.ndcg.toFixed(3)}, ` +
      `95 % ${interval(found.ndcg95)}; the divisions ${spread.map((value) => value.toFixed(3)).join(', ')}. Chosen most often: ` +
      found.chosen.map(([name, times]) => `${times} × ${name}`).join('; '),
  );
  return found;
}

/** 95 % interval of a mean: percentiles over samples drawn with replacement. */
function bootstrap(values) {
  const next = random(1);
  const means = Array.from({ length: BOOTSTRAPS }, () =>
    mean(values.map(() => values[Math.floor(next() * values.length)])),
  ).sort((a, b) => a - b);
  return [means[Math.floor(BOOTSTRAPS * 0.025)], means[Math.ceil(BOOTSTRAPS * 0.975) - 1]];
}

function interval([from, to]) {
  return `${from.toFixed(3)}–${to.toFixed(3)}`;
}

function explainQuery({ cards, queries, qrels }, wanted) {
  const asked = queries.find(({ qid }) => qid === wanted);
  if (asked === undefined) return console.log(`\nno query ${wanted}`);
  const query = cards.parse(asked.text);
  console.log(`\n${asked.text}`);
  for (const { id, score, feedback } of withFeedback(query, cards.best(query)).slice(0, TOP)) {
    const { summary, index } = cards.card(id);
    console.log(`${score} [${qrels.get(wanted)?.get(id)?.grade ?? '–'}] ${summary.title}`);
    const parts = explain(query, index, cards.statistics(query)).map(
      ({ term, contribution }) => `${term} ${contribution}`,
    );
    console.log(`    ${parts.join(', ')}; feedback: category ${feedback.category}, title ${feedback.title}`);
  }
}
