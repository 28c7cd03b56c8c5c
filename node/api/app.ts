import { Hono, type Context } from 'hono';
import type { Logger } from '../logger.js';
import { NiagaError, type ErrorCode } from '../../protocol/errors.js';
import { onAbort } from '../signals.js';
import { orAborted } from './abort.js';
import { readJson } from './body.js';
import { checkOrigin, requireCaller, requireScope, type FindCaller } from './gate.js';
import type { CallContext, Handlers, NodeOperationKey } from './handlers.js';
import { requireInput } from './input.js';
import type { Limiters } from './limits.js';
import { ndjsonResponse } from './ndjson.js';
import type { Operation } from './operation.js';
import { OPERATIONS } from './operations.js';
import type { Page } from './page.js';
import { problemResponse, toNiagaError } from './problem.js';
import { OWN_ROUTES, PREFIX, ROUTES, type OwnPath } from './routes.js';
import { openSession, type Redeem } from './session.js';

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
  readonly find: FindCaller;
  /** Changes the code of a link into a token; absent: there are no links. */
  readonly redeem: Redeem | undefined;
  /** What a request's Host may be. Filled in when the port is known. */
  readonly hosts: ReadonlySet<string>;
  readonly ready: () => boolean;
  readonly limiters: Limiters;
  readonly maxBody: number;
  readonly logger: Logger;
  readonly version: string;
  /** What people tap; none where it was not built. */
  readonly page: Page | undefined;
  readonly onEvent: (event: ApiEvent) => void;
  /** What runs now, so that a stop can end it. */
  readonly running: Set<AbortController>;
}

/** Which key of the table a path names. */
const BY_PATH: ReadonlyMap<string, NodeOperationKey> = new Map(
  ROUTES.flatMap(({ path, key }): [string, NodeOperationKey][] => (key === undefined ? [] : [[path, key]])),
);

/** Nothing that this server sends may run, be framed, be kept or be guessed at. */
const SAFE_HEADERS: Readonly<Record<string, string>> = {
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
};

/** The routes of the API (routes.ts): `POST /v1/<name>` for each row that runs in a node, and what the server itself answers. */
export function createApp(options: AppOptions): Hono {
  const { hosts, ready, version, page } = options;
  const app = new Hono();

  app.use('*', async (context, next) => {
    await next();
    const { headers } = context.res;
    // Whoever serves files says how those are to be treated.
    for (const [name, value] of Object.entries(SAFE_HEADERS)) if (!headers.has(name)) headers.set(name, value);
  });
  app.use('*', async (context, next) => {
    checkOrigin(context.req.header('host'), context.req.header('origin'), hosts);
    await next();
  });

  const own: Readonly<Record<OwnPath, (context: Context) => Response | Promise<Response>>> = {
    // Programs get a word of welcome, people the page.
    '/': (context) => {
      const forPeople = context.req.header('accept')?.includes('text/html') === true;
      return (forPeople ? pageAt(context) : undefined) ?? context.text(welcome(version));
    },
    '/health': (context) => context.json({ ok: true }),
    '/ready': (context) => (ready() ? context.json({ ready: true }) : context.json({ ready: false }, 503)),
    '/session': (context) => openSession(context.req.raw, options.redeem, options.limiters),
  };
  for (const { method, path } of OWN_ROUTES) app.on(method, path, own[path]);
  app.all(`${PREFIX}*`, (context) => call(context, options));

  app.get('*', (context, next) => pageAt(context) ?? next());

  app.notFound((context) => refuse(unknownPath(context.req.path), context));
  app.onError(refuse);

  function pageAt(context: Context): Response | undefined {
    return page?.answer(context.req.path, context.req.header('accept-encoding'));
  }
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
  const caller = requireCaller(context.req.header('authorization'), options.find);
  const { path } = context.req;
  const key = BY_PATH.get(path);
  if (key === undefined) throw unknownPath(path);
  if (context.req.method !== 'POST') {
    throw new NiagaError('API_METHOD', `Operations are asked for with POST, not ${context.req.method}.`, {
      next: `POST ${path} with the input as JSON.`,
    });
  }
  const row: Operation = OPERATIONS[key];
  requireScope(caller, row.scope);
  const started = performance.now();
  const leave = options.limiters.of(caller.name).enter(started);
  context.set(BEGUN, true);
  const controller = new AbortController();
  options.running.add(controller);
  const gone = (): void => controller.abort(new NiagaError('STOPPED', 'The caller has gone away.'));
  const request = context.req.raw;
  request.signal.addEventListener('abort', gone, { once: true });
  const released = onAbort(caller.ended, (reason) => controller.abort(reason));
  const end = (error?: unknown): void => {
    leave();
    released();
    options.running.delete(controller);
    report(options, path.slice(PREFIX.length), error, performance.now() - started);
  };
  try {
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
    next: `Operations are at ${PREFIX}<name>: ${[...BY_PATH.keys()].map((each) => each.slice(PREFIX.length)).join(', ')}.`,
  });
}

function welcome(version: string): string {
  return [
    `Niaga ${version}: the local API of a peer-to-peer trading node.`,
    '',
    'Programs: POST /v1/<operation> with JSON and "Authorization: Bearer TOKEN"; the token is in api.json in the home.',
    'People: type "niaga open" in a terminal for the page, "niaga --help" for all else.',
    '',
  ].join('\n');
}
