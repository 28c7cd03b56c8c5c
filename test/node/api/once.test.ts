import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Handlers } from '../../../node/api/handlers.js';
import { createKeptAnswers, KEPT_FOR, type KeptAnswers } from '../../../node/api/kept-answers.js';
import { createStore, rawCodec, type Store } from '../../../node/store/index.js';
import { createTokens } from '../../../node/tokens/index.js';
import { NiagaError } from '../../../protocol/errors.js';
import { ask, problem, serve, type Served } from './serve.js';

let folder: string;
let store: Store;
let answers: KeptAnswers;
let now: number;

async function open(maxKeys?: number): Promise<void> {
  store = createStore({ path: join(folder, 'store') });
  await store.start();
  answers = createKeptAnswers({ store, now: () => now, maxKeys });
  await answers.start();
}

async function close(): Promise<void> {
  await answers.stop();
  await store.stop();
}

beforeEach(async () => {
  now = 1_700_000_000_000;
  folder = await mkdtemp(join(tmpdir(), 'niaga-once-'));
  await open();
});

afterEach(async () => {
  await close();
  await rm(folder, { recursive: true, force: true });
});

const post = ({ port, token }: Served, path: string, body: object, key?: string) =>
  ask(
    port,
    'POST',
    path,
    {
      authorization: `Bearer ${token}`,
      'content-type': 'application/json',
      ...(key === undefined ? {} : { 'idempotency-key': key }),
    },
    JSON.stringify(body),
  );

/** Blocks traders, and counts how often. */
function blocking(): { handlers: Partial<Handlers>; count: () => number } {
  let count = 0;
  return { handlers: { blockAdd: async ({ trader }) => ({ trader, since: ++count }) }, count: () => count };
}

describe('a request with a key', () => {
  it('is done once and answered alike each time, also after a restart; without a key it is done again', async () => {
    const { handlers, count } = blocking();
    for (const time of [1, 2]) {
      await using served = await serve(handlers, { answers });
      for (const again of [time === 2, true]) {
        const reply = await post(served, '/v1/block.add', { trader: 'z6Mk' }, 'k-1');
        expect([reply.status, reply.text]).toEqual([200, '{"trader":"z6Mk","since":1}']);
        expect(reply.headers['idempotency-replayed']).toBe(again ? 'true' : undefined);
      }
      await close();
      await open();
    }
    expect(count()).toBe(1);
    await using served = await serve(handlers, { answers });
    await post(served, '/v1/block.add', { trader: 'z6Mk' });
    await post(served, '/v1/block.add', { trader: 'z6Mk' }, 'k-2');
    expect(count()).toBe(3);
  });

  it('is refused when the key was another request’s, be it by its input or by its operation', async () => {
    const { handlers, count } = blocking();
    await using served = await serve(handlers, { answers });
    await post(served, '/v1/block.add', { trader: 'z6Mk' }, 'k');
    for (const [path, trader] of [
      ['/v1/block.add', 'z6Ml'],
      ['/v1/block.remove', 'z6Mk'],
    ] as const) {
      const reply = await post(served, path, { trader }, 'k');
      expect([reply.status, problem(reply)['code']]).toEqual([422, 'IDEMPOTENCY_MISMATCH']);
    }
    expect(count()).toBe(1);
  });

  it('is refused while the first one runs, and gets its answer afterwards', async () => {
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    let begun = (): void => undefined;
    const running = new Promise<void>((resolve) => (begun = resolve));
    let count = 0;
    const blockAdd: Handlers['blockAdd'] = async ({ trader }) => {
      begun();
      await held;
      return { trader, since: ++count };
    };
    await using served = await serve({ blockAdd }, { answers });
    const first = post(served, '/v1/block.add', { trader: 'z' }, 'k');
    await running;
    const second = await post(served, '/v1/block.add', { trader: 'z' }, 'k');
    expect([second.status, problem(second)['code'], second.headers['retry-after']]).toEqual([
      409,
      'IDEMPOTENCY_BUSY',
      '1',
    ]);
    release();
    const texts = [(await first).text, (await post(served, '/v1/block.add', { trader: 'z' }, 'k')).text];
    expect([...texts, count]).toEqual(['{"trader":"z","since":1}', '{"trader":"z","since":1}', 1]);
  });

  it('is another caller’s when a token was revoked and made anew under its name', async () => {
    const { handlers, count } = blocking();
    const tokens = createTokens({ store, now: () => now });
    await tokens.start();
    await using served = await serve(handlers, { answers, tokens });
    for (const expected of [1, 2]) {
      const { token } = await tokens.create('kasir', { scopes: ['admin'] });
      for (let n = 0; n < 2; n++) await post({ ...served, token }, '/v1/block.add', { trader: 'z' }, 'k');
      expect(count()).toBe(expected);
      await tokens.revoke('kasir');
    }
    // The same token is the same caller after a restart.
    const { token } = await tokens.create('kasir', { scopes: ['admin'] });
    const id = tokens.find(token)?.id;
    await tokens.stop();
    const again = createTokens({ store, now: () => now });
    await again.start();
    expect(again.find(token)?.id).toBe(id);
    await again.stop();
  });

  it('of many that come at the same time is done once', async () => {
    const { handlers, count } = blocking();
    await using served = await serve(handlers, { answers });
    const replies = await Promise.all(
      Array.from({ length: 20 }, () => post(served, '/v1/block.add', { trader: 'z' }, 'k')),
    );
    for (const reply of replies) expect([200, 409]).toContain(reply.status);
    expect(count()).toBe(1);
  });

  it('gets the same refusal again', async () => {
    let count = 0;
    const blockAdd: Handlers['blockAdd'] = async () => {
      count += 1;
      throw new NiagaError('BLOCK_LIMIT', 'The list is full.', { next: 'Take one off.' });
    };
    await using served = await serve({ blockAdd }, { answers });
    const [first, second] = [
      await post(served, '/v1/block.add', { trader: 'z' }, 'k'),
      await post(served, '/v1/block.add', { trader: 'z' }, 'k'),
    ];
    expect([first.status, second.text, count]).toEqual([409, first.text, 1]);
    expect(problem(second)).toMatchObject({ code: 'BLOCK_LIMIT', next: 'Take one off.' });
  });

  it('may be sent again when there was no time for it', async () => {
    let count = 0;
    const blockAdd: Handlers['blockAdd'] = async ({ trader }) => {
      count += 1;
      if (count === 1) throw new NiagaError('RATE_LIMITED', 'Too many.');
      return { trader, since: count };
    };
    await using served = await serve({ blockAdd }, { answers });
    expect((await post(served, '/v1/block.add', { trader: 'z' }, 'k')).status).toBe(429);
    expect((await post(served, '/v1/block.add', { trader: 'z' }, 'k')).status).toBe(200);
  });

  it('is never done twice when the node ended in the middle: it says that the end is not known', async () => {
    let begun = (): void => undefined;
    const running = new Promise<void>((resolve) => (begun = resolve));
    const blockAdd: Handlers['blockAdd'] = () => {
      begun();
      return new Promise(() => undefined);
    };
    const served = await serve({ blockAdd }, { answers });
    const first = post(served, '/v1/block.add', { trader: 'z' }, 'k');
    await running;
    await served[Symbol.asyncDispose]();
    expect(problem(await first)['code']).toBe('STOPPED');
    await close();
    await open();
    const { handlers, count } = blocking();
    await using next = await serve(handlers, { answers });
    const again = await post(next, '/v1/block.add', { trader: 'z' }, 'k');
    expect([again.status, problem(again)['code'], count()]).toEqual([409, 'IDEMPOTENCY_UNKNOWN', 0]);
  });

  it('gets a stream whole, and the same lines again', async () => {
    let count = 0;
    const publish: Handlers['publish'] = async function* ({ items }) {
      for (const { line = 0 } of items) {
        count += 1;
        yield { line, sku: `s${count}`, listing: null, status: 'published', replicas: 3, quorum: true };
      }
    };
    await using served = await serve({ publish }, { answers });
    const items = [1, 2, 3].map((line) => ({ line, value: {} }));
    const [first, second] = [
      await post(served, '/v1/publish', { items }, 'k'),
      await post(served, '/v1/publish', { items }, 'k'),
    ];
    expect(first.text.trim().split('\n')).toHaveLength(3);
    expect([second.text, second.headers['content-type'], count]).toEqual([first.text, 'application/x-ndjson', 3]);
  });

  it('that reads only is answered anew each time', async () => {
    let count = 0;
    await using served = await serve({ listingList: async () => ({ items: [], next: `${++count}` }) }, { answers });
    const texts = [];
    for (let n = 0; n < 2; n++) texts.push((await post(served, '/v1/listing.list', {}, 'k')).text);
    expect(texts[0]).not.toBe(texts[1]);
  });

  it('must have a key that can be one, and none where the answer is a secret', async () => {
    await using served = await serve(blocking().handlers, { answers });
    for (const key of ['with space', 'x'.repeat(201)]) {
      expect(problem(await post(served, '/v1/block.add', { trader: 'z' }, key))['code']).toBe('USAGE');
    }
    expect(problem(await post(served, '/v1/open', {}, 'k'))).toMatchObject({ code: 'USAGE', where: 'Idempotency-Key' });
  });
});

describe('what is kept', () => {
  const given = { status: 200, type: 'application/json', body: '{}' };
  const once = (key: string, caller = 'owner') =>
    answers.once({ caller, key, path: '/v1/x', input: {} }, async () => given);

  it('is kept for a day, and apart for each caller', async () => {
    await once('k');
    expect((await once('k', 'kasir')).again).toBe(false);
    now += KEPT_FOR - 1;
    expect((await once('k')).again).toBe(true);
    now += 1;
    expect((await once('k')).again).toBe(false);
  });

  it('goes from the disk at a start after its day, though nobody asks again', async () => {
    await once('k');
    await close();
    now += KEPT_FOR;
    await open();
    for (const table of ['api-keys', 'api-answers']) expect(await store.table(table, rawCodec).count()).toBe(0);
  });

  it('has a limit that one caller cannot use up for the others', async () => {
    await close();
    await open(10);
    await once('first', 'kasir');
    for (let n = 0; n < 40; n++) {
      now += 1;
      await once(`k${n}`);
      if (n % 10 === 0) await once(`other ${n}`, 'kasir');
    }
    expect((await once('first', 'kasir')).again).toBe(true);
    expect((await once('k39')).again).toBe(true);
    expect((await once('k5')).again).toBe(false);
    // Also over a restart, where all are known again.
    await close();
    await open(10);
    for (let n = 0; n < 20; n++) await once(`l${n}`);
    expect((await once('first', 'kasir')).again).toBe(true);
  });

  it('has a limit: the oldest gives way, on disk too', async () => {
    await close();
    await open(10);
    for (let n = 0; n < 40; n++) {
      now += 1;
      await once(`k${n}`);
    }
    await close();
    await open(10);
    expect((await once('k39')).again).toBe(true);
    expect((await once('k5')).again).toBe(false);
    const rows: string[] = [];
    for await (const [key] of store.table('api-answers', rawCodec).range()) rows.push(key);
    expect(rows.length).toBeLessThanOrEqual(11);
  });
});
