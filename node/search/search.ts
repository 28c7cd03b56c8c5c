import { listingKey } from '../../protocol/search/posting-keys.js';
import { EMPTY_QUERY } from '../../protocol/search/query.js';
import type { HitView, SearchEventView, SearchView } from '../api/views.js';
import { ShardBits } from '../index/shard-bits.js';
import { MAX_ANSWERS } from '../index/wire.js';
import { linkedSignal } from '../signals.js';
import { Asker, type Gathered } from './asker.js';
import { askChanges } from './changes.js';
import { facetsIn, matchedIn, statisticsOf } from './counts.js';
import { coverageOf } from './coverage.js';
import { DOUBT_TIME, Fetcher } from './fetcher.js';
import { Freshness } from './freshness.js';
import { Harvest, Memory } from './harvest.js';
import { facetsView } from './hit-view.js';
import { Latecomers } from './latecomers.js';
import type {
  Changes,
  ChangesInput,
  ChangesOptions,
  FoundListing,
  Search,
  SearchDeps,
  SearchInput,
  SearchOptions,
} from './index.js';
import { Opener } from './opener.js';
import { Pages } from './pages.js';
import { Places } from './places.js';
import { Progress, type Report } from './progress.js';
import { questionOf, signatureOf, type KnownTerms, type Question } from './question.js';
import { hasAnyWordOnly, hiddenIn, rankHarvest, type Ranked } from './ranking.js';
import type { Snapshot } from './snapshots.js';
import { Speller } from './speller.js';
import { UsefulPeers } from './useful.js';
import { listingVersion, type Version } from './version.js';

/** Answers wanted of each node: nDCG is flat from 20 on, recall grows until 50 (FACTS). */
const ANSWERS = 50;
/** Of the deadline, what is kept for fetching cards that so far are only known by id. */
const FETCH_SHARE = 0.25;
/** A listing by its id is one key: nodes that are there answer at once. */
const CARD_DEADLINE = 2_500;
/** Cards opened of each answer at least: ranked again by merged counts, the tenth may become the first. */
const LEAST_OPENED = 30;
/**
 * So many times the hits that are to be shown are asked for and opened: what merged counts and feedback move up among them stands
 * below them in the answers. Over the ESCI dev queries 50 hits of nodes that hold four of the words have .983 of one machine's recall
 * with 100 opened and .993 with 150 (docs/measurements.md).
 */
const DEPTH = 3;
/** Cards fetched by id at most; what answers have in common is sent along by one of them. */
const MOST_FETCHED = 200;
/** Cards that every node sends where the first hits are to be shown when the first answer comes: a screen of them. */
const FIRST_SHOWN = 20;
/** Milliseconds that a search gets at least, however long it took to begin. */
const LEAST_TIME = 50;

interface AskOptions {
  readonly limit: number;
  readonly opened: number;
  readonly deadline: number;
  /** The node had not joined the network when the search began. */
  readonly joining: boolean;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((gathered: Gathered, harvest: Harvest) => void) | undefined;
}

export class SearchService implements Search {
  readonly #deps: SearchDeps;
  readonly #freshness: Freshness;
  readonly #places: Places;
  readonly #shards: ShardBits;
  readonly #asker: Asker;
  readonly #fetcher: Fetcher;
  readonly #opener: Opener;
  readonly #memory = new Memory();
  readonly #useful: UsefulPeers;
  readonly #speller = new Speller();
  readonly #pages: Pages;

  constructor(deps: SearchDeps) {
    this.#deps = deps;
    this.#freshness = new Freshness(deps);
    this.#places = new Places({ ...deps, freshness: this.#freshness });
    this.#shards = new ShardBits(deps.now);
    const { network } = deps;
    const [latecomers, lateWithCards] = [new Latecomers(), new Latecomers()];
    this.#asker = new Asker({ network, places: this.#places, shards: this.#shards, latecomers });
    // By themselves: whoever answers one kind of question at once may leave the other unanswered.
    this.#fetcher = new Fetcher({ ...deps, latecomers: lateWithCards });
    this.#opener = new Opener(deps);
    this.#useful = new UsefulPeers(deps.network, deps.now);
    this.#pages = new Pages({ ...deps, asker: this.#asker, fetcher: this.#fetcher, isHidden: this.#isHidden });
  }

  async search(input: SearchInput, options: SearchOptions = {}): Promise<SearchView> {
    return this.#search(input, options);
  }

  async *stream(input: SearchInput, options: SearchOptions = {}): AsyncGenerator<SearchEventView, void, undefined> {
    const leaving = linkedSignal([options.signal]);
    const { signal } = leaving;
    const progress = new Progress();
    const done = this.#search(input, { signal }, progress);
    try {
      yield* progress.events(done);
      yield { type: 'done', ...(await done) };
    } finally {
      leaving.release();
      leaving.abort(new Error('the search is not wanted any more'));
      done.catch(() => undefined);
    }
  }

  async find(listing: string, options: SearchOptions = {}): Promise<FoundListing | undefined> {
    const joining = await this.#freshness.begin(CARD_DEADLINE / 2, options.signal);
    const question: Question = {
      text: '',
      query: EMPTY_QUERY,
      filters: {},
      keys: [listingKey(listing)],
      further: [],
      sort: 'newest',
      facets: false,
      perSeller: 0,
    };
    const { harvest } = await this.#ask(question, {
      limit: 1,
      opened: 1,
      deadline: CARD_DEADLINE,
      joining,
      ...options,
    });
    const found = (): string[] => (harvest.verified(listing) === undefined ? [] : [listing]);
    await this.#fetcher.settleDoubts(harvest, found, { timeLeft: DOUBT_TIME, signal: options.signal });
    const version = harvest.verified(listing);
    if (version === undefined) return undefined;
    const until = harvest.validUntil(version);
    if (until <= this.#deps.now()) return undefined;
    const { card, delta, summary } = version;
    return { card: card.record, delta: delta?.record, summary, version: listingVersion(version), until };
  }

  async changes(input: ChangesInput, options: ChangesOptions = {}): Promise<Changes> {
    // What is sold out now is told of when it is back: whoever leaves it out would never know.
    const asked = questionOf({ ...input, inStock: undefined, limit: 1, timeoutMs: 0 }, this.#known);
    const question = options.keys === undefined ? asked : { ...asked, keys: options.keys };
    await this.#freshness.ready(CARD_DEADLINE, options.signal);
    const { network, now } = this.#deps;
    return askChanges(
      {
        network,
        fetcher: this.#fetcher,
        places: this.#places,
        shards: this.#shards,
        now,
        newHarvest: () => new Harvest({ ...this.#deps, opener: this.#opener, memory: this.#memory }),
        isHidden: this.#isHidden,
      },
      question,
      options,
    );
  }

  async #search(input: SearchInput, options: SearchOptions, progress?: Progress): Promise<SearchView> {
    const begun = performance.now();
    const spent = (): number => performance.now() - begun;
    const timeLeft = (): number => Math.max(LEAST_TIME, input.timeoutMs - spent());
    if (input.after !== undefined) return { ...(await this.#pages.next(input, options)), tookMs: rounded(spent()) };
    const page = (snapshot: Snapshot): Omit<SearchView, 'tookMs'> =>
      this.#pages.first(snapshot, { limit: input.limit, explain: input.explain ?? false });
    const question = questionOf(input, this.#known);
    const joining = await this.#freshness.begin(input.timeoutMs / 2, options.signal);
    const run = (asked: Question): Promise<Snapshot> =>
      this.#run(asked, input, { ...options, deadline: timeLeft(), joining, progress });
    const typed = await run(question);
    const suggestion = this.#suggest(question, typed);
    let view = page(typed);
    let searchedFor: string | undefined;
    if (view.hits.length === 0 && suggestion !== undefined) {
      // Nothing at all as typed: what was meant is shown at once, and said.
      const meant = await run(questionOf({ ...input, words: [suggestion] }, this.#known));
      if (meant.hits.length > 0) {
        searchedFor = suggestion;
        view = page(meant);
      }
    }
    return {
      ...view,
      ...(suggestion === undefined ? {} : { suggestion }),
      ...(searchedFor === undefined ? {} : { searchedFor }),
      tookMs: rounded(spent()),
    };
  }

  async #run(
    question: Question,
    input: SearchInput,
    options: {
      readonly deadline: number;
      readonly joining: boolean;
      readonly signal?: AbortSignal | undefined;
      readonly progress?: Progress | undefined;
    },
  ): Promise<Snapshot> {
    const { limit } = input;
    const { progress } = options;
    const end = performance.now() + options.deadline;
    const { gathered, harvest } = await this.#ask(question, {
      limit: depthOf(limit),
      opened: Math.min(MAX_ANSWERS, Math.max(DEPTH * limit, LEAST_OPENED)),
      deadline: options.deadline,
      joining: options.joining,
      signal: options.signal,
      onProgress: progress && ((sofar, cards) => progress.report(this.#report(question, input, sofar, cards))),
    });
    const rankOptions = this.#rankOptions(question, gathered, limit);
    let hits: Ranked[] = [];
    const shown = (times: number): string[] => {
      hits = rankHarvest(harvest, { ...rankOptions, checked: times * limit });
      return hits.slice(0, times * limit).map(({ id }) => id);
    };
    const timeLeft = Math.min(DOUBT_TIME, end - performance.now());
    await this.#fetcher.settleDoubts(harvest, shown, { timeLeft, signal: options.signal });
    const truncated = gathered.asked.answers.some(({ answer }) => answer.truncated);
    const snapshot: Snapshot = {
      question,
      signature: signatureOf(input),
      statistics: rankOptions.statistics,
      harvest,
      hits,
      ids: new Set(hits.map(({ id }) => id)),
      truncated,
      depth: truncated || harvest.lacksSome ? depthOf(limit) : 0,
      coverage: coverageOf(gathered, { refused: harvest.refused, self: this.#deps.network.peerId }),
      matched: Math.max(matchedIn(gathered), hits.length),
      facets: question.facets ? facetsView(facetsIn(gathered)) : undefined,
      anyWord: hasAnyWordOnly(question, hits),
      hidden: hiddenIn(harvest, rankOptions),
      busy: Promise.resolve(),
    };
    this.#speller.learnHits(hits.slice(0, limit).map(({ version }) => version));
    return snapshot;
  }

  async #ask(question: Question, options: AskOptions): Promise<{ gathered: Gathered; harvest: Harvest }> {
    const { limit, opened, deadline, joining, signal, onProgress } = options;
    const end = performance.now() + deadline;
    const harvest = new Harvest({ ...this.#deps, opener: this.#opener, memory: this.#memory });
    const gather = (time: number): Promise<Gathered> =>
      this.#asker.gather(question, {
        limit,
        cards: opened,
        cardsOfAll: onProgress === undefined ? 0 : Math.min(FIRST_SHOWN, opened),
        deadline: time * (1 - FETCH_SHARE),
        signal,
        onAnswer: ({ peer, answer, names }, sofar) => {
          harvest.take(peer, answer, names);
          onProgress?.(sofar(), harvest);
        },
      });
    let gathered = await gather(deadline);
    if (joining && this.#onlySelfAnswered(gathered)) {
      // None of those known from before is there any more: who else there is shows when the node has joined.
      await this.#freshness.ready((end - performance.now()) / 2, signal);
      const left = end - performance.now();
      if (left > LEAST_TIME) gathered = await gather(left);
    }
    this.#useful.count(gathered.asked.answers.map(({ peer }) => peer));
    // Half of what is left: whoever names what it then does not give must not take the time in which hits are doubted.
    const timeLeft = (end - performance.now()) / 2;
    await this.#fetcher.fetch(harvest, harvest.toFetch(opened, MOST_FETCHED), { timeLeft, signal });
    return { gathered, harvest };
  }

  #onlySelfAnswered({ asked }: Gathered): boolean {
    return asked.answers.every(({ peer }) => peer === this.#deps.network.peerId);
  }

  #rankOptions(question: Question, gathered: Gathered, checked: number) {
    const statistics = statisticsOf(question, gathered);
    return { question, statistics, checked, now: this.#deps.now(), isHidden: this.#isHidden };
  }

  /** How far a search has come. */
  #report(question: Question, input: SearchInput, gathered: Gathered, harvest: Harvest): Report {
    const nodes = (of: 'asked' | 'answered'): number =>
      new Set(gathered.asked.keys.flatMap((key) => [...key[of]])).size;
    const best = (): HitView[] => {
      const options = this.#rankOptions(question, gathered, input.limit);
      const hits = rankHarvest(harvest, options).slice(0, input.limit);
      return this.#pages.views(hits, { ...options, harvest, explain: input.explain ?? false });
    };
    return { asked: nodes('asked'), answered: nodes('answered'), best };
  }

  #suggest({ text }: Question, { statistics }: Snapshot): string | undefined {
    if (text === '') return undefined;
    const { df } = statistics;
    return this.#speller.suggest(text, (term) => Math.max(df.get(term) ?? 0, this.#known(term) ?? 0))?.text;
  }

  readonly #known: KnownTerms = (term) => this.#deps.index.statistics([term]).df.get(term);

  readonly #isHidden = ({ id, card }: Version): boolean => {
    const { isBlocked, isFalse } = this.#deps;
    const { trader, seq } = card.record.payload;
    return isBlocked?.(trader) === true || isFalse?.(id, seq) === true;
  };
}

/** Answers asked of each node for so many hits. */
function depthOf(limit: number): number {
  return Math.max(ANSWERS, limit, Math.min(MAX_ANSWERS, DEPTH * limit));
}

function rounded(milliseconds: number): number {
  return Math.round(milliseconds * 10) / 10;
}
