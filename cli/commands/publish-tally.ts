import type { PublishedView } from '../../node/api/views.js';
import { safeLine } from '../safe-text.js';

const second = 1_000;
/** Names of unknown fields that are listed in the summary. */
const MAX_WARNINGS = 10;

/** Counts what became of the lines. */
export interface Tally {
  readonly invalid: number;
  /** Lines that were answered. */
  readonly lines: number;
  file(name: string): void;
  /** The node has been given the file up to this line. */
  given(line: number): void;
  count(answer: PublishedView): void;
  /** How far it came. */
  place(): string;
  /** @param now as in `createTally` */
  summary(now: number): string[];
}

/** @param begun milliseconds of a clock that never goes back */
export function createTally(begun: number): Tally {
  const counts: Record<PublishedView['status'], number> = { published: 0, updated: 0, unchanged: 0, invalid: 0 };
  const warnings = new Map<string, number>();
  let lines = 0;
  let fewest: number | undefined;
  let thin = 0;
  let file = '';
  let last = 0;
  let given = 0;

  const rate = (now: number): string => {
    const seconds = (now - begun) / second;
    return `${lines} ${lines === 1 ? 'line' : 'lines'} in ${seconds.toFixed(1)} s (${Math.round(lines / Math.max(seconds, 0.001))}/s)`;
  };

  return {
    get invalid() {
      return counts.invalid;
    },
    get lines() {
      return lines;
    },
    file(name) {
      file = name;
      last = given = 0;
    },
    given(line) {
      given = line;
    },
    count({ line, status, replicas, quorum, warnings: own = [] }) {
      lines += 1;
      last = line;
      counts[status] += 1;
      if (status !== 'invalid') fewest = Math.min(fewest ?? Infinity, replicas);
      if (status !== 'invalid' && !quorum) thin += 1;
      for (const { message } of own) warnings.set(message, (warnings.get(message) ?? 0) + 1);
    },
    place() {
      const where = last === 0 ? `Stopped before the first line of ${file}.` : `Stopped after line ${last} of ${file}.`;
      return given > last
        ? `${where} The node was given the lines up to ${given}, and goes on with those that it had signed.`
        : where;
    },
    summary(now) {
      const replicas = fewest === undefined ? '' : `; fewest replicas ${fewest}`;
      const words = Object.entries(counts).map(([status, count]) => `${count} ${status}`);
      const listed = [...warnings].slice(0, MAX_WARNINGS);
      const more = warnings.size - listed.length;
      return [
        ...listed.map(
          ([message, count]) => `warning: ${safeLine(message)} (${count === 1 ? 'once' : `${count} times`})`,
        ),
        ...(more > 0 ? [`warning: and ${more} more kinds of warning`] : []),
        ...(thin > 0
          ? [
              `${thin} ${thin === 1 ? 'listing is' : 'listings are'} held by too few nodes yet: the node goes on bringing them out, see niaga status`,
            ]
          : []),
        `${words.join(', ')}: ${rate(now)}${replicas}`,
      ];
    },
  };
}
