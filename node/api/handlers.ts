import type { ErrorBody } from '../../protocol/errors.js';
import type { Listed } from '../listed.js';
import type { CheckedInputOf, InputOf, Operation, OutputOf } from './operation.js';
import type { OperationKey, Operations } from './operations.js';

/**
 * A part of a list. `next` is there when more follow: give it as `after` to go on. `damaged` is there when some of the list cannot be
 * read from this disk: which, and what to do.
 */
export interface Page<Item> {
  readonly items: readonly Item[];
  readonly next?: string;
  readonly damaged?: readonly ErrorBody[];
}

/** A page of what was asked for with one more than the `limit`: that one says that there are more. */
export function pageOf<V>(list: V[] | Listed<V>, limit: number, idOf: (item: V) => string): Page<V> {
  const { items, damaged } = Array.isArray(list) ? { items: list, damaged: [] } : list;
  const shown = items.slice(0, limit);
  const last = shown.at(-1);
  return {
    items: shown,
    ...(items.length > limit && last !== undefined ? { next: idOf(last) } : {}),
    ...(damaged.length === 0 ? {} : { damaged }),
  };
}

export interface CallContext {
  /** Aborts when the caller has gone away or the node stops. */
  readonly signal: AbortSignal;
}

/** The keys of the rows that a running node answers. */
export type NodeOperationKey = {
  [Key in OperationKey]: Operations[Key]['runs'] extends 'node' ? Key : never;
}[OperationKey];

/** The keys of the rows that answer in `Answer`'s way. */
export type KeyAnswering<Answer extends Operation['answer']> = {
  [Key in NodeOperationKey]: Operations[Key]['answer'] extends Answer ? Key : never;
}[NodeOperationKey];

type AnswerTo<Row extends Operation> = Row['answer'] extends 'stream'
  ? AsyncIterable<OutputOf<Row>>
  : Row['answer'] extends 'page'
    ? Promise<Page<OutputOf<Row>>>
    : Promise<OutputOf<Row>>;

/** What a caller gives for an operation. */
export type Input<Key extends NodeOperationKey> = InputOf<Operations[Key]>;
/** One output of an operation. */
export type Output<Key extends NodeOperationKey> = OutputOf<Operations[Key]>;
/** What an operation gives back: an output, a page of them, or a stream. */
export type Answer<Key extends NodeOperationKey> = AnswerTo<Operations[Key]>;

/**
 * What a node must be able to do: one function a row of the table that runs in it. Inputs are checked already. Errors
 * meant for the caller are thrown as NiagaError; anything else reaches the caller as INTERNAL, without its text.
 */
export type Handlers = {
  readonly [Key in NodeOperationKey]: (
    input: CheckedInputOf<Operations[Key]>,
    context: CallContext,
  ) => AnswerTo<Operations[Key]>;
};
