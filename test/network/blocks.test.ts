import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { viewEvidence } from '../../node/api/evidence-view.js';
import type { NiagaNode } from '../../node/index.js';
import { PUT_METHOD } from '../../node/index/wire.js';
import { LISTING_METHOD } from '../../node/keep/wire.js';
import { createTestnet, type Testnet } from '../../node/testing/index.js';
import { cardDraft, cardKeys } from '../../protocol/catalog/make-card.js';
import { slotId } from '../../protocol/ids.js';
import { readItem } from '../../protocol/listing/input.js';
import { signRecord } from '../../protocol/record.js';
import { termsOfText } from '../../protocol/search/analysis.js';
import { FIELD, type CardIndex } from '../../protocol/search/index-terms.js';
import { jsonLines, niaga } from '../cli/cli.js';
import { NETWORK, openBase } from '../node/trader-records/support.js';
import { searchWhole } from './searches.js';
import { writeBody } from '../../node/network/bodies.js';

/** The term under which it is looked for. */
const [IPHONE = ''] = termsOfText('iphone');
const SOON = { timeout: 30_000, interval: 100 };

let testnet: Testnet;
let seller: NiagaNode;
let buyer: NiagaNode;
let friend: NiagaNode;

beforeAll(async () => {
  testnet = await createTestnet(4, { node: { network: NETWORK, name: 'Warung Sari' } });
  [seller, buyer, friend] = testnet.nodes as [NiagaNode, NiagaNode, NiagaNode];
});

afterAll(() => testnet.stop());

async function publish(node: NiagaNode, value: Record<string, unknown>): Promise<string> {
  for await (const line of node.publish({ items: [{ value: { price: '85000 IDR', ...value } }] }))
    return line.listing ?? '';
  throw new Error('no answer');
}

const found = async (node: NiagaNode, ...words: string[]): Promise<string[]> =>
  (await searchWhole(node, { words })).hits.map(({ title }) => title);

describe('a block list', () => {
  it('hides whom it names, refuses offers from there and to there, and says which list it is', async () => {
    const listing = await publish(seller, { sku: 'kopi', title: 'Kopi Gayo' });
    const own = await publish(buyer, { sku: 'teh', title: 'Teh melati' });
    expect(await found(buyer, 'kopi', 'gayo')).toEqual(['Kopi Gayo']);
    await buyer.blockAdd({ trader: seller.trader, reason: 'sold empty boxes' });

    expect(await found(buyer, 'kopi', 'gayo')).toEqual([]);
    expect(await found(friend, 'kopi', 'gayo')).toEqual(['Kopi Gayo']);
    expect(await buyer.listingShow({ listing })).toMatchObject({
      blocked: { list: 'own', reason: 'sold empty boxes' },
    });
    await expect(buyer.offer({ listing })).rejects.toMatchObject({
      code: 'TRADER_BLOCKED',
      message: expect.stringContaining('sold empty boxes') as string,
    });
    const { trade } = await seller.offer({ listing: own });
    await vi.waitFor(async () => {
      const { messages } = await seller.tradeShow({ trade });
      expect(messages[0]?.text).toContain('No offers of that trader are taken here');
    }, SOON);
    // Why is nobody's business but the owner's.
    expect(JSON.stringify(await seller.tradeShow({ trade }))).not.toContain('empty boxes');
    expect((await buyer.tradeList({})).items).toEqual([]);
    expect((await buyer.status({})).refused).toMatchObject({ TRADER_BLOCKED: expect.any(Number) as number });
  });

  it('is shared, taken over and shown with its owner, and hides at the other node too', async () => {
    await expect(friend.blockSubscribe({ trader: buyer.trader })).rejects.toMatchObject({ code: 'TRADER_NOT_FOUND' });
    expect(await buyer.blockShare({})).toMatchObject({ traders: 1, replicas: 3 });
    expect(await friend.traderShow({ trader: buyer.trader })).toMatchObject({
      profile: { name: 'Warung Sari' },
      blockList: { traders: 1 },
      blocked: null,
    });
    expect(await friend.blockSubscribe({ trader: buyer.trader })).toMatchObject({ traders: 1, name: 'Warung Sari' });
    expect(await found(friend, 'kopi', 'gayo')).toEqual([]);
    expect(await friend.traderShow({ trader: seller.trader })).toMatchObject({
      blocked: { list: buyer.trader, reason: 'sold empty boxes' },
    });
    await friend.blockUnsubscribe({ trader: buyer.trader });
    await buyer.blockRemove({ trader: seller.trader });
    expect(await found(friend, 'kopi', 'gayo')).toEqual(['Kopi Gayo']);
    expect(await found(buyer, 'kopi', 'gayo')).toEqual(['Kopi Gayo']);
    expect((await buyer.blockList({})).traders).toEqual([]);
  });

  it('lets nothing of a blocked trader be kept or handed out', async () => {
    await friend.blockAdd({ trader: seller.trader });
    const before = (await friend.status({})).cards;
    await publish(seller, { sku: 'gula', title: 'Gula aren' });
    expect((await friend.status({})).cards).toBe(before);
    expect(await found(buyer, 'gula', 'aren')).toEqual(['Gula aren']);
    await friend.blockRemove({ trader: seller.trader });
  });
});

describe('a seller whose cards are not of their listings', () => {
  /** A node that signs what it likes, and brings it to everybody. */
  async function cheat(title: string, more: CardIndex[number][]): Promise<string> {
    const { network, identity, deps } = await openBase({ bootstrap: seller.addresses() });
    await vi.waitFor(() => expect(network.directory.size).toBeGreaterThanOrEqual(4), SOON);
    const options = { network: NETWORK, created: Date.now() };
    const { item } = readItem({ sku: 'lie', title, price: '9000 IDR' });
    const listing = signRecord('listing', { slot: 'listing/lie', seq: 1, item }, identity, options);
    const draft = cardDraft(listing, { seq: 1, available: 5, validUntil: Date.now() + 1e9 });
    const index = [...(draft.index as CardIndex), ...more].sort((a, b) => a[0] - b[0] || a[1] - b[1]);
    const card = signRecord('card', { ...draft, index }, identity, options);
    const delegation = identity.delegation.bytes;
    network.handle(LISTING_METHOD, async () =>
      writeBody({ listings: [[0, listing.bytes, 0]], delegations: [delegation], missing: [] }),
    );
    const keys = cardKeys(card.payload);
    const put = writeBody({ keys, cards: [[card.bytes, keys.map((_, at) => at)]], delegations: [delegation] });
    for (const node of testnet.nodes) await network.request(node.peerId, PUT_METHOD, put);
    return slotId(NETWORK, deps.identity.trader, 'listing/lie').toString();
  }

  it('is found out when a listing is opened: hidden here, told, and proved to others by a file', async () => {
    const listing = await cheat('Sandal jepit', [[FIELD.ATTRIBUTE, 2, IPHONE]]);
    expect(await found(buyer, 'iphone')).toEqual(['Sandal jepit']);
    await buyer.listingShow({ listing });
    await vi.waitFor(async () => expect((await buyer.evidenceList({})).items).toHaveLength(1), SOON);
    expect(await found(buyer, 'iphone')).toEqual([]);
    const events = [];
    for await (const { data } of buyer.events({ type: ['false-index'] })) events.push(data);
    expect(events).toHaveLength(1);
    expect(events[0]).toMatchObject({ listing, title: 'Sandal jepit', terms: [IPHONE] });

    const { evidence } = await buyer.evidenceExport({ listing });
    const bytes = Buffer.from(evidence, 'base64');
    expect(viewEvidence(bytes)).toMatchObject({ about: 'false-index', valid: true, falseIndex: { listing } });
    const folder = await mkdtemp(join(tmpdir(), 'niaga-evidence-'));
    const file = join(folder, 'lie.niaga');
    await writeFile(file, bytes);
    const verified = await niaga(['verify', file, '--json']);
    expect([verified.code, ...jsonLines(verified.out)]).toMatchObject([
      0,
      { valid: true, falseIndex: { terms: [IPHONE] } },
    ]);
    await writeFile(file, Buffer.concat([bytes.subarray(0, -1), Buffer.of((bytes.at(-1) ?? 0) ^ 1)]));
    expect((await niaga(['verify', file, '--json'])).code).toBe(1);
    await rm(folder, { recursive: true });
  });

  it('is refused where the card itself shows it', async () => {
    await cheat('Topi merah', [[FIELD.TITLE, 2, IPHONE]]);
    expect(await found(buyer, 'iphone')).toEqual([]);
    const refused = await Promise.all(testnet.nodes.map(async (node) => (await node.status({})).refused));
    expect(refused.some((counts) => (counts['INDEX_FALSE'] ?? 0) > 0)).toBe(true);
  });
});
