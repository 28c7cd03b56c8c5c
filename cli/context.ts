import type { Readable, Writable } from 'node:stream';
import { DEFAULT_NETWORK } from '../node/options.js';
import { shellWord } from './shell-words.js';

/** The process around a command. Tests give their own. */
export interface Surroundings {
  readonly stdin: Readable;
  readonly stdout: Writable & { readonly isTTY?: boolean; readonly columns?: number };
  readonly stderr: Writable & { readonly isTTY?: boolean; readonly columns?: number };
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Aborts at Ctrl-C or when the process is asked to end. */
  readonly signal: AbortSignal;
}

/** The reason of `signal`: which exit code the end by a signal has (128 and its number, as shells count). */
export class Interrupted extends Error {
  constructor(readonly exit: number) {
    super('interrupted');
  }
}

const SIGINT_EXIT = 130;

export function exitOf(signal: AbortSignal): number {
  return signal.reason instanceof Interrupted ? signal.reason.exit : SIGINT_EXIT;
}

/** The options that every command takes. */
export interface GlobalOptions {
  /** What `--home` says, if anything. */
  readonly home: string | undefined;
  readonly network: string;
  readonly json: boolean;
  /** JSON with the items of a list on lines of their own. */
  readonly lines: boolean;
  readonly quiet: boolean;
}

/** All that a command gets beside its input. */
export interface Context extends GlobalOptions, Surroundings {
  /** The words of the command as typed: `trade show`. */
  readonly command: string;
  /** Names of the fields that were typed. */
  readonly given: readonly string[];
}

/** A command to type next: the words, with `--home` and `--network` where they were given. */
export function typeNext(context: GlobalOptions, words: string): string {
  const home = context.home === undefined ? '' : ` --home ${shellWord(context.home)}`;
  const network = context.network === DEFAULT_NETWORK ? '' : ` --network ${shellWord(context.network)}`;
  return `niaga ${words}${home}${network}`;
}

/** Whether JSON is asked for: known before words are parsed, so that mistakes in them come in the form that was asked for. */
export function asksForJson(words: readonly string[]): boolean {
  const options = words.slice(0, words.includes('--') ? words.indexOf('--') : undefined);
  return options.includes('--json') || options.includes('--jsonl');
}
