import { Dictionary, suggest, type Suggestion } from '../../protocol/search/spelling.js';
import type { KnownTerms } from './question.js';
import type { Version } from './version.js';

/** Listings whose words were learnt; none is learnt twice while it is remembered. */
const LEARNT = 20_000;
/** Cards learnt in one go: 50 µs each, so that nothing else waits for more than a millisecond. */
const AT_ONCE = 20;
/** Milliseconds between two goes. */
const PAUSE = 10;
/** Cards that wait to be learnt, less than a quarter of a second; there are more where those came from. */
const WAITING = 400;

/** What of a card teaches words. */
export interface Lesson {
  readonly listing: string;
  readonly title: string;
  readonly brand?: string | undefined;
}

/** Learns the words of cards that pass by, when nothing else is to be done, and says what was probably meant. */
export class Speller {
  readonly #dictionary = new Dictionary();
  readonly #learnt = new Set<string>();
  #waiting: Lesson[] = [];
  #timer: NodeJS.Timeout | undefined;

  learnHits(versions: readonly Version[]): void {
    this.learn(versions.map(({ id, summary: { title, brand } }) => ({ listing: id, title, brand })));
  }

  learn(lessons: Iterable<Lesson>): void {
    for (const lesson of lessons) {
      if (this.#waiting.length >= WAITING) break;
      if (this.#learnt.has(lesson.listing)) continue;
      if (this.#learnt.size >= LEARNT) this.#learnt.clear();
      this.#learnt.add(lesson.listing);
      this.#waiting.push(lesson);
    }
    if (this.#waiting.length > 0) this.#timer ??= setTimeout(this.#go, PAUSE);
  }

  /** @param known in how many cards a term stands, as the network says */
  suggest(text: string, known: KnownTerms): Suggestion | undefined {
    return suggest(text, this.#dictionary, { df: known });
  }

  readonly #go = (): void => {
    this.#timer = undefined;
    for (const { title, brand } of this.#waiting.splice(0, AT_ONCE)) {
      this.#dictionary.learn(title, ...(brand === undefined ? [] : [brand]));
    }
    if (this.#waiting.length > 0) this.#timer = setTimeout(this.#go, PAUSE);
  };
}
