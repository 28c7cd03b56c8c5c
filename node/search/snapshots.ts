import { randomBytes } from 'node:crypto';
import type { Statistics } from '../../protocol/search/bm25f.js';
import { NiagaError } from '../../protocol/errors.js';
import type { CoverageView, FacetsView } from '../api/views.js';
import type { Harvest } from './harvest.js';
import type { Question } from './question.js';
import type { Ranked } from './ranking.js';

/** Milliseconds after its last page for which a search can be gone on with. */
export const KEPT_FOR = 5 * 60 * 1000;
/** Searches kept, and their hits together, at some 4 KB each. */
const MOST_KEPT = 100;
const MOST_HITS = 10_000;
/** Bytes of a cursor's name: nobody guesses another's, and it is short enough to copy. */
const NAME_BYTES = 9;

/**
 * A search as it was ranked when its first page was shown. Later pages are cut from it, so that none repeats or leaves out a hit,
 * whatever has changed meanwhile; what is found later is added at its end.
 */
export interface Snapshot {
  readonly question: Question;
  readonly statistics: Statistics;
  readonly harvest: Harvest;
  /** Grows at its end. */
  readonly hits: Ranked[];
  readonly ids: Set<string>;
  /** What was asked for, to tell it from other searches. */
  readonly signature: string;
  /** How many answers were wanted of each node; 0: there is nothing more to be had. */
  depth: number;
  /** Whether index nodes have more than they were asked for, and may be. */
  truncated: boolean;
  readonly coverage: CoverageView;
  readonly matched: number;
  readonly facets: FacetsView | undefined;
  /** No listing has all words: those with some of them have to do. */
  readonly anyWord: boolean;
  /** Listings that answer and are not to be shown. */
  readonly hidden: number;
  /** Ends with the deepening that is under way: two callers do not add the same hits. */
  busy: Promise<void>;
}

/** Searches that can be gone on with, the ones used last; bounded in number, hits and time. */
export class Snapshots {
  readonly #now: () => number;
  readonly #kept = new Map<string, { readonly snapshot: Snapshot; until: number }>();

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Keeps a search. @returns its name, for {@link cursorOf} */
  keep(snapshot: Snapshot): string {
    const name = randomBytes(NAME_BYTES).toString('base64url');
    this.#kept.set(name, { snapshot, until: this.#now() + KEPT_FOR });
    this.#trim();
    return name;
  }

  /** @throws NiagaError CURSOR_EXPIRED, QUERY_INVALID for what is no cursor */
  find(cursor: string): { name: string; snapshot: Snapshot; position: number } {
    const [, name, text] = /^([\w-]{12})\.(\d{1,6})$/.exec(cursor) ?? [];
    if (name === undefined) {
      throw new NiagaError('QUERY_INVALID', 'That is not the cursor of a page.', {
        where: 'after',
        next: 'Take `next` of the page before.',
      });
    }
    const kept = this.#kept.get(name);
    if (kept === undefined || kept.until <= this.#now()) {
      throw new NiagaError('CURSOR_EXPIRED', 'The search that this page belongs to is no longer kept.', {
        where: 'after',
        next: 'Search again without --after.',
      });
    }
    // Used again: it is now the last to be forgotten.
    kept.until = this.#now() + KEPT_FOR;
    this.#kept.delete(name);
    this.#kept.set(name, kept);
    return { name, snapshot: kept.snapshot, position: Number(text) };
  }

  #trim(): void {
    let hits = 0;
    const now = this.#now();
    // The newest first, so that those beyond the bounds are the oldest.
    const entries = [...this.#kept].reverse();
    entries.forEach(([name, { snapshot, until }], at) => {
      hits += snapshot.hits.length;
      if (until <= now || at >= MOST_KEPT || (at > 0 && hits > MOST_HITS)) this.#kept.delete(name);
    });
  }
}

export function cursorOf(name: string, position: number): string {
  return `${name}.${position}`;
}
