import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { Offerer, type OfferedRecord } from '../../../node/index/offerer.js';
import { OFFER_METHOD, offerSchema, type Offer } from '../../../node/index/wire.js';
import { readBody, writeBody } from '../../../node/network/bodies.js';
import type { Network } from '../../../node/network/index.js';
import { NiagaError } from '../../../protocol/errors.js';
import { slotId } from '../../../protocol/ids.js';
import { fakeNodes } from './fake-nodes.js';

const records = (count: number): OfferedRecord[] =>
  Array.from({ length: count }, (_, at) => ({
    listing: slotId('main', new Uint8Array(32), `listing/${at}`).toString(),
    seq: at + 1,
    keys: [`listing:${at}`, `term:${at % 5}`],
  }));

async function* inOrder(all: readonly OfferedRecord[]): AsyncGenerator<OfferedRecord> {
  yield* all;
}

/** Offers records to a network whose nodes answer as they are told to. */
async function offer(
  size: number,
  all: readonly OfferedRecord[],
  answer: (node: number, offer: Offer) => readonly number[],
) {
  const fake = fakeNodes(size);
  const requests: { node: number; offer: Offer }[] = [];
  const failed: string[] = [];
  const network = {
    peerId: 'node-0',
    request: async (peer: string, method: string, body: Uint8Array) => {
      await Promise.resolve();
      expect(method).toBe(OFFER_METHOD);
      const asked = readBody(offerSchema, body, method);
      const node = Number(peer.slice('node-'.length));
      requests.push({ node, offer: asked });
      return writeBody({ wanted: answer(node, asked) });
    },
  } as unknown as Network;
  const offerer = new Offerer({
    network,
    targets: fake.targets,
    bits: fake.bits,
    onFailed: (peer) => failed.push(peer),
    logger: pino({ level: 'silent' }),
  });
  const lacking = await offerer.offer(inOrder(all), new AbortController().signal);
  return { lacking, requests, failed, fake };
}

describe('what no lease speaks of', () => {
  it('is asked for by one message a node, under the names that the node should hold it under', async () => {
    const all = records(100);
    const { lacking, requests, fake } = await offer(40, all, () => []);
    expect(lacking.size).toBe(0);
    expect(new Set(requests.map(({ node }) => node)).size).toBe(requests.length);
    for (const { listing, seq, keys } of all) {
      for (const { name, targets } of await fake.targets.of(keys)) {
        for (const peer of targets.flatMap(({ peers }) => peers)) {
          const asked = requests.find(({ node }) => `node-${node}` === peer)?.offer;
          const one = asked?.cards.find(([id]) => id.toString() === listing);
          expect(one?.[1]).toBe(seq);
          expect(one?.[2].map((place) => asked?.keys[place])).toContain(name);
        }
      }
    }
  });

  it('is lacking where a node says so or cannot be asked, and at no other', async () => {
    const { lacking, failed } = await offer(5, records(30), (node) => {
      if (node === 1) return [0, 0, 999];
      if (node === 2) throw new NiagaError('PEER_UNREACHABLE', 'gone');
      if (node === 3) throw new NiagaError('RATE_LIMITED', 'not now', { details: { remote: true } });
      return [];
    });
    expect(lacking.size).toBe(30);
    const peers = [...lacking.values()].map((some) => [...some].sort());
    expect(peers.filter((some) => some.includes('node-1'))).toHaveLength(1);
    for (const some of peers) expect(some.filter((peer) => peer !== 'node-1')).toEqual(['node-2', 'node-3']);
    expect(failed).toEqual(['node-2']);
  });

  it('takes more messages only where one would be too large', async () => {
    const { requests } = await offer(2, records(1_200), () => []);
    expect(requests).toHaveLength(2 * 3);
  });
});
