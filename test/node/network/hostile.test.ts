import '../../../node/polyfill.js';
import type { Libp2p, Stream } from '@libp2p/interface';
import { multiaddr } from '@multiformats/multiaddr';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { MAX_BODY, type Network } from '../../../node/network/index.js';
import { FrameReader, MAX_FRAME, encodeFrame, type Frame } from '../../../node/network/frames.js';
import { requestProtocol } from '../../../node/network/libp2p.js';
import { OFFENCE_BUDGET } from '../../../node/network/limits.js';
import { bytesOf, collect, createRawPeer } from '../../support/raw-peer.js';
import { read, startNetwork, stopAll, text, until } from './fixtures.js';

const PROTOCOL = requestProtocol('test');
const EMPTY = new Uint8Array();
/** Long enough for the length that its first letter is taken for. */
const GARBAGE = text(`GET / HTTP/1.1\r\nHost: example.org\r\nUser-Agent: ${'x'.repeat(100)}\r\n\r\n`);

let target: Network;
let honest: Network;
const raws: Libp2p[] = [];

beforeAll(async () => {
  target = await startNetwork(0);
  target.handle('echo', async (body) => body);
  target.handle('large', async () => new Uint8Array(MAX_BODY));
  honest = await startNetwork(1, { bootstrap: target.addresses() });
  await until(() => honest.ready, 'the connection');
});
afterEach(async () => {
  await Promise.all(raws.splice(0).map(async (raw) => raw.stop()));
});
afterAll(stopAll);

async function rawNode(type?: 'Ed25519' | 'secp256k1'): Promise<Libp2p> {
  const raw = await createRawPeer(type);
  raws.push(raw);
  return raw;
}

async function dial(raw: Libp2p): Promise<Stream> {
  return raw.dialProtocol(multiaddr(target.addresses()[0]), PROTOCOL);
}

const closed = (stream: Stream): Promise<void> => until(() => stream.status !== 'open', 'the end of the stream');
const count = (name: string, network = target): number => network.metrics()[name] ?? 0;

async function honestIsServed(): Promise<void> {
  expect(read(await honest.request(target.peerId, 'echo', text('still here')))).toBe('still here');
}

describe('a peer that asks', () => {
  test.each<[string, string, () => Uint8Array]>([
    ['garbage', 'malformed', () => GARBAGE],
    ['a frame that is too long', 'oversize', () => Uint8Array.of(0x81, 0x80, 0x80, 0x01)],
    ['an endless length', 'oversize', () => new Uint8Array(10).fill(0xff)],
    ['an answer to nothing', 'unknown_id', () => bytesOf({ t: 'a', id: 77, body: EMPTY })],
    ['an error to nothing', 'unknown_id', () => bytesOf({ t: 'e', id: 77, code: 'INTERNAL', message: '' })],
  ])('and sends %s is cut off and counted, and the others are served', async (_, offence, bytes) => {
    const before = count(`offence_${offence}`);
    const raw = await rawNode();
    const stream = await dial(raw);
    // What stands before it is still answered.
    const frames = collect(stream);
    stream.send(bytesOf({ t: 'q', id: 1, method: 'echo', body: text('hi') }));
    await until(() => frames.length === 1, 'the answer');
    stream.send(bytes());
    await closed(stream);
    expect(count(`offence_${offence}`)).toBe(before + 1);
    // Once is forgiven.
    expect(raw.getConnections().length).toBe(1);
    const again = await dial(raw);
    const answers = collect(again);
    again.send(bytesOf({ t: 'q', id: 1, method: 'echo', body: text('sorry') }));
    await until(() => answers.length === 1, 'the answer');
    await honestIsServed();
  });

  test('and ends its stream inside a frame is counted', async () => {
    const stream = await dial(await rawNode());
    stream.send(bytesOf({ t: 'q', id: 1, method: 'echo', body: text('hi') }).subarray(0, 9));
    await stream.close();
    await until(() => count('offence_truncated') === 1, 'the count');
    await honestIsServed();
  });

  test('and goes away inside a frame is not: connections break', async () => {
    const raw = await rawNode();
    const stream = await dial(raw);
    stream.send(bytesOf({ t: 'q', id: 1, method: 'echo', body: new Uint8Array(100_000) }).subarray(0, 50_000));
    await until(() => count('streams_in') > 1, 'the stream');
    const [streams, truncated] = [count('streams_in'), count('offence_truncated')];
    for (const connection of raw.getConnections()) connection.abort(new Error('cable'));
    await until(() => count('streams_in') === streams - 1, 'the end');
    expect(count('offence_truncated')).toBe(truncated);
  });

  test('for methods of a later version is told so, as often as it asks, and loses no other answer', async () => {
    const stream = await dial(await rawNode());
    const frames = collect(stream);
    const blocked = count('peers_blocked_total');
    for (let id = 0; id < 1_000; id++)
      stream.send(bytesOf({ t: 'q', id, method: id % 10 === 9 ? 'echo' : 'later', body: EMPTY }));
    await until(() => frames.length === 1_000, 'the answers');
    expect(frames.filter(({ t }) => t === 'a').length).toBe(100);
    expect(frames.filter((frame) => frame.t === 'e' && frame.code === 'OPERATION_UNKNOWN').length).toBe(900);
    expect(count('peers_blocked_total')).toBe(blocked);
  });

  test('and does not wait for answers loses none', async () => {
    const stream = await dial(await rawNode());
    const frames = collect(stream);
    const total = 5_000;
    for (let from = 0; from < total; from += 500) {
      const batch = Array.from({ length: 500 }, (_, index): Frame => ({
        t: 'q',
        id: from + index,
        method: 'echo',
        body: EMPTY,
      }));
      stream.send(bytesOf(...batch));
    }
    await honestIsServed();
    await until(() => frames.length === total, 'all answers');
    expect(new Set(frames.map(({ id }) => id)).size).toBe(total);
  });

  test('and opens a second stream loses the first', async () => {
    const raw = await rawNode();
    const first = await dial(raw);
    const frames = collect(first);
    first.send(bytesOf({ t: 'q', id: 1, method: 'echo', body: EMPTY }));
    await until(() => frames.length === 1, 'the answer');
    const second = await dial(raw);
    second.send(bytesOf({ t: 'q', id: 1, method: 'echo', body: EMPTY }));
    await closed(first);
    expect(second.status).toBe('open');
  });

  test('and stops inside a frame, or does not read its answers, is cut off within seconds', async () => {
    const begun = await dial(await rawNode());
    const question = bytesOf({ t: 'q', id: 1, method: 'echo', body: new Uint8Array(1000) });
    begun.send(question.subarray(0, 500));
    const dripping = await dial(await rawNode());
    let sent = 0;
    const drip = setInterval(() => dripping.status === 'open' && dripping.send(question.subarray(sent, ++sent)), 100);

    const deaf = await dial(await rawNode());
    deaf.pause();
    for (let id = 1; id <= 64; id++) deaf.send(bytesOf({ t: 'q', id, method: 'large', body: EMPTY }));

    const started = performance.now();
    const stalled = count('offence_stalled');
    await until(() => begun.status !== 'open' && dripping.status !== 'open', 'the end of the halves');
    expect(performance.now() - started).toBeGreaterThan(8_000);
    clearInterval(drip);
    expect(count('offence_stalled')).toBe(stalled + 2);
    await until(() => count('streams_not_read') === 1, 'the end of the deaf');
    await honestIsServed();
  });

  test('and goes on misbehaving is blocked, and the others are served', async () => {
    const raw = await rawNode();
    for (let time = 0; time < OFFENCE_BUDGET; time++) {
      const stream = await dial(raw);
      stream.send(Uint8Array.of(0));
      await closed(stream);
    }
    await until(() => raw.getConnections().length === 0, 'the end of the connection');
    expect(target.metrics()).toMatchObject({ peers_blocked: 1, peers_blocked_total: 1 });
    // The handshake may finish on the raw side before it is refused, but nothing can be asked.
    await expect(dial(raw)).rejects.toThrow();
    expect(target.connections()).toEqual([honest.peerId]);
    await expect(target.request(raw.peerId.toString(), 'any', EMPTY)).rejects.toMatchObject({
      code: 'PEER_UNREACHABLE',
    });
    await honestIsServed();
  });
});

describe('a peer that is asked', () => {
  async function rawServer(answer: (stream: Stream, question: Frame) => void): Promise<string> {
    const raw = await rawNode();
    await raw.handle(PROTOCOL, (stream) => {
      const reader = new FrameReader();
      stream.addEventListener('message', ({ data }) => {
        for (const chunk of data instanceof Uint8Array ? [data] : data) reader.push(chunk);
        for (let next = reader.next(); next !== undefined; next = reader.next()) answer(stream, next.frame);
      });
    });
    honest.directory.learn([{ id: raw.peerId.toString(), addresses: raw.getMultiaddrs().map(String) }]);
    return raw.peerId.toString();
  }

  test.each<[string, string, (question: Frame) => Uint8Array]>([
    ['with garbage', 'malformed', () => GARBAGE],
    ['with a frame that is too long', 'oversize', () => Uint8Array.of(0x81, 0x80, 0x80, 0x01)],
    ['to something else', 'unknown_id', ({ id }) => bytesOf({ t: 'a', id: id + 1, body: EMPTY })],
    ['with a question', 'unknown_id', ({ id }) => bytesOf({ t: 'q', id, method: 'echo', body: EMPTY })],
    ['with more than was asked for', 'oversize', ({ id }) => bytesOf({ t: 'a', id, body: new Uint8Array(101) })],
    ['twice', 'unknown_id', ({ id }) => bytesOf({ t: 'a', id, body: EMPTY }, { t: 'a', id, body: EMPTY })],
  ])('and answers %s is cut off and counted', async (how, offence, answer) => {
    const before = count(`offence_${offence}`, honest);
    const peer = await rawServer((stream, question) => void stream.send(answer(question)));
    const asked = honest.request(peer, 'any', EMPTY, { maxResponse: 100 });
    if (how === 'twice') await asked;
    else await expect(asked).rejects.toMatchObject({ code: 'PEER_PROTOCOL' });
    await until(() => count(`offence_${offence}`, honest) === before + 1, 'the count');
    await honestIsServed();
  });

  test('and answers many questions of one moment with what is not of its form is counted once', async () => {
    const peer = await rawServer((stream, { id }) => void stream.send(bytesOf({ t: 'a', id, body: EMPTY })));
    const before = count('offence_malformed', honest);
    for (let time = 0; time < OFFENCE_BUDGET; time++) honest.misbehaved(peer);
    expect(count('offence_malformed', honest)).toBe(before + 1);
    expect(read(await honest.request(peer, 'any', EMPTY))).toBe('');
  });

  test('and refuses with a code that nobody knows is quoted, shortened to what is harmless', async () => {
    const peer = await rawServer(
      (stream, { id }) => void stream.send(bytesOf({ t: 'e', id, code: 'TEAPOT', message: 'no\ncoffee' })),
    );
    await expect(honest.request(peer, 'any', EMPTY)).rejects.toMatchObject({
      code: 'PEER_REFUSED',
      message: 'no coffee',
    });
  });

  test('and loses the stream is asked once more when the method may run twice', async () => {
    let asked = 0;
    const peer = await rawServer((stream, { id }) => {
      asked += 1;
      if (asked % 2 === 1) queueMicrotask(() => stream.abort(new Error('lost')));
      else stream.send(bytesOf({ t: 'a', id, body: text('second') }));
    });
    expect(read(await honest.request(peer, 'any', EMPTY, { retry: true }))).toBe('second');
    await expect(honest.request(peer, 'any', EMPTY)).rejects.toMatchObject({ code: 'PEER_UNREACHABLE' });
    expect(asked).toBe(3);
    expect(read(await honest.request(peer, 'any', EMPTY))).toBe('second');
  });

  test('and does not speak our protocol is not one of us', async () => {
    const raw = await rawNode();
    const id = raw.peerId.toString();
    honest.directory.learn([{ id, addresses: raw.getMultiaddrs().map(String) }]);
    await expect(honest.request(id, 'any', EMPTY)).rejects.toMatchObject({ code: 'PEER_REFUSED' });
    expect(honest.connections()).not.toContain(id);
    expect((await honest.lookup(EMPTY)).map((ref) => ref.id)).not.toContain(id);
  });
});

test('a peer with a key that no device has gets no connection', async () => {
  await expect(dial(await rawNode('secp256k1'))).rejects.toThrow();
  expect(target.connections()).toEqual([honest.peerId]);
  await honestIsServed();
});

test('frames of the largest size are what the limit says', () => {
  expect(encodeFrame({ t: 'a', id: 1, body: new Uint8Array(MAX_BODY) })[1]?.length).toBeLessThanOrEqual(MAX_FRAME);
});
