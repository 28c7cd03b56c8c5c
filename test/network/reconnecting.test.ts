import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { Socket } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { NiagaNode } from '../../node/index.js';
import { createTestnet, type Testnet } from '../../node/testing/index.js';
import { PATIENCE } from '../support/patience.js';
import { TIME_ENOUGH } from './searches.js';

const NODES = 7;
const WORDS = ['kopi', 'teh', 'beras', 'gula', 'garam', 'kecap', 'sambal', 'batik', 'sarung', 'payung', 'sepatu'];
/** Without load it takes tens of milliseconds, and a second or two on a machine full of others; what waits for the deadline of a search takes 10 s. */
const SOON = 5_000;

let testnet: Testnet;
const sockets = new Set<Socket>();

function onSocket(message: unknown): void {
  const { socket } = message as { socket: Socket };
  sockets.add(socket);
  socket.once('close', () => sockets.delete(socket));
}

beforeAll(async () => {
  testnet = await createTestnet(NODES);
  const items = WORDS.map((word) => ({ value: { sku: word, title: `Dagangan ${word}`, price: '5000 IDR' } }));
  for await (const line of testnet.nodes[0]?.publish({ items }) ?? []) expect(line.status).toBe('published');
}, 60_000);

afterAll(async () => {
  unsubscribe('net.client.socket', onSocket);
  await testnet.stop();
});

describe('a node whose connections are gone', () => {
  let reader: NiagaNode;

  it('finds at once after a restart, by the peers that it knows', async () => {
    await testnet.nodes[NODES - 1]?.stop();
    // All that are opened from here on are its own, by it or to it.
    subscribe('net.client.socket', onSocket);
    reader = await testnet.restart(NODES - 1);
    const { hits } = await reader.search({ ...TIME_ENOUGH, words: ['sepatu'] });
    expect(hits.map(({ title }) => title)).toEqual(['Dagangan sepatu']);
  });

  it('dials again where half of them were cut, without waiting for anything', async () => {
    await expect.poll(async () => (await reader.status({})).peers, PATIENCE).toBeGreaterThan(2);
    const took: number[] = [];
    for (const word of WORDS.slice(0, -1)) {
      const all = [...sockets];
      // The oldest: those cut before are the newest now.
      for (const socket of all.slice(0, Math.ceil(all.length / 2))) socket.destroy();
      await wait(10);
      const { hits, tookMs, coverage } = await reader.search({ ...TIME_ENOUGH, words: [word] });
      expect(hits, word).toHaveLength(1);
      // A busy machine may answer too late for a third node, never for all.
      expect(coverage.verdict, word).not.toBe('unknown');
      took.push(tookMs);
    }
    expect(took.toSorted((a, b) => a - b)[Math.floor(took.length / 2)], took.join()).toBeLessThan(SOON);
  });
});
