import { unlessAborted } from '../network/time-limit.js';
import { linkedSignal, onAbort, type LinkedSignal } from '../signals.js';

/**
 * Answers that are found side by side and given out in the order in which they were asked for. Whoever adds them is not held up by
 * whoever reads them.
 */
export class Answers<T> {
  /** Aborted when nobody waits for the answers any more. */
  readonly signal: AbortSignal;
  readonly #linked: LinkedSignal;
  readonly #answers: Promise<T>[] = [];
  #ended = false;
  #failure: Error | undefined;
  #wake: () => void = () => undefined;

  /** @param parents end it when they are aborted */
  constructor(parents: readonly (AbortSignal | undefined)[]) {
    this.#linked = linkedSignal(parents);
    this.signal = this.#linked.signal;
    onAbort(this.signal, () => this.#wake());
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
    this.#linked.release();
    this.#linked.abort(new Error('nobody waits for the answers'));
  }

  #more(): Promise<void> {
    return new Promise((resolve) => (this.#wake = resolve));
  }

  async #orAborted<V>(work: Promise<V>): Promise<V> {
    this.signal.throwIfAborted();
    return unlessAborted(work, this.signal);
  }
}
