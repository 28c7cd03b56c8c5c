import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { NiagaError } from '../../../protocol/errors.js';
import { MAX_BODY, createNetwork, type Network } from '../../../node/network/index.js';
import { read, seed, startNetwork, stopAll, text, until } from './fixtures.js';

const EMPTY = new Uint8Array();
let server: Network;
let client: Network;
/** What the handlers saw, and what lets the waiting ones go on. */
let running = 0;
let mostRunning = 0;
let begun = 0;
const release: (() => void)[] = [];

beforeAll(async () => {
  server = await startNetwork(0);
  server.handle('echo', async (body) => body, { maxRequest: MAX_BODY });
  server.handle('who', async (_, { peer }) => text(peer));
  server.handle('size', async (body) => text(String(body.length)), { maxRequest: 1000 });
  server.handle('large', async (body) => new Uint8Array(Number(read(body))));
  server.handle('wait', async () => {
    begun += 1;
    running += 1;
    mostRunning = Math.max(mostRunning, running);
    await new Promise<void>((resolve) => release.push(resolve));
    running -= 1;
    return EMPTY;
  });
  server.handle('two', async () => new Promise((resolve) => release.push(() => resolve(EMPTY))), { maxConcurrent: 2 });
  server.handle('never', () => new Promise(() => undefined));
  // It answers within a tick of this process, which nothing else can use.
  server.handle('busy', async () => {
    for (const end = performance.now() + 1_200; performance.now() < end;);
    return EMPTY;
  });
  server.handle('refuse', () =>
    Promise.reject(new NiagaError('QUERY_EMPTY', 'say \u001b[31msomething', { where: 'here', next: 'there' })),
  );
  server.handle('disk', () => Promise.reject(new NiagaError('STORE_FAILED', 'cannot write /home/me/db')));
  server.handle('crash', () => Promise.reject(new Error('at /home/me/secret.ts:1')));
  server.handle('emoji', () => Promise.reject(new NiagaError('QUERY_INVALID', `${'🛒'.repeat(400)}`.slice(1))));
  server.handle('nothing at all', () => Promise.resolve(undefined as unknown as Uint8Array));
  server.handle('throw', () => {
    throw new Error('not even a promise');
  });
  client = await startNetwork(1, { bootstrap: server.addresses() });
  await until(() => client.ready, 'the connection');
});
afterAll(stopAll);

function releaseAll(): void {
  for (const go of release.splice(0)) go();
}

describe('a request', () => {
  test('is answered, and the handler knows who asks', async () => {
    expect(read(await client.request(server.peerId, 'who', EMPTY))).toBe(client.peerId);
    const body = await client.request(server.peerId, 'echo', Buffer.from('selamat pagi'));
    expect(read(body)).toBe('selamat pagi');
    expect(body.constructor).toBe(Uint8Array);
  });

  test('can go the other way at the same time, on a stream of its own', async () => {
    client.handle('hello', async (_, { peer }) => text(`hello ${peer}`));
    expect(read(await server.request(client.peerId, 'hello', EMPTY))).toBe(`hello ${server.peerId}`);
    expect(server.metrics()).toMatchObject({ streams_in: 1, streams_out: 1 });
  });

  test('shares one stream with 1,000 others, 64 of them under way', async () => {
    const before = client.metrics();
    mostRunning = 0;
    begun = 0;
    const asked = Array.from({ length: 1000 }, () => client.request(server.peerId, 'wait', EMPTY));
    const finished = Promise.all(asked);
    let done = false;
    void finished.then(() => (done = true));
    await until(() => {
      if (running === 64 || begun === 1000) releaseAll();
      return done;
    }, 'the end');
    expect(mostRunning).toBe(64);
    expect(server.metrics()).toMatchObject({ streams_in: 1, in_flight_in: 0 });
    expect(client.metrics().dials).toBe(before.dials);
  });

  test('keeps its answer apart from 1,000 others', async () => {
    const answers = await Promise.all(
      Array.from({ length: 1000 }, (_, number) => client.request(server.peerId, 'echo', text(String(number)))),
    );
    expect(answers.map(read)).toEqual(answers.map((_, number) => String(number)));
  });

  test('beyond the queue is refused at once', async () => {
    const asked = Array.from({ length: 64 + 1024 + 1 }, () => client.request(server.peerId, 'wait', EMPTY));
    await expect(asked[asked.length - 1]).rejects.toMatchObject({ code: 'RATE_LIMITED' });
    const rest = Promise.all(asked.slice(0, -1));
    let done = false;
    void rest.then(() => (done = true));
    await until(() => {
      releaseAll();
      return done;
    }, 'the end');
  });

  test('waits for a place of a method with few', async () => {
    const asked = [1, 2, 3, 4, 5].map(() => client.request(server.peerId, 'two', EMPTY));
    for (const places of [2, 2, 1]) {
      await until(() => release.length === places, `${places} at a time`);
      await new Promise((resolve) => setTimeout(resolve, 20));
      expect(release.length).toBe(places);
      releaseAll();
    }
    await Promise.all(asked);
  });

  test('of 30 MiB in all goes through in time, both ways', async () => {
    const body = new Uint8Array(1024 * 1024).fill(7);
    const answers = await Promise.all(
      Array.from({ length: 30 }, () => client.request(server.peerId, 'echo', body, { timeout: 30_000 })),
    );
    expect(answers.every((answer) => Buffer.compare(answer, body) === 0)).toBe(true);
  });
});

describe('sizes', () => {
  test('of requests are limited for each method', async () => {
    expect(read(await client.request(server.peerId, 'size', new Uint8Array(1000)))).toBe('1000');
    await expect(client.request(server.peerId, 'size', new Uint8Array(1001))).rejects.toMatchObject({
      code: 'INPUT_TOO_LARGE',
      details: { remote: true },
    });
    await expect(client.request(server.peerId, 'echo', new Uint8Array(MAX_BODY + 1))).rejects.toMatchObject({
      code: 'INPUT_TOO_LARGE',
      details: undefined,
    });
    expect((await client.request(server.peerId, 'echo', new Uint8Array(MAX_BODY))).length).toBe(MAX_BODY);
  });

  test('of answers are what the asker takes', async () => {
    const ask = (size: number): Promise<Uint8Array> =>
      client.request(server.peerId, 'large', text(String(size)), { maxResponse: 500 });
    expect((await ask(500)).length).toBe(500);
    await expect(ask(501)).rejects.toMatchObject({ code: 'RECORD_TOO_LARGE' });
    await expect(client.request(server.peerId, 'large', text(String(MAX_BODY + 1)))).rejects.toMatchObject({
      code: 'RECORD_TOO_LARGE',
    });
  });
});

describe('errors', () => {
  test('cross as code and message, without what could disturb a terminal', async () => {
    const error: unknown = await client.request(server.peerId, 'refuse', EMPTY).catch((error: unknown) => error);
    expect(error).toBeInstanceOf(NiagaError);
    expect(error).toMatchObject({
      code: 'QUERY_EMPTY',
      message: 'say  [31msomething',
      where: undefined,
      next: undefined,
      details: { peer: server.peerId, remote: true },
    });
  });

  test.each(['disk', 'crash', 'throw', 'nothing at all'])('of the machine stay there: %s', async (method) => {
    const error: unknown = await client.request(server.peerId, method, EMPTY).catch((error: unknown) => error);
    expect(error).toMatchObject({ code: 'INTERNAL', message: 'Something that should not happen happened.' });
  });

  test('are cut to a length, also inside a character', async () => {
    const error: unknown = await client.request(server.peerId, 'emoji', EMPTY).catch((error: unknown) => error);
    expect(error).toMatchObject({ code: 'QUERY_INVALID', message: `?${'🛒'.repeat(149)}?` });
  });

  test('tell an unknown method', async () => {
    await expect(client.request(server.peerId, 'nothing', EMPTY)).rejects.toMatchObject({ code: 'OPERATION_UNKNOWN' });
  });
});

describe('giving up', () => {
  test('frees the place, and the late answer is no offence', async () => {
    const asked = Array.from({ length: 70 }, () => client.request(server.peerId, 'wait', EMPTY, { timeout: 300 }));
    const outcomes = await Promise.allSettled(asked);
    for (const outcome of outcomes)
      expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'TIMED_OUT' } });
    expect(client.metrics().in_flight_out).toBe(0);
    releaseAll();
    // Forced: where this process stood still for a second meanwhile, the server counts as silent.
    expect(read(await client.request(server.peerId, 'who', EMPTY, { force: true }))).toBe(client.peerId);
    await until(() => {
      releaseAll();
      return server.metrics().in_flight_in === 0;
    }, 'the late answers');
    expect(client.metrics().offence_unknown_id).toBeUndefined();
  });

  test('by signal throws its reason, also when it was given before', async () => {
    const controller = new AbortController();
    const asked = client.request(server.peerId, 'never', EMPTY, { signal: controller.signal });
    setTimeout(() => controller.abort(new Error('enough')), 20);
    await expect(asked).rejects.toThrow('enough');
    await expect(client.request(server.peerId, 'who', EMPTY, { signal: controller.signal })).rejects.toThrow('enough');
    await expect(
      client.request(server.peerId, 'never', EMPTY, { signal: AbortSignal.timeout(20) }),
    ).rejects.toMatchObject({
      code: 'TIMED_OUT',
    });
    await expect(client.lookup(EMPTY, { signal: controller.signal })).rejects.toThrow('enough');
  });

  test('on a peer that is silent for a second makes the next request fail at once', async () => {
    await client.request(server.peerId, 'who', EMPTY, { force: true });
    await expect(client.request(server.peerId, 'never', EMPTY, { timeout: 1100 })).rejects.toMatchObject({
      code: 'TIMED_OUT',
    });
    await expect(client.request(server.peerId, 'who', EMPTY)).rejects.toMatchObject({ code: 'PEER_UNREACHABLE' });
    expect(client.directory.closest(new Uint8Array(32), 20).map(({ id }) => id)).toEqual([client.peerId]);
    expect(read(await client.request(server.peerId, 'who', EMPTY, { force: true }))).toBe(client.peerId);
    expect(read(await client.request(server.peerId, 'who', EMPTY))).toBe(client.peerId);
  });
});

describe('a request that its caller gave up', () => {
  test('counts against a peer that says nothing for a second, and not against one that says something', async () => {
    const giveUp = async (): Promise<void> => {
      const controller = new AbortController();
      const asked = client.request(server.peerId, 'never', EMPTY, { signal: controller.signal });
      setTimeout(() => controller.abort(new Error('enough from others')), 50);
      await expect(asked).rejects.toThrow('enough from others');
    };
    await giveUp();
    await client.request(server.peerId, 'who', EMPTY, { force: true });
    await new Promise((resolve) => setTimeout(resolve, 1100));
    expect(client.directory.closest(new Uint8Array(32), 20)).toHaveLength(2);
    await giveUp();
    await new Promise((resolve) => setTimeout(resolve, 1100));
    expect(client.directory.closest(new Uint8Array(32), 20).map(({ id }) => id)).toEqual([client.peerId]);
    expect(read(await client.request(server.peerId, 'who', EMPTY, { force: true }))).toBe(client.peerId);
  });

  test('does not count against a peer whose answer this process was too busy to read', async () => {
    const controller = new AbortController();
    const asked = client.request(server.peerId, 'busy', EMPTY, { signal: controller.signal });
    setTimeout(() => controller.abort(new Error('enough from others')), 50);
    await expect(asked).rejects.toThrow('enough from others');
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(client.directory.closest(new Uint8Array(32), 20)).toHaveLength(2);
  });
});

describe('to itself', () => {
  test('a node asks without the network and with the same limits', async () => {
    const before = server.metrics().requests_in;
    expect(read(await server.request(server.peerId, 'who', EMPTY))).toBe(server.peerId);
    await expect(server.request(server.peerId, 'size', new Uint8Array(1001))).rejects.toMatchObject({
      code: 'INPUT_TOO_LARGE',
    });
    await expect(server.request(server.peerId, 'refuse', EMPTY)).rejects.toMatchObject({
      code: 'QUERY_EMPTY',
      where: 'here',
    });
    await expect(server.request(server.peerId, 'nothing', EMPTY)).rejects.toMatchObject({ code: 'OPERATION_UNKNOWN' });
    await expect(server.request(server.peerId, 'crash', EMPTY)).rejects.toMatchObject({ code: 'INTERNAL' });
    await expect(server.request(server.peerId, 'never', EMPTY, { timeout: 20 })).rejects.toMatchObject({
      code: 'TIMED_OUT',
    });
    await expect(server.request(server.peerId, 'large', text('501'), { maxResponse: 500 })).rejects.toMatchObject({
      code: 'RECORD_TOO_LARGE',
    });
    expect(server.metrics().requests_in).toBe(before);
  });
});

describe('a peer that is not there', () => {
  test('is unreachable, then left alone for a moment', async () => {
    const gone = createNetwork({ privateKeySeed: seed(99), network: 'test' }).peerId;
    client.directory.learn([{ id: gone, addresses: ['/ip4/127.0.0.1/tcp/9'] }]);
    await expect(client.request(gone, 'who', EMPTY)).rejects.toMatchObject({
      code: 'PEER_UNREACHABLE',
      details: { peer: gone },
    });
    const before = client.metrics().dials_failed;
    expect(before).toBeGreaterThan(0);
    await expect(client.request(gone, 'who', EMPTY)).rejects.toMatchObject({ code: 'PEER_UNREACHABLE' });
    expect(client.metrics().dials_failed).toBe(before);
    await expect(client.request('nobody', 'who', EMPTY)).rejects.toMatchObject({ code: 'ID_INVALID' });
  });
});

describe('a peer that is restarted', () => {
  test('loses what is under way and answers again', async () => {
    // Below those that the system gives to connections.
    const port = 20_000 + (process.pid % 12_000);
    const options = { listen: [`/ip4/127.0.0.1/tcp/${port}`] };
    let calls = 0;
    const other = await startNetwork(2, options);
    other.handle('slow', async () => {
      calls += 1;
      if (calls > 1) return text('again');
      return new Promise(() => undefined);
    });
    client.directory.learn([{ id: other.peerId, addresses: other.addresses() }]);
    const lost = client.request(other.peerId, 'slow', EMPTY);
    const expectation = expect(lost).rejects.toMatchObject({ code: 'PEER_UNREACHABLE' });
    await until(() => calls === 1, 'the request');
    await other.stop();
    await expectation;
    await other.start();
    expect(read(await client.request(other.peerId, 'slow', EMPTY, { force: true }))).toBe('again');
    await other.stop();
  });
});
