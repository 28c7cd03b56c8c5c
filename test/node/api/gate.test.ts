import { describe, expect, it } from 'vitest';
import { ask, problem, serve } from './serve.js';

const RIGHT = 'right';

/** Which error a request must get; undefined: none. The first thing that is wrong decides. */
function expected(host: string, origin: string, token: string, method: string, path: string): string | undefined {
  if (host !== RIGHT && host !== 'localhost') return 'API_ORIGIN';
  if (origin !== 'none' && origin !== RIGHT) return 'API_ORIGIN';
  if (path === '/health') return method === 'GET' ? undefined : 'API_METHOD';
  if (token !== RIGHT) return 'API_TOKEN';
  return method === 'POST' ? undefined : 'API_METHOD';
}

describe('the gate of the API', () => {
  it('lets nobody in but the right host, origin, token and method together', async () => {
    let called = 0;
    await using served = await serve({
      listingList: async () => {
        called += 1;
        return { items: [] };
      },
    });
    const { port, token } = served;
    const hosts = {
      [RIGHT]: `127.0.0.1:${port}`,
      localhost: `LOCALHOST:${port}`,
      rebound: `evil.example:${port}`,
      'other port': `127.0.0.1:${port + 1}`,
      'no port': '127.0.0.1',
      lookalike: `127.0.0.1.evil.example:${port}`,
      any: `0.0.0.0:${port}`,
    };
    const origins = {
      none: undefined,
      [RIGHT]: `http://127.0.0.1:${port}`,
      foreign: 'https://evil.example',
      sandboxed: 'null',
      'other scheme': `https://127.0.0.1:${port}`,
      'other port': `http://127.0.0.1:${port + 1}`,
    };
    const tokens = {
      [RIGHT]: `Bearer ${token}`,
      none: undefined,
      empty: 'Bearer ',
      wrong: `Bearer ${'A'.repeat(token.length)}`,
      longer: `Bearer ${token}A`,
      basic: `Basic ${Buffer.from(`niaga:${token}`).toString('base64')}`,
      bare: token,
    };
    let tried = 0;
    let entered = 0;
    for (const [host, hostHeader] of Object.entries(hosts)) {
      for (const [origin, originHeader] of Object.entries(origins)) {
        for (const [auth, authHeader] of Object.entries(tokens)) {
          for (const method of ['POST', 'GET', 'OPTIONS', 'DELETE']) {
            for (const path of ['/v1/listing.list', '/health']) {
              const reply = await ask(port, method, path, {
                host: hostHeader,
                ...(originHeader === undefined ? {} : { origin: originHeader }),
                ...(authHeader === undefined ? {} : { authorization: authHeader }),
              });
              const what = `${method} ${path}, host ${host}, origin ${origin}, token ${auth}`;
              const code = expected(host, origin, auth, method, path);
              if (code === undefined) expect(reply.status, what).toBe(200);
              else expect(problem(reply)['code'], what).toBe(code);
              if (code === undefined && path !== '/health') entered += 1;
              tried += 1;
              expect(reply.headers['access-control-allow-origin'], what).toBeUndefined();
              expect(reply.text, what).not.toContain(token);
            }
          }
        }
      }
    }
    expect(tried).toBe(7 * 6 * 7 * 4 * 2);
    expect(called).toBe(entered);
    expect(entered).toBe(2 * 2);
  });

  it('makes a new token at each start and refuses the old one', async () => {
    await using first = await serve({ listingList: async () => ({ items: [] }) });
    const authorization = `Bearer ${first.token}`;
    const host = `127.0.0.1:${first.port}`;
    expect((await ask(first.port, 'POST', '/v1/listing.list', { host, authorization })).status).toBe(200);
    await using second = await serve({ listingList: async () => ({ items: [] }) });
    const reply = await ask(second.port, 'POST', '/v1/listing.list', {
      host: `127.0.0.1:${second.port}`,
      authorization,
    });
    expect(reply.status).toBe(401);
    expect(reply.headers['www-authenticate']).toMatch(/^Bearer/);
    expect(second.token).not.toBe(first.token);
    expect(Buffer.from(second.token, 'base64url').length).toBe(32);
  });
});
