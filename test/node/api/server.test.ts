import { once } from 'node:events';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { Agent, createServer, request as httpRequest, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { describe, expect, it, vi } from 'vitest';
import { NiagaError } from '../../../protocol/errors.js';
import type { ApiEvent } from '../../../node/api/index.js';
import { ask, problem, serve, type Reply, type Served } from './serve.js';
import { ownTime, until } from '../../support/own-time.js';
import { PATIENCE } from '../../support/patience.js';

const MiB = 1024 * 1024;

function post(
  served: Served,
  path: string,
  body: string | Uint8Array = '',
  more: Record<string, string> = {},
): Promise<Reply> {
  const headers = { authorization: `Bearer ${served.token}`, 'content-type': 'application/json', ...more };
  return ask(served.port, 'POST', path, headers, body);
}

describe('answers', () => {
  it('gives one output as JSON, with the defaults of the input filled in', async () => {
    const seen = vi.fn();
    await using served = await serve({
      search: async (input) => {
        seen(input);
        return {
          hits: [],
          matched: 0,
          coverage: { verdict: 'unknown', asked: 0, answered: 0, expected: 0, truncated: 0, refused: 0, keys: [] },
          tookMs: 1,
        };
      },
    });
    const reply = await post(served, '/v1/search', JSON.stringify({ words: ['kopi'] }));
    expect(reply.status).toBe(200);
    expect(reply.headers['content-type']).toBe('application/json');
    expect(reply.headers['cache-control']).toBe('no-store');
    expect(JSON.parse(reply.text)).toMatchObject({ hits: [], tookMs: 1 });
    expect(seen).toHaveBeenCalledWith(
      expect.objectContaining({ words: ['kopi'], limit: 20, sort: 'relevance', timeoutMs: 2_500 }),
    );
  });

  it('gives a page as items and the place to go on', async () => {
    await using served = await serve({
      listingList: async ({ after }) => ({ items: [], next: `after ${after ?? 'nothing'}` }),
    });
    const reply = await post(served, '/v1/listing.list', '{"after":"x"}');
    expect(JSON.parse(reply.text)).toEqual({ items: [], next: 'after x' });
  });

  it('says who it is, and whether it is well and ready, without a token', async () => {
    let ready = false;
    await using served = await serve({}, { ready: () => ready });
    expect((await ask(served.port, 'GET', '/')).text).toContain('Niaga 0.0.0-test');
    expect(JSON.parse((await ask(served.port, 'GET', '/health')).text)).toEqual({ ok: true });
    expect((await ask(served.port, 'GET', '/ready')).status).toBe(503);
    ready = true;
    expect(JSON.parse((await ask(served.port, 'GET', '/ready')).text)).toEqual({ ready: true });
  });
});

describe('errors', () => {
  it('are problem documents with our code, where and what next, and the status of the table', async () => {
    await using served = await serve({
      tradeShow: async () => {
        throw new NiagaError('TRADE_NOT_FOUND', 'No trade begins so.', {
          where: 'trade',
          next: 'niaga trade list',
          details: { n: 0 },
        });
      },
    });
    const reply = await post(served, '/v1/trade.show', '{"trade":"bafy"}');
    expect(reply.status).toBe(404);
    expect(reply.headers['content-type']).toBe('application/problem+json');
    expect(problem(reply)).toEqual({
      type: 'urn:niaga:error:TRADE_NOT_FOUND',
      title: 'There is no trade with that id here.',
      status: 404,
      detail: 'No trade begins so.',
      code: 'TRADE_NOT_FOUND',
      message: 'No trade begins so.',
      where: 'trade',
      next: 'niaga trade list',
      details: { n: 0 },
    });
  });

  it('of the program itself say nothing of its inside, and are logged', async () => {
    const events: ApiEvent[] = [];
    await using served = await serve(
      {
        status: async () => {
          throw new TypeError('secret detail /home/sari');
        },
      },
      { onEvent: (event) => events.push(event) },
    );
    const reply = await post(served, '/v1/status');
    expect(reply.status).toBe(500);
    expect(reply.text).not.toMatch(/secret|TypeError|    at |\.ts/);
    expect(problem(reply)['code']).toBe('INTERNAL');
    expect(events).toMatchObject([{ operation: 'status', code: 'INTERNAL' }]);
  });

  it.each([
    ['an unknown field', '/v1/trade.show', '{"trade":"x","colour":1}', 400, 'USAGE', 'colour'],
    ['a field of another type', '/v1/trade.show', '{"trade":5}', 400, 'USAGE', 'trade'],
    ['a missing field', '/v1/trade.show', '{}', 400, 'USAGE', 'trade'],
    ['an empty field', '/v1/trade.show', '{"trade":""}', 400, 'USAGE', 'trade'],
    ['a number in text', '/v1/listing.list', '{"limit":"5"}', 400, 'USAGE', 'limit'],
    ['a number beyond its bounds', '/v1/listing.list', '{"limit":0}', 400, 'USAGE', 'limit'],
    ['a fraction', '/v1/offer', '{"listing":"x","quantity":1.5}', 400, 'USAGE', 'quantity'],
    ['infinity', '/v1/offer', '{"listing":"x","quantity":1e400}', 400, 'USAGE', 'quantity'],
    ['a word that is none of the choices', '/v1/search', '{"words":["a"],"kind":"x"}', 400, 'USAGE', 'kind'],
    [
      'a field deep inside',
      '/v1/publish',
      '{"items":[{"value":{}},{"line":0,"value":{}}]}',
      400,
      'USAGE',
      'items[1].line',
    ],
    ['__proto__', '/v1/trade.show', '{"trade":"x","__proto__":{"a":1}}', 400, 'USAGE', '__proto__'],
    ['a list instead of an object', '/v1/status', '[]', 400, 'USAGE', undefined],
    ['null', '/v1/status', 'null', 400, 'USAGE', undefined],
    ['no JSON', '/v1/status', '{', 400, 'INPUT_SYNTAX', 'body'],
    ['no UTF-8', '/v1/status', Uint8Array.of(0x22, 0xff, 0x22), 400, 'INPUT_ENCODING', 'body'],
    ['an unknown operation', '/v1/nothing', '{}', 404, 'OPERATION_UNKNOWN', undefined],
    ['a local operation', '/v1/init', '{}', 404, 'OPERATION_UNKNOWN', undefined],
    ['a path that climbs', '/v1/../v1/constructor', '{}', 404, 'OPERATION_UNKNOWN', undefined],
  ])('refuse %s', async (_, path, body, status, code, where) => {
    await using served = await serve();
    const reply = await post(served, path, body);
    expect(problem(reply)).toMatchObject({ status, code });
    expect(problem(reply)['where']).toBe(where);
    expect(reply.status).toBe(status);
    expect(String(problem(reply)['message'])).toMatch(/\.$/);
  });

  it('refuse a body that is not said to be JSON', async () => {
    await using served = await serve();
    const reply = await post(served, '/v1/status', '{}', { 'content-type': 'text/plain' });
    expect([reply.status, problem(reply)['code']]).toEqual([415, 'API_MEDIA_TYPE']);
  });
});

describe('limits', () => {
  it('take a body up to the limit and refuse one beyond it, announced or not', async () => {
    const received: number[] = [];
    await using served = await serve({
      publish: async function* ({ items }) {
        received.push(JSON.stringify(items[0]?.value).length);
        yield* [];
      },
    });
    const body = (size: number) => JSON.stringify({ items: [{ line: 1, value: 'x'.repeat(size) }] });
    expect((await post(served, '/v1/publish', body(15 * MiB))).status).toBe(200);
    const announced = await post(served, '/v1/publish', body(17 * MiB));
    expect([announced.status, problem(announced)['code']]).toEqual([413, 'INPUT_TOO_LARGE']);
    const chunked = await post(served, '/v1/publish', body(17 * MiB), { 'transfer-encoding': 'chunked' });
    expect([chunked.status, problem(chunked)['code']]).toEqual([413, 'INPUT_TOO_LARGE']);
    expect(received).toEqual([15 * MiB + 2]);
  });

  it('let only so many operations run at once, and count one as ended when it is', async () => {
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    let begun = 0;
    await using served = await serve(
      {
        listingList: async () => {
          begun++;
          await held;
          return { items: [] };
        },
      },
      { limits: { maxConcurrent: 2 } },
    );
    const running = [post(served, '/v1/listing.list'), post(served, '/v1/listing.list')];
    await vi.waitFor(() => expect(begun).toBe(2), PATIENCE);
    const refused = await post(served, '/v1/listing.list');
    expect([refused.status, problem(refused)['code'], refused.headers['retry-after']]).toEqual([
      429,
      'RATE_LIMITED',
      '1',
    ]);
    release();
    for (const reply of await Promise.all(running)) expect(reply.status).toBe(200);
    expect((await post(served, '/v1/listing.list')).status).toBe(200);
  });

  it('let only so many come in a second', async () => {
    await using served = await serve(
      { listingList: async () => ({ items: [] }) },
      { limits: { rate: 1 / 3_600, burst: 3 } },
    );
    const codes = [];
    for (let n = 0; n < 5; n++) codes.push((await post(served, '/v1/listing.list')).status);
    expect(codes).toEqual([200, 200, 200, 429, 429]);
    expect((await ask(served.port, 'GET', '/health')).status).toBe(200);
  });
});

describe('start and stop', () => {
  it('write where it listens for the owner only, and remove it again', async () => {
    await using served = await serve();
    expect((await stat(served.apiFile)).mode & 0o777).toBe(0o600);
    expect(JSON.parse(await readFile(served.apiFile, 'utf8'))).toEqual({
      url: `http://127.0.0.1:${served.port}`,
      token: served.token,
      pid: process.pid,
      trader: 'z6MkTest',
    });
    await served.api.start();
    expect(served.api.url).toBe(served.url);
    await Promise.all([served.api.stop(), served.api.stop()]);
    await expect(readFile(served.apiFile)).rejects.toThrow('ENOENT');
    expect(served.api.url).toBeUndefined();
    await expect(ask(served.port, 'GET', '/health')).rejects.toThrow('ECONNREFUSED');
    await served.api.start();
    expect(served.api.url).toBeDefined();
  });

  it('leave the file of a node that has taken over', async () => {
    await using served = await serve();
    await writeFile(served.apiFile, '{"token":"of another"}');
    await served.api.stop();
    expect(await readFile(served.apiFile, 'utf8')).toContain('of another');
  });

  it('name a taken port and what to do', async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const { port } = other.address() as AddressInfo;
    await expect(serve({}, { port })).rejects.toMatchObject({
      code: 'PORT_TAKEN',
      where: `127.0.0.1:${port}`,
      next: expect.stringContaining('--api 127.0.0.1:0') as string,
    });
    other.close();
  });

  it('take a free port when none is asked for and the usual one is taken', async () => {
    await using first = await serve({}, { port: undefined });
    await using second = await serve({}, { port: undefined });
    expect(second.port).not.toBe(first.port);
  });

  it('refuse to be reached from other machines unless told', async () => {
    await expect(serve({}, { host: '0.0.0.0' })).rejects.toMatchObject({ code: 'ADDRESS_INVALID' });
    await using served = await serve({}, { host: '0.0.0.0', allowRemote: true });
    expect((await ask(served.port, 'GET', '/health', { host: `localhost:${served.port}` })).status).toBe(200);
  });

  it('name the home when the file cannot be written, and listen no more', async () => {
    await expect(serve({}, { home: { apiFile: '/nonexistent/folder/api.json' } })).rejects.toMatchObject({
      code: 'HOME_UNUSABLE',
      where: '/nonexistent/folder/api.json',
    });
  });

  it('end within two seconds whatever runs, telling the callers why', async () => {
    ownTime({ pace: 1 });
    let aborted = false;
    let running = 0;
    await using served = await serve({
      // One that watches its signal, one that never does, and a stream in the middle.
      status: (_, { signal }) =>
        new Promise((_resolve, reject) => {
          running++;
          signal.addEventListener('abort', () => {
            aborted = true;
            reject(new Error('noticed'));
          });
        }),
      tradeShow: () => new Promise(() => running++),
      publish: async function* () {
        yield { line: 1, sku: null, listing: null, status: 'published', replicas: 0, quorum: false };
        running++;
        await new Promise(() => undefined);
      },
    });
    const replies = [
      post(served, '/v1/status'),
      post(served, '/v1/trade.show', '{"trade":"x"}'),
      post(served, '/v1/publish', '{"items":[]}'),
    ];
    await until(() => expect(running).toBe(3));
    const begun = performance.now();
    await served.api.stop();
    expect(performance.now() - begun).toBeLessThan(2_000);
    const [watching, deaf, stream] = await Promise.all(replies);
    expect(aborted).toBe(true);
    for (const reply of [watching, deaf])
      expect(problem(reply as Reply)).toMatchObject({ status: 503, code: 'STOPPED' });
    expect(
      stream?.text
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as unknown),
    ).toMatchObject([{ line: 1 }, { error: { code: 'STOPPED' } }]);
  });
});

it('keeps a connection open for a program that asks once a minute', async () => {
  const agent = new Agent({ keepAlive: true });
  await using served = await serve();
  const { headers } = await ask(served.port, 'GET', '/health', {}, '', agent);
  expect(headers['keep-alive']).toBe('timeout=65');
  agent.destroy();
});

it('waits for the body of a request for so long only, with or without a token, and then holds no place for it', async () => {
  let called = 0;
  const listingList = async () => ({ items: [], next: String(++called) });
  await using served = await serve({ listingList }, { bodyTime: 100, limits: { maxConcurrent: 1 } });
  const headers = { authorization: `Bearer ${served.token}`, 'content-type': 'application/json', 'content-length': 99 };
  for (const path of ['/v1/listing.list', '/session']) {
    const request = httpRequest({ host: '127.0.0.1', port: served.port, method: 'POST', path, headers });
    request.on('error', () => undefined);
    request.write('{');
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    expect(JSON.parse(await text(response))).toMatchObject({ status: 504, code: 'TIMED_OUT', where: 'body' });
    request.destroy();
  }
  expect((await post(served, '/v1/listing.list')).status).toBe(200);
  expect(called).toBe(1);
});

it('does not count a caller that goes away in the middle of a body as a failure of its own', async () => {
  const answered: ApiEvent[] = [];
  await using served = await serve({}, { onEvent: (event) => void answered.push(event) });
  const headers = { authorization: `Bearer ${served.token}`, 'content-type': 'application/json', 'content-length': 99 };
  const request = httpRequest({
    host: '127.0.0.1',
    port: served.port,
    method: 'POST',
    path: '/v1/listing.list',
    headers,
  });
  request.on('error', () => undefined);
  request.write('{');
  await vi.waitFor(() => expect(request.socket?.bytesWritten).toBeGreaterThan(0), PATIENCE);
  request.destroy();
  await vi.waitFor(() => expect(answered).toMatchObject([{ operation: 'listing.list', code: 'STOPPED' }]), PATIENCE);
});
