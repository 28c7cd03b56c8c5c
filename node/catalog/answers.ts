/**
 * Answers that are found side by side and given out in the order in which they were asked for. Whoever adds them is not held up by
 * whoever reads them.
 */
export class Answers<T> {
  /** Aborted when nobody waits for the answers any more. */
  readonly signal: AbortSignal;
  readonly #controller = new AbortController();
  readonly #answers: Promise<T>[] = [];
  readonly #releases: (() => void)[];
  #ended = false;
  #failure: Error | undefined;
  #wake: () => void = () => undefined;

  /** @param parents end it when they are aborted */
  constructor(parents: readonly (AbortSignal | undefined)[]) {
    this.signal = this.#controller.signal;
    // Not AbortSignal.any: on Node.js 20 each such signal leaves a trace in its sources, and one of them lives as long as the node.
    this.#releases = parents.map((parent) => {
      if (parent === undefined) return () => undefined;
      const abort = (): void => this.#abort(parent.reason);
      if (parent.aborted) abort();
      parent.addEventListener('abort', abort, { once: true });
      return () => parent.removeEventListener('abort', abort);
    });
  }

  add(answer: Promise<T>): void {
    // A reader that has left would leave its rejection to nobody.
    answer.catch(() => undefined);
    this.#answers.push(answer);
    this.#wake();
  }

  /** There are no more. */
  end(): void {
    this.#ended = true;
    this.#wake();
  }

  /** There are no more: after those that were added, the reader gets this error. */
  fail(error: unknown): void {
    this.#failure = error instanceof Error ? error : new Error(String(error));
    this.end();
  }

  /** @throws the signal's reason, as soon as it is aborted; what an answer or `fail` was rejected with */
  async *inOrder(): AsyncGenerator<T> {
    for (let next = 0; ; next++) {
      while (next >= this.#answers.length && !this.#ended) await this.#orAborted(this.#more());
      const answer = this.#answers[next];
      if (answer === undefined) break;
      yield await this.#orAborted(answer);
    }
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** Nobody reads on. */
  leave(): void {
    for (const release of this.#releases) release();
    this.#abort(new Error('nobody waits for the answers'));
  }

  #abort(reason: unknown): void {
    this.#controller.abort(reason);
    this.#wake();
  }

  #more(): Promise<void> {
    return new Promise((resolve) => (this.#wake = resolve));
  }

  async #orAborted<V>(work: Promise<V>): Promise<V> {
    this.signal.throwIfAborted();
    let release: () => void = () => undefined;
    const aborted = new Promise<never>((_, reject) => {
      const abort = (): void => reject(this.signal.reason as Error);
      this.signal.addEventListener('abort', abort, { once: true });
      release = () => this.signal.removeEventListener('abort', abort);
    });
    try {
      return await Promise.race([work, aborted]);
    } finally {
      release();
    }
  }
}
