import '../../node/polyfill.js';
import type { Libp2p, Stream } from '@libp2p/interface';
import type { Ping } from '@libp2p/ping';
import { multiaddr } from '@multiformats/multiaddr';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { ASK_METHOD, OFFER_METHOD, PUT_METHOD } from '../../node/index/wire.js';
import { writeBody } from '../../node/network/bodies.js';
import { MAX_FRAME } from '../../node/network/frames.js';
import { requestProtocol } from '../../node/network/libp2p.js';
import { OFFENCE_BUDGET } from '../../node/network/limits.js';
import type { Services } from '../../node/services.js';
import { encode } from '../../protocol/cbor.js';
import { temporaryFolder } from '../support/processes.js';
import { bytesOf, collect, createRawPeer } from '../support/raw-peer.js';
import { startMember, untilKnown } from './members.js';
import { PATIENCE } from '../support/patience.js';
import { TIME_ENOUGH } from './searches.js';

const OFFER = writeBody({ keys: [], cards: [] });

let folder: { path: string; remove: () => Promise<void> };
let target: Services;
let honest: Services;
let raw: Libp2p<{ ping: Ping }>;

beforeAll(async () => {
  folder = await temporaryFolder();
  target = await startMember(folder.path, 'target', {});
  honest = await startMember(folder.path, 'honest', { bootstrap: target.network.addresses() });
  await untilKnown([target, honest], 2);
  const lines = honest.catalog.publish([{ line: 1, value: { sku: 'kopi', title: 'Kopi Gayo', price: '85000 IDR' } }]);
  for await (const { status } of lines) expect(status).toBe('published');
  await vi.waitFor(() => expect(target.index.count()).toBe(1), PATIENCE);
});

afterAll(async () => {
  await Promise.all([raw.stop(), target.stop(), honest.stop()]);
  await folder.remove();
});

async function newPeer(): Promise<void> {
  await (raw as typeof raw | undefined)?.stop();
  raw = await createRawPeer();
}

const open = (): Promise<Stream> => raw.dialProtocol(multiaddr(target.network.addresses()[0]), requestProtocol('main'));
const question = (method: string, body: Uint8Array): Uint8Array => bytesOf({ t: 'q', id: 7, method, body });
const count = (name: string): number => target.network.metrics()[name] ?? 0;

/** The same frame with another length before it. */
function withLength(frame: Uint8Array, change: number): Uint8Array {
  let [length, size] = [0, 0];
  for (; (frame[size] ?? 0) > 0x7f; size++) length |= ((frame[size] ?? 0) & 0x7f) << (7 * size);
  length |= (frame[size] ?? 0) << (7 * size++);
  const head: number[] = [];
  let rest = length + change;
  for (; rest > 0x7f; rest >>>= 7) head.push((rest & 0x7f) | 0x80);
  return Uint8Array.from([...head, rest, ...frame.subarray(size)]);
}

/** What an honest node asks meanwhile: all of it must be answered, over one stream. */
async function meanwhile<T>(task: () => Promise<T>): Promise<T> {
  let going = true;
  let asked = 0;
  const asking = (async () => {
    while (going) {
      await honest.network.request(target.network.peerId, OFFER_METHOD, OFFER, { timeout: 30_000 });
      asked++;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  })();
  try {
    return await task();
  } finally {
    going = false;
    await asking;
    expect(asked).toBeGreaterThan(0);
    const { hits } = await honest.search.search({ words: ['kopi'], limit: 5, ...TIME_ENOUGH });
    expect(hits).toHaveLength(1);
  }
}

const ask = question(ASK_METHOD, new Uint8Array(300));

describe('a peer of a whole node whose frame', () => {
  it.each<[string, string, Uint8Array, 'close' | undefined]>([
    ['is cut by the end of its stream', 'truncated', ask.subarray(0, 100), 'close'],
    ['is cut behind its length', 'truncated', ask.subarray(0, 2), 'close'],
    ['says that it is longer than it is, and ends', 'truncated', withLength(ask, 50), 'close'],
    [
      'says that it is longer than it is, and goes on',
      'malformed',
      new Uint8Array([...withLength(ask, 50), ...ask]),
      undefined,
    ],
    ['says that it is shorter than it is', 'malformed', withLength(ask, -20), undefined],
    ['says that it is empty', 'malformed', Uint8Array.of(0), undefined],
    ['says that it is larger than any', 'oversize', withLength(ask, MAX_FRAME), undefined],
    ['has a length without end', 'oversize', new Uint8Array(8).fill(0xff), undefined],
    ['is of another form', 'malformed', new Uint8Array([7, ...encode({ a: 1, bb: 2 })].slice(0, 8)), undefined],
  ])('%s loses that stream and nothing else, and it is counted', async (_, offence, bytes, end) => {
    await newPeer();
    await meanwhile(async () => {
      const before = count(`offence_${offence}`);
      const stream = await open();
      stream.send(bytes);
      if (end === 'close') await stream.close();
      await vi.waitFor(() => expect(count(`offence_${offence}`)).toBe(before + 1), PATIENCE);
      await vi.waitFor(() => expect(stream.status).not.toBe('open'), PATIENCE);
      // Other streams of the same connection go on.
      const [connection, ...others] = raw.getConnections();
      expect(others).toEqual([]);
      if (connection !== undefined) await raw.services.ping.ping(connection.remotePeer);
      // Once is forgiven: it may ask again, and is answered.
      const again = await open();
      const frames = collect(again);
      again.send(question(OFFER_METHOD, OFFER));
      await vi.waitFor(() => expect(frames.map(({ t }) => t)).toEqual(['a']), PATIENCE);
    });
  });

  it('is right but its content is not is refused, and the stream goes on', async () => {
    await newPeer();
    const stream = await open();
    const frames = collect(stream);
    const contents = [
      new Uint8Array(),
      Uint8Array.of(0xff),
      encode('text'),
      encode({ keys: 1 }),
      new Uint8Array(900_000),
    ];
    for (const method of [ASK_METHOD, PUT_METHOD, OFFER_METHOD, 'listing.get']) {
      for (const body of contents) stream.send(question(method, body));
    }
    await vi.waitFor(() => expect(frames).toHaveLength(4 * contents.length), PATIENCE);
    expect(frames.every((frame) => frame.t === 'e' && frame.code !== 'INTERNAL')).toBe(true);
    expect(stream.status).toBe('open');
  });

  it('is bad again and again is blocked, and the others are served', async () => {
    await newPeer();
    await meanwhile(async () => {
      for (let time = 0; time < OFFENCE_BUDGET; time++) {
        const stream = await open();
        stream.send(withLength(ask, MAX_FRAME));
        await vi.waitFor(() => expect(stream.status).not.toBe('open'), PATIENCE);
      }
      await vi.waitFor(() => expect(raw.getConnections()).toHaveLength(0), PATIENCE);
      await expect(open()).rejects.toThrow();
    });
    expect(target.network.connections()).toEqual([honest.network.peerId]);
  });
});
