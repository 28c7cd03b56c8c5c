import type { HitView, SearchEventView } from '../api/views.js';

/** Milliseconds between two looks at the best so far: people see no more, and each is a ranking. */
const PAUSE = 100;

/** How far a search has come. */
export interface Report {
  readonly asked: number;
  readonly answered: number;
  /** Ranks what has come so far. */
  readonly best: () => readonly HitView[];
}

/** Carries what a search reports to who watches it. Only the newest report counts: a slow watcher delays nothing. */
export class Progress {
  #latest: Report | undefined;
  #wake: () => void = () => undefined;

  report(report: Report): void {
    this.#latest = report;
    this.#wake();
  }

  /** What is worth showing until the search has ended. */
  async *events(done: Promise<unknown>): AsyncGenerator<SearchEventView, void, undefined> {
    const state = { ended: false };
    const end = (): void => {
      state.ended = true;
      this.#wake();
    };
    done.then(end, end);
    let shown = '';
    let pause: NodeJS.Timeout | undefined;
    try {
      for (;;) {
        await this.#news(state);
        if (state.ended || this.#latest === undefined) return;
        const { asked, answered, best } = this.#latest;
        this.#latest = undefined;
        const hits = best();
        const order = hits.map(({ listing, version }) => `${listing} ${version}`).join();
        if (order !== shown) yield { type: 'hits', hits: [...hits] };
        shown = order;
        yield { type: 'coverage', asked, answered };
        await new Promise<void>((resolve) => {
          pause = setTimeout(resolve, PAUSE);
          done.then(
            () => resolve(),
            () => resolve(),
          );
        });
        clearTimeout(pause);
      }
    } finally {
      clearTimeout(pause);
    }
  }

  async #news(state: { readonly ended: boolean }): Promise<void> {
    if (state.ended || this.#latest !== undefined) return;
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
  }
}
