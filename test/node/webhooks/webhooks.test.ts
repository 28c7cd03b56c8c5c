import { createHmac } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createEvents, type Events, type NodeEvent, type NodeEventType } from '../../../node/events/index.js';
import { createStore, type Store } from '../../../node/store/index.js';
import { createWebhooks, type Webhooks } from '../../../node/webhooks/index.js';

const SECRET = 'sixteen characters at least';
const now = 1_700_000_000_500;
const logger = pino({ level: 'silent' });

let folder: string;
let store: Store;
let events: Events;
let webhooks: Webhooks;

async function open(maxEvents?: number): Promise<void> {
  store = createStore({ path: join(folder, 'store') });
  await store.start();
  events = createEvents({ store, now: () => now, logger, maxEvents });
  await events.start();
  webhooks = createWebhooks({ store, events, now: () => now, logger, firstRetry: 5 });
  await webhooks.start();
}

async function close(): Promise<void> {
  await webhooks.stop();
  await events.stop();
  await store.stop();
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'niaga-webhooks-'));
  await open();
});

afterEach(async () => {
  await close();
  await rm(folder, { recursive: true, force: true });
});

const record = (...types: Exclude<NodeEventType, 'gap'>[]) =>
  events.record(types.map((type) => ({ type, data: { note: 'é☕' } })));

interface Receiver extends AsyncDisposable {
  readonly url: string;
  /** All that came, also what was refused. */
  readonly asked: { readonly headers: IncomingHttpHeaders; readonly body: string }[];
  /** Events that were taken, by their numbers. */
  readonly taken: number[];
  /** Resolves when so many were taken. */
  takes(count: number): Promise<void>;
  /** Resolves when so many requests came. */
  isAsked(count: number): Promise<void>;
}

/** A real server; `answer` says with which status the nth request is answered, or null: the connection is cut. */
async function receiver(answer: (nth: number) => number | null = () => 204): Promise<Receiver> {
  const asked: { headers: IncomingHttpHeaders; body: string }[] = [];
  const taken: number[] = [];
  const waiting = new Set<() => void>();
  const server: Server = createServer((request, response) => {
    void text(request).then((body) => {
      asked.push({ headers: request.headers, body });
      const status = answer(asked.length);
      if (status === null) return request.socket.destroy();
      if (status < 300) taken.push((JSON.parse(body) as NodeEvent).seq);
      response.writeHead(status, status === 302 ? { location: '/elsewhere' } : {}).end();
      for (const check of waiting) check();
      return undefined;
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const until = (done: () => boolean): Promise<void> =>
    new Promise((resolve) => {
      const check = (): void => {
        if (!done()) return;
        waiting.delete(check);
        resolve();
      };
      waiting.add(check);
      check();
    });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`,
    asked,
    taken,
    takes: (count) => until(() => taken.length >= count),
    isAsked: (count) => until(() => asked.length >= count),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const add = (url: string, type: NodeEventType[] = []) => webhooks.add({ url, secret: SECRET, type });

describe('a webhook', () => {
  it('brings events signed, with the time, and only of the types that were asked for', async () => {
    await record('trade-changed');
    await using at = await receiver();
    const { webhook, sent } = await add(at.url, ['price-drop']);
    expect(sent).toBe(1);
    await record('trade-changed', 'price-drop', 'trade-changed');
    await at.takes(1);
    const [{ headers, body }] = at.asked as [(typeof at.asked)[0]];
    expect(JSON.parse(body)).toEqual({ seq: 3, time: now, type: 'price-drop', data: { note: 'é☕' } });
    const mac = createHmac('sha256', SECRET).update(`1700000000.${body}`).digest('hex');
    expect(headers).toMatchObject({
      'content-type': 'application/json',
      'niaga-webhook': webhook,
      'niaga-event': '3',
      'niaga-signature': `t=1700000000,v1=${mac}`,
    });
    expect(JSON.stringify(webhooks.list())).not.toContain(SECRET);
  });

  it('tries again until an event has arrived, and brings them in their order', async () => {
    const refusals: (number | null)[] = [500, null, 302, 404, 503];
    await using at = await receiver((nth) => (nth <= refusals.length ? (refusals[nth - 1] ?? null) : 200));
    await add(at.url);
    await record('trade-changed', 'chat-message', 'price-drop');
    await at.takes(3);
    expect(at.taken).toEqual([1, 2, 3]);
    // The redirect was not followed: all went to the same place, the first event until it arrived.
    expect(at.asked.map(({ headers }) => headers['niaga-event'])).toEqual([...refusals.map(() => '1'), '1', '2', '3']);
  });

  it('says that it fails, since when and why, and holds up no other', async () => {
    await using bad = await receiver(() => 500);
    await using good = await receiver();
    const { webhook } = await add(bad.url);
    await add(good.url);
    await record('trade-changed', 'chat-message');
    await good.takes(2);
    await bad.isAsked(2);
    const failing = webhooks.list().find((each) => each.webhook === webhook);
    expect(failing).toMatchObject({
      sent: 0,
      newest: 2,
      failing: { since: now, problem: expect.stringContaining('500') as string },
    });
  });

  it('goes on after a restart with what has not arrived', async () => {
    let isUp = false;
    await using at = await receiver(() => (isUp ? 200 : 500));
    await add(at.url);
    await record('trade-changed', 'chat-message');
    await at.isAsked(1);
    await close();
    isUp = true;
    await open();
    await record('price-drop');
    await at.takes(3);
    expect(at.taken).toEqual([1, 2, 3]);
    // The node knows it a moment after the receiver does.
    await vi.waitFor(() => expect(webhooks.list()[0]?.sent).toBe(3), { timeout: 60_000 });
    await close();
    await open();
    await record('price-drop');
    await at.takes(4);
    // What was acknowledged before a stop does not come again.
    expect(at.taken).toEqual([1, 2, 3, 4]);
  });

  it('is not told to have missed what is not for it', async () => {
    await close();
    await open(200);
    await using at = await receiver();
    await add(at.url, ['price-drop']);
    for (let n = 0; n < 5; n++) {
      for (let some = 0; some < 10; some++) await record(...Array.from({ length: 10 }, () => 'trade-changed' as const));
      // It is as far as it can be: the last ones may not be noted.
      await vi.waitFor(() => expect(webhooks.list()[0]?.sent).toBe(events.newest), { timeout: 60_000 });
    }
    await close();
    await open(200);
    await record('price-drop');
    await at.takes(1);
    expect(at.asked.map(({ body }) => (JSON.parse(body) as NodeEvent).type)).toEqual(['price-drop']);
  });

  it('that is removed brings nothing more, nor after a restart', async () => {
    await using at = await receiver(() => 500);
    await using other = await receiver();
    const { webhook } = await add(at.url);
    await record('trade-changed');
    await at.isAsked(1);
    expect(await webhooks.remove(webhook)).toMatchObject({ webhook, sent: 0 });
    const count = at.asked.length;
    await add(other.url);
    await record('trade-changed');
    await other.takes(1);
    await close();
    await open();
    expect(webhooks.list().map(({ url }) => url)).toEqual([other.url]);
    expect(at.asked).toHaveLength(count);
    await expect(webhooks.remove(webhook)).rejects.toMatchObject({ code: 'WEBHOOK_NOT_FOUND' });
  });

  it('to a receiver that never answers does not keep a stop waiting', async () => {
    let heard = (): void => undefined;
    const begun = new Promise<void>((resolve) => (heard = resolve));
    const server = createServer(() => heard());
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    await add(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    await record('trade-changed');
    await begun;
    await webhooks.stop();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  it('goes to http and https only, without a user in the address, and there is room for twenty', async () => {
    for (const url of [
      'file:///etc/passwd',
      'ftp://x/',
      'javascript:1',
      'x',
      '//x/y',
      'http://a:b@x/',
      'https://a@x/',
    ]) {
      await expect(add(url), url).rejects.toMatchObject({ code: 'ADDRESS_INVALID', where: 'url' });
    }
    for (let n = 0; n < 20; n++) await add('https://toko.invalid/hook');
    await expect(add('https://toko.invalid/hook')).rejects.toMatchObject({ code: 'WEBHOOK_LIMIT' });
  });
});
