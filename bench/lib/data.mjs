// The real catalogues and labelled queries, which stand beside the project and are not part of it.
import { existsSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { skip } from './run.mjs';

const SHARED = new URL('../../../shared/', import.meta.url);
const DATA = new URL('data/', SHARED);
const CATALOGUES = { esci: 'catalog-esci.ndjson.gz', id: 'catalog-id.ndjson.gz' };

/** Ends the process with a word of explanation where the data is not on this machine. */
export function needData() {
  const files = Object.values(CATALOGUES).map((file) => new URL(file, DATA));
  if (!files.every((file) => existsSync(file))) skip('the catalogues are not on this machine (../shared/data)');
}

function lines(text) {
  return text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
}

/** All listings of a catalogue as it stands in its file, in its order. @param {'esci' | 'id'} name */
export function catalogue(name) {
  return lines(gunzipSync(readFileSync(new URL(CATALOGUES[name], DATA))).toString('utf8'));
}

/** The labelled dev queries, their judgements, and the program that scores answers. */
export async function devQueries() {
  const { evaluate, readQrels, scoreQuery } = await import(new URL('eval/ndcg.mjs', SHARED).href);
  return {
    queries: lines(readFileSync(new URL('queries-esci-dev.ndjson', DATA), 'utf8')).map(({ qid, query }) => ({
      qid: String(qid),
      text: query,
    })),
    qrels: readQrels(new URL('qrels-esci-dev.tsv.gz', DATA)),
    evaluate,
    scoreQuery,
  };
}
