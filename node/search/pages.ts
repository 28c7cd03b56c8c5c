import { NiagaError } from '../../protocol/errors.js';
import type { Statistics } from '../../protocol/search/bm25f.js';
import { matcher } from '../../protocol/search/filters.js';
import type { HitView, SearchView } from '../api/views.js';
import { MAX_HITS } from '../index/wire.js';
import type { Asker } from './asker.js';
import { DOUBT_TIME, type Fetcher } from './fetcher.js';
import type { Harvest } from './harvest.js';
import { hitView } from './hit-view.js';
import type { SearchInput, SearchOptions } from './index.js';
import { signatureOf, type Question } from './question.js';
import { rankHarvest, type Ranked } from './ranking.js';
import { cursorOf, Snapshots, type Snapshot } from './snapshots.js';
import type { Version } from './version.js';

/** More than the page needs, since some will turn out to be over or not to hold. */
const SPARE = 50;
/** Cards fetched at once. */
const MOST_FETCHED = 200;
/** Times that a page is filled up by asking further; what is left is for the page after it. */
const ROUNDS = 4;

interface PagesDeps {
  readonly asker: Asker;
  readonly fetcher: Fetcher;
  readonly now: () => number;
  readonly isHidden: (version: Version) => boolean;
}

interface PageOptions {
  readonly limit: number;
  readonly explain: boolean;
}

/** Cuts pages from searches, and asks further where one reaches beyond what was found so far. */
export class Pages {
  readonly #deps: PagesDeps;
  readonly #snapshots: Snapshots;

  constructor(deps: PagesDeps) {
    this.#deps = deps;
    this.#snapshots = new Snapshots(deps.now);
  }

  /** The first page of a search, which is kept where there is more. */
  first(snapshot: Snapshot, options: PageOptions): Omit<SearchView, 'tookMs'> {
    return this.#page(snapshot, () => this.#snapshots.keep(snapshot), 0, options);
  }

  /** @throws NiagaError CURSOR_EXPIRED, QUERY_INVALID for another search's cursor; the signal's reason */
  async next(input: SearchInput, options: SearchOptions = {}): Promise<Omit<SearchView, 'tookMs'>> {
    const { name, snapshot, position } = this.#snapshots.find(input.after ?? '');
    const given = signatureOf(input);
    if (given !== signatureOf({ words: [] }) && given !== snapshot.signature) {
      throw new NiagaError('QUERY_INVALID', 'The page belongs to another search.', {
        where: 'after',
        next: 'Leave the words and filters out, or search again without --after.',
      });
    }
    const wanted = position + input.limit;
    const deepened = snapshot.busy.then(() => this.#deepen(snapshot, wanted, input.timeoutMs, options.signal));
    // Whoever waits for it is not told of this one's failure.
    snapshot.busy = deepened.catch(() => undefined);
    await deepened;
    await this.#doubt(snapshot, position, input, options.signal);
    return this.#page(snapshot, () => name, position, { limit: input.limit, explain: input.explain ?? false });
  }

  views(
    hits: readonly Ranked[],
    context: {
      readonly question: Question;
      readonly statistics: Statistics;
      readonly harvest: Harvest;
      readonly explain: boolean;
    },
  ): HitView[] {
    return hits.map((hit) => hitView(hit, { ...context, leases: context.harvest.leases }));
  }

  #page(
    snapshot: Snapshot,
    name: () => string,
    from: number,
    { limit, explain }: PageOptions,
  ): Omit<SearchView, 'tookMs'> {
    const { question, hits, harvest, coverage, matched, facets, anyWord, hidden } = snapshot;
    const { shown, at } = this.#shown(snapshot, from, limit);
    const more = at < hits.length || (snapshot.depth > 0 && at > from);
    return {
      hits: this.views(shown, { ...snapshot, explain }),
      matched,
      ...(facets === undefined ? {} : { facets }),
      ...(anyWord ? { anyWord } : {}),
      ...(hidden > 0 ? { hidden } : {}),
      // Best matches come in no order that could be seen to be broken.
      ...(question.sort !== 'relevance' && shown.some(({ capped }) => capped) ? { behind: true } : {}),
      ...(more ? { next: cursorOf(name(), at) } : {}),
      coverage: { ...coverage, refused: harvest.refused },
    };
  }

  /** At most so many of the hits from one on, and where they end. */
  #shown(
    { hits, harvest, question }: Snapshot,
    from: number,
    limit: number,
  ): { readonly shown: Ranked[]; readonly at: number } {
    const now = this.#deps.now();
    const passes = matcher(question.filters);
    const shown: Ranked[] = [];
    let at = from;
    for (; at < hits.length && shown.length < limit; at++) {
      const hit = hits[at];
      // What has ended since it was found, or never held, is passed over; its place stays, so that the others keep theirs.
      const version = hit === undefined ? undefined : harvest.verified(hit.id);
      if (hit === undefined || version === undefined || harvest.validUntil(version) <= now) continue;
      if (this.#deps.isHidden(version)) continue;
      // A newer version may have come since.
      if (!passes({ trader: version.card.record.payload.trader, summary: version.summary })) continue;
      shown.push({ ...hit, version });
    }
    return { shown, at };
  }

  /** What not all name who should is asked about before it is shown. */
  async #doubt(snapshot: Snapshot, from: number, input: SearchInput, signal?: AbortSignal): Promise<void> {
    const shown = (times: number): string[] =>
      this.#shown(snapshot, from, times * input.limit).shown.map(({ id }) => id);
    const timeLeft = Math.min(DOUBT_TIME, input.timeoutMs);
    await this.#deps.fetcher.settleDoubts(snapshot.harvest, shown, { timeLeft, signal });
  }

  /** Finds more hits than are known, until there are so many or no more to be had, and puts them behind the others. */
  async #deepen(snapshot: Snapshot, wanted: number, timeoutMs: number, signal?: AbortSignal): Promise<void> {
    const { harvest, question, statistics, hits, ids } = snapshot;
    const { fetcher, asker, now, isHidden } = this.#deps;
    const end = performance.now() + timeoutMs;
    for (let round = 0; round < ROUNDS && hits.length < wanted && snapshot.depth > 0; round++) {
      const timeLeft = end - performance.now();
      if (timeLeft <= 0) return;
      if (!harvest.lacksSome) await this.#askDeeper(snapshot, wanted, timeLeft, signal, asker);
      const listings = harvest.toFetch(Number.POSITIVE_INFINITY, MOST_FETCHED);
      await fetcher.fetch(harvest, listings, { timeLeft: end - performance.now(), signal });
      const options = { question, statistics, checked: 0, now: now(), isHidden };
      for (const hit of rankHarvest(harvest, options)) {
        if (ids.has(hit.id)) continue;
        ids.add(hit.id);
        hits.push({ ...hit, late: true });
      }
      if (snapshot.truncated || harvest.lacksSome) continue;
      snapshot.depth = 0;
    }
  }

  async #askDeeper(
    snapshot: Snapshot,
    wanted: number,
    timeLeft: number,
    signal: AbortSignal | undefined,
    asker: Asker,
  ): Promise<void> {
    const { question, harvest } = snapshot;
    const limit = Math.min(MAX_HITS, Math.max(2 * snapshot.depth, wanted + SPARE));
    const gathered = await asker.gather(question, {
      limit,
      cards: 0,
      deadline: timeLeft / 2,
      signal,
      onAnswer: ({ peer, answer, names }) => harvest.take(peer, answer, names),
    });
    snapshot.depth = limit;
    snapshot.truncated = limit < MAX_HITS && gathered.asked.answers.some(({ answer }) => answer.truncated);
  }
}
