import { randomBytes } from 'node:crypto';
import { NiagaError } from '../../protocol/errors.js';

const minute = 60 * 1000;
/** As long as a person may need to read what would happen. */
export const CONFIRM_TIME = 10 * minute;
/** Those that are asked for and never used make room. */
const MAX_WAITING = 100;

/** Steps that wait for a yes: a word each, good once, for exactly what was shown. */
export class Confirmations {
  readonly #waiting = new Map<string, { readonly what: string; readonly until: number }>();
  readonly #now: () => number;

  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  /** The word for a step. @param what all that was shown of it */
  ask(what: string): string {
    const word = randomBytes(9).toString('base64url');
    this.#waiting.set(word, { what, until: this.#now() + CONFIRM_TIME });
    const [oldest] = this.#waiting.keys();
    if (this.#waiting.size > MAX_WAITING && oldest !== undefined) this.#waiting.delete(oldest);
    return word;
  }

  /** @throws NiagaError CONFIRM_INVALID */
  take(word: string, what: string): void {
    const waiting = this.#waiting.get(word);
    this.#waiting.delete(word);
    if (waiting?.what === what && waiting.until > this.#now()) return;
    throw new NiagaError(
      'CONFIRM_INVALID',
      'That word confirms nothing: it was used, is too old, or what would happen is not what was shown.',
      { where: 'confirm', next: 'Call the tool without "confirm", show the person what it answers, and ask again.' },
    );
  }
}
