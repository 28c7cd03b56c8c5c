#!/usr/bin/env node
// How well the ranker of protocol/search finds what people look for: nDCG@10 and recall@50 over the labelled dev
// queries of ../shared, on one machine, from cards alone (title, brand, category, attributes, 40 description stems).
//
//   npm run bench:relevance -- [--run FILE] [--explain QID]
//
// --run writes the TREC run file; --explain prints why the first ten hits of a query stand where they stand.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import { gunzipSync } from 'node:zlib';
import { favourCategories } from '../dist/protocol/search/feedback.js';
import { indexBytes, indexOf, postedTerms } from '../dist/protocol/search/index-terms.js';
import { LocalIndex } from '../dist/protocol/search/local-index.js';
import { explain } from '../dist/protocol/search/merge.js';
import { parseQuery, rarest, termsOfQuery } from '../dist/protocol/search/query.js';

const DATA = new URL('../../shared/data/', import.meta.url);
const EVALUATION = new URL('../eval/ndcg.mjs', DATA);
if (!existsSync(EVALUATION)) {
  console.log('skipped: the labelled queries are not on this machine (../shared)');
  process.exit(0);
}
const { evaluate, readQrels } = await import(EVALUATION.href);
const option = (name) => (process.argv.includes(name) ? process.argv[process.argv.indexOf(name) + 1] : undefined);
const rows = (text) =>
  text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));

const items = rows(gunzipSync(readFileSync(new URL('catalog-esci.ndjson.gz', DATA))).toString()).map((item) => ({
  ...item,
  brand: item.brand ?? undefined,
  additionalProperty: item.attributes,
}));
const queries = rows(readFileSync(new URL('queries-esci-dev.ndjson', DATA), 'utf8'));
const qrels = readQrels(new URL('qrels-esci-dev.tsv.gz', DATA));
const qids = queries.map(({ qid }) => String(qid));

const started = performance.now();
const index = new LocalIndex();
const bytes = [];
let postings = 0;
for (const item of items) {
  const card = {
    trader: new Uint8Array(32),
    summary: { kind: 'goods', category: item.category, price: null, availability: 'InStock' },
    index: indexOf(item),
  };
  bytes.push(indexBytes(card.index));
  const terms = postedTerms(card.index);
  postings += terms.length;
  index.put(item.id, card, card.index, ['all', ...terms]);
}
const indexed = performance.now() - started;
bytes.sort((a, b) => a - b);

const df = (term) => index.documentFrequency(term);
const everything = () => ['all'];
const modes = [
  { name: 'words only', keysOf: everything, parse: (text) => wordsOnly(parseQuery(text)) },
  { name: 'with compounds and "without X"', keysOf: everything },
  ...[2, 3, 4, 6].map((count) => ({
    name: `the same, cards under the ${count} rarest terms`,
    keysOf: (query) => rarest(query, df, count),
  })),
  { name: 'the same, 4 rarest, and categories of the best', keysOf: (query) => rarest(query, df, 4), feedback: true },
];
const table = [];
let last;
for (const { name, keysOf, parse = (text) => parseQuery(text, { df }), feedback = false } of modes) {
  const run = new Map();
  const times = [];
  for (const { qid, query: text } of queries) {
    const start = performance.now();
    const query = parse(text);
    let { hits } = index.evaluate({ query, keys: keysOf(query), limit: 1_000 });
    if (feedback)
      hits = favourCategories(
        hits.map((hit) => ({ ...hit, card: index.get(hit.id) })),
        (card) => card.summary.category,
      );
    times.push(performance.now() - start);
    run.set(
      String(qid),
      hits.map(({ id }) => id),
    );
    if (option('--explain') === String(qid)) last = { query, hits };
  }
  const { summary } = evaluate(run, qrels, qids, { recallK: 50 });
  times.sort((a, b) => a - b);
  table.push({
    ranking: name,
    'nDCG@10': summary.ndcg.toFixed(4),
    '95 %': summary.ndcg95.map((value) => value.toFixed(3)).join('–'),
    'recall@50': summary.recallExact.toFixed(4),
    'no result': `${(summary.zeroResultRate * 100).toFixed(1)} %`,
    'ms p50': times[Math.floor(times.length / 2)].toFixed(1),
    'ms max': times.at(-1).toFixed(1),
  });
  const file = option('--run');
  if (file !== undefined) {
    const lines = [...run].flatMap(([qid, ids]) =>
      ids.map((id, rank) => `${qid} Q0 ${id} ${rank + 1} ${ids.length - rank} niaga`),
    );
    writeFileSync(file, `${lines.join('\n')}\n`);
  }
}

const at = (share) => bytes[Math.floor(bytes.length * share)];
console.log(
  `Node ${process.version}, ${os.cpus()[0]?.model ?? 'unknown CPU'}, ${items.length} cards, ${queries.length} queries`,
);
console.log(
  `analysed and indexed in ${(indexed / items.length).toFixed(2)} ms a card; ${(postings / items.length).toFixed(1)} posted terms a card`,
);
console.log(`index bytes: p50 ${at(0.5)}, p99 ${at(0.99)}, most ${bytes.at(-1)}`);
console.table(table);
if (last !== undefined) {
  const statistics = { documents: index.size, df: new Map(termsOfQuery(last.query).map((term) => [term, df(term)])) };
  const titles = new Map(items.map(({ id, title }) => [id, title]));
  for (const { id, score } of last.hits.slice(0, 10)) {
    console.log(score, qrels.get(option('--explain'))?.get(id)?.label ?? '-', titles.get(id));
    console.log(
      `    ${explain(last.query, index.get(id).index, statistics)
        .map(({ term, contribution }) => `${term} ${contribution}`)
        .join(', ')}`,
    );
  }
}

/** The terms of the text as they are, nothing joined, split or left out. */
function wordsOnly({ version, words, excluded }) {
  return { version, words: [...new Set([...words, ...excluded.map(({ term }) => term)])], compounds: [], excluded: [] };
}
