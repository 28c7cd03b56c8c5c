import type { HttpBindings } from '@hono/node-server';
import { getConnInfo } from '@hono/node-server/conninfo';
import { Hono, type Context } from 'hono';
import type { Logger } from '../logger.js';
import type { Caller } from '../tokens/index.js';
import { NiagaError, type ErrorCode } from '../../protocol/errors.js';
import { onAbort } from '../signals.js';
import type { BodyLimits } from './body.js';
import { BEGUN, call, report } from './call.js';
import { checkOrigin, isHere, requireCaller, requireScope, requireSealed, type FindCaller } from './gate.js';
import type { Handlers, NodeOperationKey } from './handlers.js';
import type { KeptAnswers } from './kept-answers.js';
import type { Limiters } from './limits.js';
import { mediaResponse, type FindMedia } from './media.js';
import { metricsResponse, type ReadMetrics } from './metrics.js';
import { openApi } from './openapi.js';
import { OPERATIONS } from './operations.js';
import type { Page } from './page.js';
import type { Place } from './place.js';
import { problemResponse, toNiagaError } from './problem.js';
import { OWN_ROUTES, PREFIX, ROUTES, type OwnPath, type Route } from './routes.js';
import { endSession, openSession, type Redeem } from './session.js';
import { EVENT_STREAM, listen, mayListen, type EventSource, type Listeners } from './sse.js';

/** What comes with a request: what the server of Node.js gives, and whether its operation has been let in. */
interface Env {
  readonly Bindings: HttpBindings;
  readonly Variables: { readonly [BEGUN]?: true };
}
export type AppContext = Context<Env>;

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
  /** Ends the caller's own token; false: it ends with the node only. */
  readonly endToken: (caller: Caller) => Promise<boolean>;
  /** What was answered under which key; absent: keys are not looked at. */
  readonly answers: Pick<KeptAnswers, 'once'> | undefined;
  /** What `/events` gives out; absent: there are none. */
  readonly events: EventSource | undefined;
  /** What `/media` gives out; absent: there is nothing. */
  readonly media: FindMedia | undefined;
  /** Who listens to them now. */
  readonly listeners: Listeners;
  readonly metrics: ReadMetrics;
  /** Where this listener is reached; asked when the port is known. */
  readonly place: () => Place;
  /** Where the node is reached over TLS; empty: nowhere. */
  readonly tlsUrl: () => string;
  readonly ready: () => boolean;
  readonly limiters: Limiters;
  readonly body: BodyLimits;
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
export function createApp(options: AppOptions): Hono<Env> {
  const { place, ready, version, page } = options;
  const app = new Hono<Env>();

  app.use('*', (context, next) => {
    // Before anything is answered: whoever serves files says after that how those are to be treated.
    for (const [name, value] of Object.entries(SAFE_HEADERS)) context.env.outgoing.setHeader(name, value);
    checkOrigin(context.req.header('host'), context.req.header('origin'), place());
    return next();
  });

  const own: Readonly<Record<OwnPath, (context: AppContext) => Response | Promise<Response>>> = {
    // Programs get a word of welcome, people the page.
    '/': (context) => {
      const forPeople = context.req.header('accept')?.includes('text/html') === true;
      return (forPeople ? pageAt(context) : undefined) ?? context.text(welcome(version));
    },
    '/health': (context) => context.json({ ok: true }),
    '/ready': (context) => (ready() ? context.json({ ready: true }) : context.json({ ready: false }, 503)),
    '/openapi.json': (context) => context.json(openApi(version)),
    '/session': (context) => {
      sealed(context);
      return openSession(
        context.env.incoming,
        isHere(getConnInfo(context).remote.address) ? 'here' : 'elsewhere',
        options,
      );
    },
    '/session/end': (context) => endSession(callerOf(context), options),
    '/metrics': () => Promise.resolve(options.metrics()).then(metricsResponse),
    '/events': (context) => follow(context, options),
    '/media/{picture}': (context) => showMedia(context, options),
  };
  for (const { method, path, scope } of OWN_ROUTES) {
    app.all(path.replace(/\{(\w+)\}/, ':$1'), (context) => {
      const caller = scope === null ? undefined : callerOf(context);
      requireMethod(context, method);
      if (caller !== undefined && scope !== null) requireScope(caller, scope);
      return own[path](context);
    });
  }
  app.all(`${PREFIX}*`, (context) => {
    const caller = callerOf(context);
    const { path } = context.req;
    const key = BY_PATH.get(path);
    if (key === undefined) throw unknownPath(path);
    requireMethod(context, 'POST');
    requireScope(caller, OPERATIONS[key].scope);
    return call(context, key, caller, options);
  });

  app.get('*', (context, next) => pageAt(context) ?? next());

  app.notFound((context) => refuse(unknownPath(context.req.path), context));
  app.onError(refuse);

  function sealed(context: AppContext): void {
    requireSealed(place(), getConnInfo(context).remote.address, options.tlsUrl());
  }
  function callerOf(context: AppContext): Caller {
    sealed(context);
    return requireCaller(context.req.header('authorization'), options.find);
  }
  function pageAt(context: AppContext): Response | undefined {
    return page?.answer(context.req.path, context.req.header('accept-encoding'));
  }
  function refuse(thrown: unknown, context: AppContext): Response {
    const error = toNiagaError(thrown);
    // An operation that was begun has told of its end itself.
    if (context.get(BEGUN) !== true) report(options, null, thrown, 0);
    return problemResponse(error);
  }
  return app;
}

/** HEAD is GET without the body. @throws NiagaError API_METHOD */
function requireMethod({ req }: AppContext, method: Route['method']): void {
  if (req.method === method || (req.method === 'HEAD' && method === 'GET')) return;
  throw new NiagaError('API_METHOD', `This is asked for with ${method}, not ${req.method}.`, {
    next: method === 'POST' ? `POST ${req.path} with the input as JSON.` : `GET ${req.path}`,
    details: { allow: method },
  });
}

/** Lets a listener in. One that stays does not count as an operation that runs: there may be many, and they do nothing. */
function follow(context: AppContext, options: AppOptions): Response {
  const caller = requireCaller(context.req.header('authorization'), options.find);
  const { events, listeners, running } = options;
  if (events === undefined) throw unknownPath(context.req.path);
  options.limiters.of(caller.name).enter(performance.now())();
  if (!mayListen(listeners, caller.id)) {
    throw new NiagaError('RATE_LIMITED', 'As many listen with this token as may.', { next: 'Close some of them.' });
  }
  // HEAD is GET without the body: nobody would ever read it, or end it.
  if (context.req.method === 'HEAD') return new Response(null, { headers: { 'content-type': EVENT_STREAM } });
  const controller = new AbortController();
  const released = onAbort(caller.ended, (reason) => controller.abort(reason));
  const onEnd = (): void => {
    released();
    listeners.delete(controller);
    running.delete(controller);
  };
  listeners.set(controller, caller.id);
  running.add(controller);
  try {
    return listen(context, { events, signal: controller.signal, onEnd });
  } catch (error) {
    onEnd();
    throw error;
  }
}

/** Gives out what is here under the id in the path. */
function showMedia(context: AppContext, { media, limiters, find }: AppOptions): Promise<Response> {
  if (media === undefined) throw unknownPath(context.req.path);
  limiters.of(requireCaller(context.req.header('authorization'), find).name).enter(performance.now())();
  return mediaResponse(context.req.param('picture') ?? '', media);
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
