import type { z } from 'zod';

/** What a token may allow. `admin` allows everything; none of the others includes another. */
export const SCOPES = ['read', 'publish', 'trade', 'wallet', 'admin'] as const;
export type Scope = (typeof SCOPES)[number];

/**
 * One row of the operation table (DESIGN section 2): all that HTTP, the typed client, the command line, help and
 * reference need to know of an operation. Nothing of it is said anywhere else.
 */
export interface Operation<Input extends z.ZodObject = z.ZodObject, Output extends z.ZodType = z.ZodType> {
  /** The words that a person types; joined by dots they are the operation's name and its path in the API. */
  readonly command: readonly [string, ...string[]];
  /** How it is typed where it has no command of its own: an option of another. */
  readonly typedAs?: string;
  /** One line. */
  readonly help: string;
  /** Field descriptions (`.describe`) are the help of the options. */
  readonly input: Input;
  readonly output: Output;
  /** Input fields that stand as words after the command, in order; the last may be a list. All others are options. */
  readonly positional: readonly string[];
  /**
   * `one`: one output. `page`: an array of outputs, cut by `limit`, going on after `after`. `stream`: outputs one by one,
   * each as soon as it is known.
   */
  readonly answer: 'one' | 'page' | 'stream';
  readonly scope: Scope;
  /** Whether it changes anything. */
  readonly changes: boolean;
  /** Whether a program acting for a person must ask that person first. */
  readonly confirm: boolean;
  /** Whether the answer holds text that strangers wrote. */
  readonly strangersText: boolean;
  /** Whether the answer holds a secret that is shown once: it is never kept, so such a row takes no `Idempotency-Key`. */
  readonly secret?: boolean;
  /** `node`: asked of a running node. `local`: done by the command itself. */
  readonly runs: 'node' | 'local';
  /** Shown by `--help` under the options. */
  readonly example: string;
}

/** Keeps the literal types of a row: what a caller gets back depends on `answer` and `runs`. */
export function operation<const Row extends Operation>(row: Row): Row {
  return row;
}

/** What a caller writes: fields with a default may be left out. */
export type InputOf<Row extends Operation> = z.input<Row['input']>;
/** What a handler gets: checked, defaults filled in. */
export type CheckedInputOf<Row extends Operation> = z.output<Row['input']>;
export type OutputOf<Row extends Operation> = z.output<Row['output']>;

/** The operation's name: `trade.show`. */
export function nameOf(row: Pick<Operation, 'command'>): string {
  return row.command.join('.');
}
