import { Agent } from 'node:http';
import { Agent as TlsAgent } from 'node:https';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Handlers } from '../../../node/api/handlers.js';
import { SCOPES } from '../../../node/api/operation.js';
import { OPERATIONS } from '../../../node/api/operations.js';
import { ROUTES, type Route } from '../../../node/api/routes.js';
import { createStore } from '../../../node/store/index.js';
import { createTokens, type Tokens } from '../../../node/tokens/index.js';
import { ask, onLoopback, problem, serve } from './serve.js';

const GATE = ['API_ORIGIN', 'API_TOKEN', 'API_SCOPE', 'API_METHOD'];

/** Handlers that count. */
function counting(): { handlers: Handlers; called: () => number } {
  let count = 0;
  const answer = { one: async () => ({}), page: async () => ({ items: [] }), stream: async function* () {} };
  const handlers = Object.entries(OPERATIONS).map(([key, row]) => [
    key,
    () => {
      count += 1;
      return answer[row.answer]();
    },
  ]);
  return { handlers: Object.fromEntries(handlers) as Handlers, called: () => count };
}

async function withTokens(task: (tokens: Tokens, clock: { now: number }) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'niaga-routes-'));
  const store = createStore({ path: join(folder, 'store') });
  await store.start();
  const clock = { now: 1_700_000_000_000 };
  const tokens = createTokens({ store, now: () => clock.now });
  await tokens.start();
  try {
    await task(tokens, clock);
  } finally {
    await tokens.stop();
    await store.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

/** Which error the gate must give; undefined: the request gets past it. */
function expected(route: Route, right: { host: boolean; origin: boolean; scopes?: readonly string[]; method: string }) {
  if (!right.host || !right.origin) return 'API_ORIGIN';
  if (route.scope !== null && right.scopes === undefined) return 'API_TOKEN';
  if (right.method !== route.method) return 'API_METHOD';
  if (route.scope === null || right.scopes === undefined) return undefined;
  return right.scopes.includes(route.scope) || right.scopes.includes('admin') ? undefined : 'API_SCOPE';
}

describe.each(['http', 'https'] as const)('every route, over %s', (scheme) => {
  it('lets nobody in whom it should not: Host, Origin, method and token, in all their ways', async () => {
    await withTokens(async (tokens, clock) => {
      const { handlers, called } = counting();
      const lan = scheme === 'http' ? undefined : await onLoopback();
      // A token that ends with the first request could not be tried again.
      const lasting = { find: tokens.find.bind(tokens), redeem: tokens.redeem.bind(tokens), end: async () => false };
      await using served = await serve(handlers, { tokens: lasting, limits: { rate: 1e6, burst: 1e6 }, lan });
      const port = Number(new URL(served.api.lan?.url ?? served.url).port);
      const right = `127.0.0.1:${port}`;
      const other = scheme === 'http' ? 'https' : 'http';
      const hosts: Record<string, boolean> = {
        [right]: true,
        [`LOCALHOST:${port}`]: true,
        // DNS rebinding: another name that leads to this machine.
        [`evil.example:${port}`]: false,
        [`127.0.0.1.evil.example:${port}`]: false,
        [`127.0.0.1:${port === 65_535 ? 1 : port + 1}`]: false,
        '127.0.0.1': false,
      };
      const origins: [string | undefined, boolean][] = [
        [undefined, true],
        [`${scheme}://${right}`, true],
        // CSRF: a page of another site.
        ['https://evil.example', false],
        ['null', false],
        [`${other}://${right}`, false],
        [`${scheme}://${right}.evil.example`, false],
      ];
      const bearers: [string | undefined, readonly string[] | undefined][] = [
        [`Bearer ${served.token}`, ['admin']],
        [undefined, undefined],
        ['Bearer ', undefined],
        [`Bearer ${'A'.repeat(served.token.length)}`, undefined],
        [`Basic ${Buffer.from(`owner:${served.token}`).toString('base64')}`, undefined],
        [served.token, undefined],
      ];
      for (const scope of SCOPES) {
        const { token } = await tokens.create(`only-${scope}`, { scopes: [scope] });
        bearers.push([`Bearer ${token}`, [scope]]);
      }
      const gone = await tokens.create('gone', { scopes: ['admin'] });
      const over = await tokens.create('over', { scopes: ['admin'], days: 1 });
      const link = tokens.link(['admin']);
      await tokens.revoke('gone');
      clock.now += 24 * 60 * 60 * 1000;
      for (const { token } of [gone, over]) bearers.push([`Bearer ${token}`, undefined]);
      bearers.push([`Bearer ${link.code}`, undefined]);

      /** What is tried at each route: each wrong Host and Origin with the best token, each token with a right Host and Origin. */
      const tries = [
        ...Object.entries(hosts).flatMap(([host, good]) =>
          origins.map(([origin, own]) => ({ host, good, origin, own, bearer: bearers[0], method: undefined })),
        ),
        ...bearers.flatMap((bearer) =>
          [undefined, 'DELETE'].map((method) => ({
            host: right,
            good: true,
            origin: `${scheme}://${right}`,
            own: true,
            bearer,
            method,
          })),
        ),
      ];
      using agent = keepAlive(scheme);
      let tried = 0;
      let passed = 0;
      // The gate is one for all listeners: over TLS one route of each kind shows that it stands there, too.
      const routes = scheme === 'http' ? ROUTES : oneOfEachKind();
      for (const route of routes) {
        for (const { host, good, origin, own, bearer = [undefined, undefined], ...other } of tries) {
          const method = other.method ?? route.method;
          const headers = {
            host,
            ...(origin === undefined ? {} : { origin }),
            ...(bearer[0] === undefined ? {} : { authorization: bearer[0] }),
          };
          const reply = await ask(port, method, route.path, headers, '', agent.agent);
          const what = `${method} ${route.path} ${JSON.stringify(headers)}`;
          const scopes = bearer[1] === undefined ? {} : { scopes: bearer[1] };
          const code = expected(route, { host: good, origin: own, ...scopes, method });
          const got = reply.headers['content-type']?.startsWith('application/problem') ? problem(reply)['code'] : '';
          if (code === undefined) expect(GATE, what).not.toContain(got);
          else expect(got, what).toBe(code);
          if (code === undefined && route.key !== undefined) passed += 1;
          tried += 1;
          expect(reply.headers['access-control-allow-origin'], what).toBeUndefined();
          expect(reply.headers['set-cookie'], what).toBeUndefined();
          expect(reply.text.includes(served.token), what).toBe(false);
        }
      }
      expect(tried / routes.length).toBeGreaterThanOrEqual(40);
      // Of those let in, some lack fields that the operation needs.
      expect(called()).toBeGreaterThan(0);
      expect(called()).toBeLessThanOrEqual(passed);
    });
  }, 600_000);
});

describe('a route', () => {
  it('is a row of the table that runs in a node, or one of few that the server answers', () => {
    const ofNode = Object.values(OPERATIONS).filter((row) => row.runs === 'node');
    const own = ROUTES.filter(({ key }) => key === undefined);
    expect(ROUTES).toHaveLength(ofNode.length + own.length);
    const open = ROUTES.filter(({ scope }) => scope === null).map(({ method, path }) => `${method} ${path}`);
    expect(open).toEqual(['GET /', 'GET /health', 'GET /ready', 'GET /openapi.json', 'POST /session']);
  });
});

function oneOfEachKind(): Route[] {
  const kinds = new Map(ROUTES.map((route) => [route.key === undefined ? route.path : String(route.scope), route]));
  return [...kinds.values()];
}

function keepAlive(scheme: 'http' | 'https'): Disposable & { agent: Agent } {
  const options = { keepAlive: true, maxSockets: 1 };
  const agent = scheme === 'http' ? new Agent(options) : new TlsAgent({ ...options, rejectUnauthorized: false });
  return { agent, [Symbol.dispose]: () => agent.destroy() };
}

describe('a page', () => {
  const json = { 'content-type': 'application/json' };

  it('gets a token for the code of a link, once, and only from the node’s own address', async () => {
    await withTokens(async (tokens) => {
      await using served = await serve({ listingList: async () => ({ items: [] }) }, { tokens });
      const { code } = tokens.link(['read']);
      const body = JSON.stringify({ code });
      const own = { ...json, host: `127.0.0.1:${served.port}` };
      const foreign = await ask(served.port, 'POST', '/session', { ...own, origin: 'https://evil.example' }, body);
      expect(problem(foreign)['code']).toBe('API_ORIGIN');
      const form = await ask(served.port, 'POST', '/session', { ...own, 'content-type': 'text/plain' }, body);
      expect(problem(form)['code']).toBe('API_MEDIA_TYPE');
      const reply = await ask(served.port, 'POST', '/session', own, body);
      const { token, scopes } = JSON.parse(reply.text) as { token: string; scopes: string[] };
      expect([reply.status, scopes, reply.headers['cache-control']]).toEqual([200, ['read'], 'no-store']);
      const again = await ask(served.port, 'POST', '/session', own, body);
      expect([again.status, problem(again)['code']]).toEqual([403, 'API_CODE']);
      const authorization = `Bearer ${token}`;
      const list = await ask(served.port, 'POST', '/v1/listing.list', { ...json, authorization }, '{}');
      expect(list.status).toBe(200);
      const open = await ask(served.port, 'POST', '/v1/open', { ...json, authorization }, '{}');
      expect([open.status, problem(open)['code']]).toEqual([403, 'API_SCOPE']);
    });
  });

  it('ends its own token when somebody signs out, so that a copy opens nothing; that of the owner’s file goes on', async () => {
    await withTokens(async (tokens) => {
      await using served = await serve({ listingList: async () => ({ items: [] }) }, { tokens });
      const { token } = await tokens.redeem(tokens.link(['read', 'trade'], 'telepon').code);
      const list = (bearer: string) =>
        ask(served.port, 'POST', '/v1/listing.list', { ...json, authorization: `Bearer ${bearer}` }, '{}');
      const end = (bearer: string) =>
        ask(served.port, 'POST', '/session/end', { ...json, authorization: `Bearer ${bearer}` }, '{}');
      expect((await list(token)).status).toBe(200);
      expect(JSON.parse((await end(token)).text)).toEqual({ ended: true });
      expect([(await list(token)).status, (await end(token)).status, tokens.list()]).toEqual([401, 401, []]);
      expect(JSON.parse((await end(served.token)).text)).toEqual({ ended: false });
      expect((await list(served.token)).status).toBe(200);
    });
  });

  it('whose token is revoked hears nothing more', async () => {
    await withTokens(async (tokens) => {
      let begun = (): void => undefined;
      const running = new Promise<void>((resolve) => (begun = resolve));
      await using served = await serve(
        {
          events: async function* () {
            yield { seq: 1, time: 0, type: 'gap', data: {} };
            begun();
            await new Promise(() => undefined);
          },
        },
        { tokens },
      );
      const { token } = await tokens.create('layar', { scopes: ['read'] });
      const authorization = `Bearer ${token}`;
      const following = ask(served.port, 'POST', '/v1/events', { ...json, authorization }, '{"follow":true}');
      await running;
      await tokens.revoke('layar');
      expect((await following).text.trim().split('\n').at(-1)).toContain('"code":"API_TOKEN"');
    });
  });
});
