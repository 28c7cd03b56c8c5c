import { NiagaError } from '../protocol/errors.js';
import type { Answer, Handlers, Input, NodeOperationKey } from './api/handlers.js';
import { OPERATIONS } from './api/operations.js';
import { linkedSignal } from './signals.js';

export interface OperationOptions {
  readonly signal?: AbortSignal | undefined;
}

/** Every operation of the table that runs in a node, as a function: what the HTTP API offers, in process. */
export type BoundOperations = {
  readonly [Key in NodeOperationKey]: (input: Input<Key>, options?: OperationOptions) => Answer<Key>;
};

/** The handlers behind the table's own checks: the same inputs are refused in process as over HTTP. */
export function bindOperations(handlers: Handlers, stopping: AbortSignal): BoundOperations {
  const keys = Object.keys(handlers) as NodeOperationKey[];
  const bound = keys.map((key) => {
    const handle = handlers[key] as (input: unknown, context: { signal: AbortSignal }) => unknown;
    const call = (input: unknown, options: OperationOptions = {}): unknown => {
      const parsed = OPERATIONS[key].input.strict().safeParse(input);
      if (parsed.success) {
        if (options.signal === undefined) return handle(parsed.data, { signal: stopping });
        const { signal, release } = linkedSignal([options.signal, stopping]);
        const answer = handle(parsed.data, { signal });
        return OPERATIONS[key].answer === 'stream'
          ? releasing(answer as AsyncIterable<unknown>, release)
          : Promise.resolve(answer).finally(release);
      }
      const issue = parsed.error.issues[0];
      const error = new NiagaError('USAGE', `The input of ${key} is wrong: ${issue?.message ?? ''}`, {
        where: issue?.path.join('.'),
      });
      if (OPERATIONS[key].answer === 'stream') throw error;
      return Promise.reject(error);
    };
    return [key, call];
  });
  return Object.fromEntries(bound) as BoundOperations;
}

async function* releasing(items: AsyncIterable<unknown>, release: () => void): AsyncGenerator<unknown> {
  try {
    yield* items;
  } finally {
    release();
  }
}
