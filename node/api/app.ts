import { Hono, type Context } from 'hono';
import type { Logger } from '../logger.js';
import { NiagaError, type ErrorCode } from '../../protocol/errors.js';
import { orAborted } from './abort.js';
import { readJson } from './body.js';
import { checkOrigin, checkToken } from './gate.js';
import type { CallContext, Handlers, NodeOperationKey } from './handlers.js';
import { requireInput } from './input.js';
import type { Limiter } from './limits.js';
import { ndjsonResponse } from './ndjson.js';
import { nameOf, type Operation } from './operation.js';
import { OPERATIONS } from './operations.js';
import { problemResponse, toNiagaError } from './problem.js';

/** Told to the owner of the API after each answer. */
export interface ApiEvent {
  readonly type: 'answered';
  /** The operation's name; null when the request was for none. */
  readonly operation: string | null;
  /** What it failed with; null when it did not. */
  readonly code: ErrorCode | null;
  readonly tookMs: number;
}

export interface AppOptions {
  readonly handlers: Handlers;
  readonly token: string;
  /** What a request's Host may be. Filled in when the port is known. */
  readonly hosts: ReadonlySet<string>;
  readonly ready: () => boolean;
  readonly limiter: Limiter;
  readonly maxBody: number;
  readonly logger: Logger;
  readonly version: string;
  readonly onEvent: (event: ApiEvent) => void;
  /** What runs now, so that a stop can end it. */
  readonly running: Set<AbortController>;
}

const PREFIX = '/v1/';

/** Which key of the table a path names. */
const BY_NAME: ReadonlyMap<string, NodeOperationKey> = new Map(
  (Object.keys(OPERATIONS) as (keyof typeof OPERATIONS)[]).flatMap((key): [string, NodeOperationKey][] =>
    isOfNode(key) ? [[nameOf(OPERATIONS[key]), key]] : [],
  ),
);

function isOfNode(key: keyof typeof OPERATIONS): key is NodeOperationKey {
  return OPERATIONS[key].runs === 'node';
}

/** Nothing that this server sends may run, be framed, be kept or be guessed at. */
const SAFE_HEADERS: Readonly<Record<string, string>> = {
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
};

/** The routes of the API: `POST /v1/<name>` for each row that runs in a node, and three that need no token. */
export function createApp(options: AppOptions): Hono {
  const { token, hosts, ready, version } = options;
  const app = new Hono();

  app.use('*', async (context, next) => {
    await next();
    for (const [name, value] of Object.entries(SAFE_HEADERS)) context.res.headers.set(name, value);
  });
  app.use('*', async (context, next) => {
    checkOrigin(context.req.header('host'), context.req.header('origin'), hosts);
    await next();
  });

  app.get('/', (context) => context.text(welcome(version)));
  app.get('/health', (context) => context.json({ ok: true }));
  app.get('/ready', (context) => (ready() ? context.json({ ready: true }) : context.json({ ready: false }, 503)));

  app.use(`${PREFIX}*`, async (context, next) => {
    checkToken(context.req.header('authorization'), token);
    await next();
  });
  app.all(`${PREFIX}*`, (context) => call(context, options));

  app.notFound((context) => refuse(unknownPath(context.req.path), context));
  app.onError(refuse);

  function refuse(thrown: unknown, context: Context): Response {
    const error = toNiagaError(thrown);
    // An operation that was begun has told of its end itself.
    if (context.get(BEGUN) !== true) report(options, null, thrown, 0);
    return problemResponse(error);
  }
  return app;
}

/** Set in a request's context when its operation has been let in. */
const BEGUN = 'begun';

function report(options: AppOptions, operation: string | null, thrown: unknown, tookMs: number): void {
  const code = thrown === undefined ? null : toNiagaError(thrown).code;
  if (code === 'INTERNAL') options.logger.error({ err: thrown, operation }, 'operation failed');
  else options.logger.debug({ operation, code, tookMs }, 'answered');
  options.onEvent({ type: 'answered', operation, code, tookMs });
}

async function call(context: Context, options: AppOptions): Promise<Response> {
  const name = context.req.path.slice(PREFIX.length);
  const key = BY_NAME.get(name);
  if (key === undefined) throw unknownPath(context.req.path);
  if (context.req.method !== 'POST') {
    throw new NiagaError('API_METHOD', `Operations are asked for with POST, not ${context.req.method}.`, {
      next: `POST ${PREFIX}${name} with the input as JSON.`,
    });
  }
  const started = performance.now();
  const leave = options.limiter.enter(started);
  context.set(BEGUN, true);
  const controller = new AbortController();
  options.running.add(controller);
  const gone = (): void => controller.abort(new NiagaError('STOPPED', 'The caller has gone away.'));
  const request = context.req.raw;
  request.signal.addEventListener('abort', gone, { once: true });
  const end = (error?: unknown): void => {
    leave();
    options.running.delete(controller);
    report(options, name, error, performance.now() - started);
  };
  try {
    const row: Operation = OPERATIONS[key];
    const input = requireInput(row, await orAborted(readJson(request, options.maxBody), controller.signal));
    const answer = perform(options.handlers, key, input, { signal: controller.signal });
    if (row.answer === 'stream') {
      const outputs = answer as AsyncIterable<unknown>;
      return await ndjsonResponse(outputs, { signal: controller.signal, onEnd: end, onCancel: gone });
    }
    const output = await orAborted(answer as Promise<unknown>, controller.signal);
    const response = new Response(JSON.stringify(output), { headers: { 'content-type': 'application/json' } });
    end();
    return response;
  } catch (error) {
    end(error);
    throw error;
  }
}

/** The one place where a handler's own types are forgotten: `input` was checked by the row with the same key. */
function perform(handlers: Handlers, key: NodeOperationKey, input: unknown, context: CallContext): unknown {
  const handler = handlers[key] as (input: never, context: CallContext) => unknown;
  return handler(input as never, context);
}

function unknownPath(path: string): NiagaError {
  return new NiagaError('OPERATION_UNKNOWN', `There is nothing at ${path.slice(0, 100)}.`, {
    next: `Operations are at ${PREFIX}<name>: ${[...BY_NAME.keys()].join(', ')}.`,
  });
}

function welcome(version: string): string {
  return [
    `Niaga ${version}: the local API of a peer-to-peer trading node.`,
    '',
    'Programs: POST /v1/<operation> with JSON and "Authorization: Bearer TOKEN"; the token is in api.json in the home.',
    'People: type "niaga --help" in a terminal.',
    '',
  ].join('\n');
}
