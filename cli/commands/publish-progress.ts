import { setInterval as every } from 'node:timers';
import type { Context } from '../context.js';

const second = 1_000;
const minute = 60 * second;
/** The bar is drawn anew so often. */
const REDRAW = second / 4;
const BAR = 24;
/** Of a terminal that does not say how wide it is. */
const USUAL_WIDTH = 80;
const CLEAR = '\r\u001b[K';

/** How far a command has come, drawn on the terminal where somebody looks on, and nowhere else. */
export interface Progress {
  /** Bytes of the input were read. */
  read(bytes: number): void;
  /** A line of it was. */
  line(): void;
  /** There are no more. */
  readAll(): void;
  /** Takes the bar away, so that something else can be written. */
  clear(): void;
  /** Ends it. */
  stop(): void;
}

const NOBODY_LOOKS: Progress = {
  read: () => undefined,
  line: () => undefined,
  readAll: () => undefined,
  clear: () => undefined,
  stop: () => undefined,
};

export interface ProgressOptions {
  /** Bytes of the whole input, where they are known. */
  readonly size: number | undefined;
  /** Lines that are done by now, and how many of them were invalid. */
  readonly done: () => { readonly lines: number; readonly invalid: number };
}

/** Count, rate and time left on standard error, if that is a terminal. */
export function showProgress({ size, done }: ProgressOptions, { stderr, quiet }: Context): Progress {
  if (stderr.isTTY !== true || quiet) return NOBODY_LOOKS;
  const begun = performance.now();
  const input = { bytes: 0, lines: 0, ended: false };
  let drawn = false;
  const clear = (): void => {
    if (drawn) stderr.write(CLEAR);
    drawn = false;
  };
  const draw = (): void => {
    const text = progressText({ ...done(), elapsed: performance.now() - begun, total: totalOf(input, size) });
    stderr.write(`${CLEAR}${text.slice(0, (stderr.columns ?? USUAL_WIDTH) - 1)}`);
    drawn = true;
  };
  const timer = every(draw, REDRAW);
  return {
    read: (bytes) => void (input.bytes += bytes),
    line: () => void (input.lines += 1),
    readAll: () => void (input.ended = true),
    clear,
    stop() {
      clearInterval(timer);
      clear();
    },
  };
}

/** How many lines there are, as far as what was read lets guess. */
function totalOf(
  { bytes, lines, ended }: { bytes: number; lines: number; ended: boolean },
  size: number | undefined,
): number | undefined {
  if (ended) return lines;
  // A file that is read whole before its first line says nothing of how many are to come.
  if (size === undefined || bytes === 0 || bytes >= size || lines === 0) return undefined;
  return Math.round((lines * size) / bytes);
}

export interface ProgressState {
  readonly lines: number;
  readonly invalid: number;
  /** Milliseconds since the beginning. */
  readonly elapsed: number;
  /** How many lines there are, where that can be guessed. */
  readonly total: number | undefined;
}

/** `[######······] 1200 of about 4000, 310/s, 9 s left, 2 invalid` */
export function progressText({ lines, invalid, elapsed, total }: ProgressState): string {
  const rate = lines / Math.max(elapsed / second, 0.001);
  const parts = [
    `${lines}${total === undefined ? '' : ` of about ${Math.max(total, lines)}`}`,
    `${Math.round(rate)}/s`,
  ];
  if (total !== undefined && rate > 0)
    parts.push(`${duration(((Math.max(total, lines) - lines) / rate) * second)} left`);
  if (invalid > 0) parts.push(`${invalid} invalid`);
  const text = parts.join(', ');
  if (total === undefined || total === 0) return text;
  const full = Math.min(BAR, Math.floor((BAR * lines) / total));
  return `[${'#'.repeat(full)}${'·'.repeat(BAR - full)}] ${text}`;
}

function duration(ms: number): string {
  if (ms < minute) return `${Math.ceil(ms / second)} s`;
  const minutes = Math.floor(ms / minute);
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
