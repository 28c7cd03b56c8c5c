import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { Refresher, type LeasedCard, type OwnLease } from '../../../node/index/refresher.js';
import { LEASE_METHOD, leaseRequestSchema, type LeaseRequest } from '../../../node/index/wire.js';
import { readBody, writeBody } from '../../../node/network/bodies.js';
import type { Network } from '../../../node/network/index.js';
import { NiagaError } from '../../../protocol/errors.js';
import { sha256 } from '../../../protocol/hash.js';
import { merkleProof, merkleRoot, openProof } from '../../../protocol/merkle.js';
import { COPIES } from '../../../protocol/search/posting-keys.js';
import { until, wait } from '../../support/own-time.js';
import { fakeNodes } from './fake-nodes.js';

const TERMS = ['term:a', 'term:b', 'term:c', 'term:d', 'term:e'];

/** A seller with so many cards, and a lease over all but the last one. */
function seller(count: number): { lease: OwnLease; cards: readonly LeasedCard[] } {
  const cards = Array.from({ length: count }, (_, at) => ({
    listing: `l${String(at).padStart(6, '0')}`,
    keys: [`listing:${at}`, TERMS[at % TERMS.length] ?? ''],
  }));
  const leaves = cards.slice(0, -1).map(({ listing }) => sha256(new TextEncoder().encode(listing)));
  const lease: OwnLease = {
    bytes: new Uint8Array(200),
    leaves,
    placeOf: (listing) => (Number(listing.slice(1)) < leaves.length ? Number(listing.slice(1)) : undefined),
    proof: (places) => (places.length === leaves.length ? [] : merkleProof(leaves, places)),
  };
  return { lease, cards };
}

async function* inOrder(cards: readonly LeasedCard[]): AsyncGenerator<LeasedCard> {
  yield* cards;
}

/** Sends a lease through a network whose nodes answer as they are told to. */
function refresh(
  size: number,
  count: number,
  answer: (node: number, request: LeaseRequest) => readonly number[] | Promise<readonly number[]>,
) {
  const fake = fakeNodes(size);
  const { lease, cards } = seller(count);
  const requests: { node: number; request: LeaseRequest }[] = [];
  const failed: string[] = [];
  const misbehaved: string[] = [];
  const network = {
    peerId: 'node-0',
    misbehaved: (peer) => void misbehaved.push(peer),
    request: async (peer: string, method: string, body: Uint8Array) => {
      await Promise.resolve();
      expect([method, body.length <= 1024 * 1024]).toEqual([LEASE_METHOD, true]);
      const request = readBody(leaseRequestSchema, body, method);
      const { root } = openProof(lease.leaves.length, request.leaves, request.proof);
      expect(Buffer.from(root).equals(merkleRoot(lease.leaves))).toBe(true);
      const node = Number(peer.slice('node-'.length));
      requests.push({ node, request });
      return writeBody({ missing: await answer(node, request) });
    },
  } as Partial<Network> as Network;
  const refresher = new Refresher({
    network,
    targets: fake.targets,
    bits: fake.bits,
    delegations: () => [],
    onFailed: (peer) => failed.push(peer),
    logger: pino({ level: 'silent' }),
  });
  const { signal } = new AbortController();
  return { run: refresher.refresh(lease, inOrder(cards), signal), requests, failed, misbehaved, cards, fake };
}

describe('a refresh', () => {
  it('is one message a node, each about exactly the cards that the node should hold, with their proof', async () => {
    const { run, requests, cards, fake } = refresh(40, 1_000, () => []);
    const { lacking, held, nodes, failed } = await run;
    expect([lacking.size, held.size, nodes, failed]).toEqual([0, 999, 40, 0]);
    expect(requests).toHaveLength(40);
    const told = new Map(requests.map(({ node, request }) => [node, new Set(request.leaves.map(([place]) => place))]));
    for (const [place, { keys }] of cards.slice(0, -1).entries()) {
      const found = await fake.targets.of(keys);
      const responsible = new Set(found.flatMap(({ targets }) => targets.flatMap(({ peers }) => peers)));
      const asked = [...told].filter(([, places]) => places.has(place)).map(([node]) => `node-${node}`);
      expect(new Set(asked)).toEqual(responsible);
    }
    expect([...held.values()].every(({ replicas, quorum }) => quorum && replicas >= COPIES - 1)).toBe(true);
  });

  it('hears what a node lacks', async () => {
    const { run, misbehaved } = refresh(6, 50, (node, { leaves }) => (node === 3 ? [leaves[0]?.[0] ?? 0] : []));
    const { lacking, held } = await run;
    expect([...lacking.values()].map((peers) => [...peers])).toEqual([['node-3']]);
    expect([held.size, misbehaved]).toEqual([48, []]);
  });

  it('believes nothing of a node that says to lack cards which it was not asked for, and holds that against it', async () => {
    const { run, requests, failed, misbehaved } = refresh(6, 50, (node, { leaves }) =>
      node === 3 ? [leaves[0]?.[0] ?? 0, 999_999] : [],
    );
    const { lacking, ...refreshed } = await run;
    expect([refreshed.failed, failed, misbehaved]).toEqual([1, ['node-3'], ['node-3']]);
    expect(new Set([...lacking.values()].flatMap((peers) => [...peers]))).toEqual(new Set(['node-3']));
    expect(lacking.size).toBe(requests.find(({ node }) => node === 3)?.request.leaves.length);
  });

  it('counts all cards of a node that cannot be reached as lacking there, and only those', async () => {
    const { run, failed } = refresh(4, 30, (node) => {
      if (node === 2) throw new NiagaError('PEER_UNREACHABLE', 'gone');
      if (node === 3) throw new NiagaError('RATE_LIMITED', 'not now', { details: { remote: true } });
      return [];
    });
    const refreshed = await run;
    expect([refreshed.failed, refreshed.held.size, failed]).toEqual([2, 0, ['node-2']]);
    expect([...refreshed.lacking.values()].every((peers) => peers.has('node-2') && peers.has('node-3'))).toBe(true);
    expect(refreshed.lacking.size).toBe(29);
  });

  it('reaches all others at once where many are frozen, and takes no longer for these than for one', async () => {
    const LEASE_TIMEOUT = 15_000;
    const begun = performance.now();
    const { run, requests } = refresh(40, 200, async (node) => {
      if (node % 2 === 0) return [];
      await wait(LEASE_TIMEOUT);
      throw new NiagaError('TIMED_OUT', 'It is frozen.');
    });
    let over = false;
    const running = run.finally(() => (over = true));
    await until(() => expect(requests).toHaveLength(40), LEASE_TIMEOUT / 2);
    expect(over).toBe(false);
    expect((await running).failed).toBe(20);
    expect(performance.now() - begun).toBeLessThan(2 * LEASE_TIMEOUT);
  });

  it('takes more messages only where one would be too large', { timeout: 60_000 }, async () => {
    const { run, requests } = refresh(3, 10_001, () => []);
    expect((await run).held.size).toBe(10_000);
    expect(requests).toHaveLength(3);
    expect(requests.every(({ request }) => request.proof.length === 0)).toBe(true);
    const larger = refresh(2, 25_001, () => []);
    expect((await larger.run).held.size).toBe(25_000);
    expect(larger.requests).toHaveLength(6);
  });
});
