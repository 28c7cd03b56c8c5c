import { ERRORS, NiagaError, type ErrorCode } from '../../protocol/errors.js';
import { onAbort } from '../signals.js';
import type { Caller } from '../tokens/index.js';
import { orAborted } from './abort.js';
import { readJson } from './body.js';
import type { AppContext, AppOptions } from './app.js';
import type { CallContext, Handlers, NodeOperationKey } from './handlers.js';
import { requireInput } from './input.js';
import type { Answered } from './kept-answers.js';
import { ndjsonResponse, ndjsonText, NDJSON } from './ndjson.js';
import type { Operation } from './operation.js';
import { OPERATIONS } from './operations.js';
import { problemBody, PROBLEM_JSON, toNiagaError } from './problem.js';
import { PREFIX } from './routes.js';
import { send } from './send.js';

/** Set in a request's context when its operation has been let in. */
export const BEGUN = 'begun';

const JSON_TYPE = 'application/json';
/** What a key may be: as long as a UUID with a name before it, in letters that every program can send. */
const KEY = /^[\x21-\x7e]{1,200}$/;

/** Tells the owner of the API of an answer. */
export function report(options: AppOptions, operation: string | null, thrown: unknown, tookMs: number): void {
  const code = thrown === undefined ? null : toNiagaError(thrown).code;
  if (code === 'INTERNAL') options.logger.error({ err: thrown, operation }, 'operation failed');
  else options.logger.debug({ operation, code, tookMs }, 'answered');
  options.onEvent({ type: 'answered', operation, code, tookMs });
}

/** Does what a request asks for, whose caller may ask for it. */
export async function call(
  context: AppContext,
  key: NodeOperationKey,
  caller: Caller,
  options: AppOptions,
): Promise<Response> {
  const row: Operation = OPERATIONS[key];
  const { path } = context.req;
  const started = performance.now();
  const leave = options.limiters.of(caller.name).enter(started);
  context.set(BEGUN, true);
  const controller = new AbortController();
  options.running.add(controller);
  const released = onAbort(caller.ended, (reason) => controller.abort(reason));
  const end = (error?: unknown): void => {
    leave();
    released();
    options.running.delete(controller);
    report(options, path.slice(PREFIX.length), error, performance.now() - started);
  };
  const gone = (): void => controller.abort(new NiagaError('STOPPED', 'The caller has gone away.'));
  const { signal } = controller;
  try {
    const onceKey = requireKey(context.req.header('idempotency-key'), row);
    const input = requireInput(row, await orAborted(readJson(context.env.incoming, options.body), signal));
    const answer = (): unknown => perform(options.handlers, key, input, { signal });
    if (onceKey !== undefined && options.answers !== undefined) {
      // Goes on when the caller has gone: who asks again with the key gets the answer.
      const asked = { caller: caller.id, key: onceKey, path, input };
      const { answer: given, again } = await options.answers.once(asked, () => whole(row, answer, signal, options));
      const failed = given.status === 200 ? undefined : NiagaError.from(JSON.parse(given.body) as { code: ErrorCode });
      end(failed);
      return send(context, given, again ? { 'idempotency-replayed': 'true' } : {});
    }
    const { outgoing } = context.env;
    outgoing.once('close', () => outgoing.writableFinished || gone());
    if (row.answer === 'stream') {
      const outputs = answer() as AsyncIterable<unknown>;
      return await ndjsonResponse(outputs, { signal, onEnd: end, onCancel: gone });
    }
    const output = await orAborted(answer() as Promise<unknown>, signal);
    const body = JSON.stringify(output);
    end();
    return send(context, { status: 200, type: JSON_TYPE, body });
  } catch (error) {
    end(error);
    throw error;
  }
}

/**
 * The key under which the request is done once; undefined: it has none, or changes nothing.
 * @throws NiagaError USAGE
 */
function requireKey(header: string | undefined, row: Operation): string | undefined {
  if (header === undefined || !row.changes) return undefined;
  const where = 'Idempotency-Key';
  if (row.secret === true) {
    throw new NiagaError('USAGE', 'This operation answers with a secret, which is not kept: it takes no key.', {
      where,
    });
  }
  if (KEY.test(header)) return header;
  throw new NiagaError('USAGE', 'The key must be 1 to 200 characters of ASCII without spaces.', {
    where,
    next: 'Send a new random UUID for each request, and the same one to send it again.',
  });
}

/**
 * The whole answer, a refusal included.
 * @throws what says nothing about whether it was done: that the node stops, that the token ended, that it had no time for it now
 */
async function whole(
  row: Operation,
  answer: () => unknown,
  signal: AbortSignal,
  options: AppOptions,
): Promise<Answered> {
  try {
    if (row.answer === 'stream') {
      const body = await orAborted(ndjsonText(answer() as AsyncIterable<unknown>), signal);
      return { status: 200, type: NDJSON, body };
    }
    const output = await orAborted(answer() as Promise<unknown>, signal);
    return { status: 200, type: JSON_TYPE, body: JSON.stringify(output) };
  } catch (thrown) {
    const error = toNiagaError(thrown);
    if (signal.aborted || error.code === 'RATE_LIMITED') throw error;
    if (error.code === 'INTERNAL') options.logger.error({ err: thrown }, 'operation failed');
    return { status: ERRORS[error.code].status, type: PROBLEM_JSON, body: JSON.stringify(problemBody(error)) };
  }
}

/** The one place where a handler's own types are forgotten: `input` was checked by the row with the same key. */
function perform(handlers: Handlers, key: NodeOperationKey, input: unknown, context: CallContext): unknown {
  const handler = handlers[key] as (input: never, context: CallContext) => unknown;
  return handler(input as never, context);
}
