import { matcher } from '../../protocol/search/filters.js';
import { hasAllWords } from '../../protocol/search/all-words.js';
import { MAX_SHARD_BITS, shardsOf } from '../../protocol/search/posting-keys.js';
import type { Query } from '../../protocol/search/query.js';
import { MAX_ANSWERS, MAX_ASK_KEYS, MAX_HITS, type AskAnswer, type AskInput } from '../index/wire.js';
import type { Network } from '../network/index.js';
import { askAll } from './ask.js';
import { askNode } from './ask-node.js';
import { WANTED_ANSWERS } from './asked-key.js';
import type { Fetcher } from './fetcher.js';
import type { Harvest } from './harvest.js';
import type { Change, Changes, ChangesOptions } from './index.js';
import type { Named, Places } from './places.js';
import type { Question } from './question.js';
import type { ShardBits } from '../index/shard-bits.js';
import { listingVersion, type Version } from './version.js';

/** Keys of a question that is asked again and again: what has all of its words stands under the rarest of them as well. */
const CHANGE_KEYS = 3;
/** Nodes that may be asked for a key, those included that take the place of one that is not there. */
const CANDIDATES = 2 * WANTED_ANSWERS;
/** Nobody waits for the answer: a slow node gets its time. */
const DEADLINE = 10_000;
/** The same for cards beyond those that come with an answer. */
const FETCH_TIME = 5_000;
/** Marks kept of one question, the latest: more nodes than hold its keys, also where one of them is split as far as keys are. */
const MAX_MARKS = 2 * WANTED_ANSWERS * 2 ** MAX_SHARD_BITS;

export interface ChangesDeps {
  readonly network: Network;
  readonly fetcher: Fetcher;
  readonly places: Places;
  readonly shards: ShardBits;
  readonly newHarvest: () => Harvest;
  readonly now: () => number;
  readonly isHidden: (version: Version) => boolean;
}

/**
 * What fits a question and came or changed since it was last asked. Unlike a search it ranks nothing and waits for everybody; it
 * takes only what has all words. Few nodes are asked, and each only for what is new there since its last answer.
 * @param question of whose keys those of {@link changeKeys} are asked for
 * @throws the signal's reason
 */
export async function askChanges(deps: ChangesDeps, question: Question, options: ChangesOptions): Promise<Changes> {
  const { places, newHarvest } = deps;
  const before = options.marks ?? new Map<string, number>();
  const names = namesOf(deps, question);
  const came: Came[] = [];
  const harvest = newHarvest();
  let truncated = false;
  const asking = (keys: readonly number[]): string[] => keys.map((at) => names[at]?.name ?? '');
  const { answers } = await askAll<AskAnswer>({
    candidates: names.map((named) => places.candidates(named).slice(0, CANDIDATES)),
    keysOfRequest: MAX_ASK_KEYS,
    deadline: DEADLINE,
    signal: options.signal,
    request: (peer, keys, _first, signal) => {
      const asked = asking(keys);
      const body = questionTo(question, asked, before.get(markOf(peer, asked)));
      return askNode(deps, peer, body, { timeout: DEADLINE, signal });
    },
    onAnswer: ({ peer, keys, answer }) => {
      const mark = markOf(peer, asking(keys));
      const since = before.get(mark);
      came.push({ mark, since, answer });
      // A node that was not asked before has more than it may say of what was there already: that is no news.
      if (since !== undefined || before.size === 0) truncated ||= answer.truncated;
      places.learn(peer, answer.closer, keys.length);
      harvest.take(peer, answer, asking(keys));
    },
  });
  for (const named of names) places.look(named);
  const lacking = harvest.toFetch(Number.POSITIVE_INFINITY, MAX_HITS);
  const time = { timeLeft: FETCH_TIME, signal: options.signal };
  await deps.fetcher.fetch(harvest, lacking, time);
  const marks = marksOf(came, new Set(harvest.versions().map(({ id }) => id)));
  const keys = changeKeys(question);
  let found: Change[] = [];
  const told = (): string[] => {
    found = changesIn(harvest, question, deps);
    return found.map(({ listing }) => listing);
  };
  await deps.fetcher.settleDoubts(harvest, told, time);
  const answered = answers.filter(({ peer }) => peer !== deps.network.peerId).length;
  return { found, keys, marks: latest(before, marks), answered, truncated };
}

/** One node's answer. */
interface Came {
  /** The name of its mark. */
  readonly mark: string;
  readonly since: number | undefined;
  readonly answer: AskAnswer;
}

/** How far each node's answer was read: whose cards did not all come is asked for them again. */
function marksOf(came: readonly Came[], read: ReadonlySet<string>): Map<string, number> {
  const marks = new Map<string, number>();
  for (const { mark, since, answer } of came) {
    // A node that counts from below has lost its count: the next time it is asked for everything.
    if (answer.mark === 0 || answer.mark < (since ?? 0)) continue;
    // What comes at first is no news, and what comes with its answer needs no second look.
    const fetched = since === undefined ? [] : answer.hits.slice(answer.cards.length);
    if (fetched.every(([listing]) => read.has(listing.toString()))) marks.set(mark, answer.mark);
  }
  return marks;
}

function changesIn(harvest: Harvest, { filters, query }: Question, { now, isHidden }: ChangesDeps): Change[] {
  const passes = matcher(filters);
  const fits = (version: Version): boolean =>
    passes({ trader: version.card.record.payload.trader, summary: version.summary }) &&
    hasAllWords(query, version.index) &&
    !isHidden(version);
  return harvest.versions().flatMap((claimed): Change[] => {
    // Also what does not fit: it may be a forged card in place of one that does.
    const version = harvest.verified(claimed.id);
    if (version === undefined || !fits(version)) return [];
    const validUntil = harvest.validUntil(version);
    if (validUntil <= now()) return [];
    const { id: listing, seq, device, record, summary } = version;
    const { trader, created } = (version.delta ?? version.card).record.payload;
    const of = listingVersion(version);
    return [{ listing, seq, device, record, summary, version: of.toString(), trader, created, validUntil }];
  });
}

/** Of words the rarest; in browsing all, since what stands under one of them need not stand under another. */
function changeKeys({ keys, query }: Question): readonly string[] {
  return isBrowsing(query) ? keys : keys.slice(0, CHANGE_KEYS);
}

/**
 * Of the rarest key all shards are asked for, and of the others where one request has room for all, or where nothing else finds what
 * stands there.
 */
function namesOf({ places, shards }: ChangesDeps, question: Question): Named[] {
  const names: Named[] = [];
  for (const key of changeKeys(question)) {
    const all = shardsOf(shards.of(key));
    if (!isBrowsing(question.query) && names.length > 0 && names.length + all.length > MAX_ASK_KEYS) continue;
    names.push(...all.map((shard) => places.named(key, shard)));
  }
  return names;
}

function isBrowsing({ words }: Query): boolean {
  return words.length === 0;
}

/** @param since how far the node's answers were read before */
function questionTo({ query, filters, keys }: Question, names: readonly string[], since: number | undefined): AskInput {
  return {
    query,
    filters,
    keys: [...names],
    question: [...keys],
    sort: 'newest',
    // What has only some of the words would fill the list and be left out here.
    match: 'all',
    // No seller fills the list while there are others: whoever floods a word hides nobody's news. Those beyond the cards are fetched.
    limit: since === undefined ? MAX_ANSWERS : MAX_HITS,
    cards: MAX_ANSWERS,
    ...(since === undefined ? {} : { since }),
  };
}

/** A node that is asked for other names than before has other things to tell of the past. */
function markOf(peer: string, names: readonly string[]): string {
  return `${peer} ${[...names].sort().join(' ')}`;
}

/** Those of before of nodes that were not asked now: they may be asked again. The newest last. */
function latest(before: ReadonlyMap<string, number>, now: ReadonlyMap<string, number>): Map<string, number> {
  const all = new Map([...before].filter(([mark]) => !now.has(mark)));
  for (const [mark, value] of now) all.set(mark, value);
  return new Map([...all].slice(-MAX_MARKS));
}
