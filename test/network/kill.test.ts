import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { jsonLines, niaga } from '../cli/cli.js';
import { NodeProcess, temporaryFolder } from '../support/processes.js';

let folder: { path: string; remove: () => Promise<void> };
let seller: NodeProcess;
let buyer: NodeProcess;

beforeAll(async () => {
  folder = await temporaryFolder();
  seller = await new NodeProcess(join(folder.path, 'seller')).start();
  buyer = await new NodeProcess(join(folder.path, 'buyer'), seller.addresses).start();
});

afterAll(async () => {
  await Promise.all([seller.kill(), buyer.kill()]);
  await folder.remove();
});

async function publishOne(sku: string): Promise<string> {
  const line = JSON.stringify({ sku, title: `Kopi ${sku}`, price: '85000 IDR' });
  const { out } = await niaga(['publish', '-', '--format', 'ndjson', '--home', seller.home, '--json'], { stdin: line });
  const listing = String(jsonLines(out)[0]?.['listing']);
  // A node that was restarted a moment ago gets its cards when it is connected again.
  await vi.waitFor(async () => expect((await seller.run('listing', 'show', listing))['replicas']).toBeGreaterThan(0), {
    timeout: 90_000,
    interval: 100,
  });
  return listing;
}

const STEPS = [
  { by: 'seller', words: ['accept'], state: 'accepted' },
  { by: 'buyer', words: ['pay'], state: 'paid' },
  { by: 'seller', words: ['confirm'], state: 'payment-confirmed' },
  { by: 'seller', words: ['ship'], state: 'shipped' },
  { by: 'buyer', words: ['receive'], state: 'received' },
  { by: 'buyer', words: ['approve'], state: 'completed' },
] as const;

describe('kill -9 in the middle of a trade', () => {
  it(
    'loses nothing that was acknowledged, whichever side dies after whichever step',
    { timeout: 240_000 },
    async () => {
      const listing = await publishOne('satu');
      const { trade } = (await buyer.run('offer', listing)) as { trade: string };
      await buyer.kill();
      await buyer.start();
      await seller.shows(trade, 'offered');
      for (const [at, { by, words, state }] of STEPS.entries()) {
        const actor = by === 'seller' ? seller : buyer;
        const other = by === 'seller' ? buyer : seller;
        const answer = await actor.run('trade', ...words, trade);
        expect(answer).toEqual({ trade, state });
        // The step is acknowledged: from here on it must survive, however early the process dies.
        const victim = at % 2 === 0 ? actor : other;
        await victim.kill();
        await victim.start();
        await actor.shows(trade, state);
        await other.shows(trade, state);
      }
      const kinds = async (node: NodeProcess) =>
        ((await node.run('trade', 'show', trade))['messages'] as { id: string }[]).map((message) => message.id);
      expect(await kinds(buyer)).toEqual(await kinds(seller));
    },
  );

  it('delivers a step that was taken while the other side was dead', { timeout: 120_000 }, async () => {
    const listing = await publishOne('dua');
    await seller.kill();
    const { trade } = (await buyer.run('offer', listing)) as { trade: string };
    await buyer.kill();
    await Promise.all([seller.start(), buyer.start()]);
    await seller.shows(trade, 'offered');
    await seller.run('trade', 'decline', trade);
    await buyer.shows(trade, 'declined');
  });

  it('ends with 0 on SIGTERM and starts again with everything', async () => {
    expect(await seller.kill('SIGTERM')).toBe(0);
    await seller.start();
    expect(await seller.run('status')).toMatchObject({ listings: 2, integrity: { ok: true } });
  });
});
