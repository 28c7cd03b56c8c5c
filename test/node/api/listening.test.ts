import { mkdtemp, rm } from 'node:fs/promises';
import { Agent, request as httpRequest, type ClientRequest } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createEvents, type Events, type NodeEvent } from '../../../node/events/index.js';
import { MAX_LISTENERS, mayListen, type Listeners } from '../../../node/api/sse.js';
import { createStore, type Store } from '../../../node/store/index.js';
import { ask, problem, serve, type Served } from './serve.js';

let folder: string;
let store: Store;
let events: Events;
let served: Served;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'niaga-listening-'));
  store = createStore({ path: join(folder, 'store') });
  await store.start();
  events = createEvents({ store, now: () => 0, logger: pino({ level: 'silent' }) });
  await events.start();
  served = await serve({}, { events, limits: { rate: 1e6, burst: 1e6 } });
});

afterEach(async () => {
  await served[Symbol.asyncDispose]();
  await events.stop();
  await store.stop();
  await rm(folder, { recursive: true, force: true });
});

const record = (count: number) =>
  events.record(Array.from({ length: count }, () => ({ type: 'trade-changed' as const, data: { note: 'é☕\n\n' } })));

interface Frame {
  readonly id: number;
  /** Absent: the frame says only where the log stands. */
  readonly event?: NodeEvent;
}

/** The frames that came whole. */
function framesOf(text: string): Frame[] {
  const whole = text.split('\n\n').slice(0, -1);
  return whole.flatMap((frame) => {
    const fields = new Map(
      frame.split('\n').map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1)]),
    );
    const id = fields.get('id');
    const data = fields.get('data');
    if (id === undefined) return [];
    return [{ id: Number(id), ...(data === undefined ? {} : { event: JSON.parse(data) as NodeEvent }) }];
  });
}

interface Listening {
  readonly request: ClientRequest;
  /** Resolves with the text that came when `enough` says so, or the server has ended it. */
  readonly text: Promise<string>;
}

/** Listens until `enough` of the bytes, then cuts the connection. */
function listen(
  query: string,
  lastId: number | undefined,
  enough: (bytes: Buffer) => boolean,
  agent?: Agent,
): Listening {
  const headers = {
    authorization: `Bearer ${served.token}`,
    ...(lastId === undefined ? {} : { 'last-event-id': String(lastId) }),
  };
  const options = { headers, agent: agent ?? false };
  const request = httpRequest(new URL(`/events${query}`, served.url), options);
  const text = new Promise<string>((resolve, reject) => {
    request.on('error', reject);
    request.on('response', (response) => {
      let bytes = Buffer.alloc(0);
      const end = (): void => resolve(bytes.toString());
      response.on('data', (chunk: Buffer) => {
        bytes = Buffer.concat([bytes, chunk]);
        if (!enough(bytes)) return;
        end();
        response.destroy();
      });
      response.on('end', end);
      response.on('error', end);
    });
    request.end();
  });
  return { request, text };
}

describe('a listener', () => {
  it('that comes back with the last number it saw gets every event once, wherever it was cut off', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 1, max: 900 }), { maxLength: 12 }),
        fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1, maxLength: 12 }),
        async (cuts, batches) => {
          let baseline: number | undefined;
          let last: number | undefined;
          const seen: number[] = [];
          let target = Infinity;
          const take = (text: string): void => {
            for (const { id, event } of framesOf(text)) {
              if (event === undefined) baseline ??= id;
              else seen.push(event.seq);
              last = id;
            }
          };
          const writing = async (): Promise<void> => {
            for (const count of batches) await record(count);
            target = events.newest;
          };
          // Events come while it listens, while it is away, and while it comes back.
          let writer: Promise<void> | undefined;
          for (const cut of cuts) {
            // Cut off in the middle of whatever stands there; after all have come nothing more would.
            const { text } = listen('', last, (bytes) => bytes.length >= cut || lastOf(bytes, last) >= target);
            writer ??= writing();
            take((await text).slice(0, cut));
          }
          writer ??= writing();
          await writer;
          take(await listen('', last, (bytes) => lastOf(bytes, last) >= target).text);
          const from = baseline ?? NaN;
          expect(seen).toEqual(Array.from({ length: target - from }, (_, index) => from + 1 + index));
        },
      ),
      { numRuns: 25 },
    );
  }, 300_000);

  it('is told at once where the log stands, and hears only the types that it asked for', async () => {
    await record(3);
    let letIn = (): void => undefined;
    const listening = new Promise<void>((resolve) => (letIn = resolve));
    const { text } = listen('?type=price-drop&type=chat-message', undefined, (bytes) => {
      letIn();
      return bytes.includes('"seq":5');
    });
    const first = listen('', undefined, (bytes) => bytes.includes('\n\n'));
    expect(framesOf(await first.text)).toEqual([{ id: 3 }]);
    await listening;
    await record(1);
    await events.record([{ type: 'price-drop', data: {} }]);
    const types = framesOf(await text).flatMap(({ event }) => (event === undefined ? [] : [event.type]));
    expect(types).toEqual(['price-drop']);
  });

  it('may say where it stands in the address, as a program does that is no browser', async () => {
    await record(3);
    const { text } = listen('?after=1', undefined, (bytes) => bytes.includes('"seq":3'));
    expect(framesOf(await text).map(({ id }) => id)).toEqual([1, 2, 3]);
  });

  it('is refused with a number that is none, a type that there is not, and without a token', async () => {
    const authorization = `Bearer ${served.token}`;
    for (const [path, headers, code] of [
      ['/events', { authorization, 'last-event-id': 'x' }, 'USAGE'],
      ['/events?after=-1', { authorization }, 'USAGE'],
      ['/events?type=nothing', { authorization }, 'USAGE'],
      ['/events', {}, 'API_TOKEN'],
    ] as const) {
      expect(problem(await ask(served.port, 'GET', path, headers))['code'], path).toBe(code);
    }
  });

  it('hears the end when the node stops', async () => {
    let heard = (): void => undefined;
    const begun = new Promise<void>((resolve) => (heard = resolve));
    const { text } = listen('', undefined, () => {
      heard();
      return false;
    });
    await begun;
    await served.api.stop();
    expect(await text).toContain('event: error\ndata: {"code":"STOPPED"');
  });
});

it('is no listener who asks for the headers alone', async () => {
  const headers = { authorization: `Bearer ${served.token}` };
  for (let n = 0; n < 3; n++) expect((await ask(served.port, 'HEAD', '/events', headers)).status).toBe(200);
  expect((await ask(served.port, 'GET', '/metrics', headers)).text).toContain('niaga_api_listeners 0\n');
});

it('leaves room for a token that comes for the first time, however many listen with others', () => {
  const listeners: Listeners = new Map();
  const fill = (caller: string): number => {
    let count = 0;
    for (; mayListen(listeners, caller); count++) listeners.set(new AbortController(), caller);
    return count;
  };
  const counts = Array.from({ length: 11 }, (_, n) => fill(`token ${n}`));
  expect(counts.slice(0, 3)).toEqual([1_000, 500, 250]);
  expect(Math.min(...counts)).toBeGreaterThan(0);
  expect(listeners.size).toBeLessThanOrEqual(MAX_LISTENERS);
  // Who has gone makes room for others, the same token among them.
  for (const [each, caller] of [...listeners]) if (caller === 'token 1') listeners.delete(each);
  expect(fill('token 12')).toBeGreaterThan(100);
  expect(fill('token 0')).toBe(0);
});

describe('a thousand listeners', () => {
  it('hear every event, all at the same time', async () => {
    const LISTENERS = 1_000;
    const agent = new Agent({ keepAlive: false, maxSockets: LISTENERS });
    let waiting = LISTENERS;
    let allIn = (): void => undefined;
    const everybody = new Promise<void>((resolve) => (allIn = resolve));
    const texts = Array.from({ length: LISTENERS }, () => {
      let isIn = false;
      const enough = (bytes: Buffer): boolean => {
        if (!isIn && (waiting -= 1) === 0) allIn();
        isIn = true;
        return bytes.includes('"seq":5');
      };
      return listen('', undefined, enough, agent).text;
    });
    await everybody;
    await record(2);
    await record(3);
    for (const text of await Promise.all(texts)) expect(framesOf(text).map(({ id }) => id)).toEqual([0, 1, 2, 3, 4, 5]);
    agent.destroy();
  }, 300_000);
});

/** The last number of what came whole, or the one from before. */
function lastOf(bytes: Buffer, before = -1): number {
  return framesOf(bytes.toString()).at(-1)?.id ?? before;
}
