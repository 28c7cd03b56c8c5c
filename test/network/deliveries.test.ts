import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { NiagaNode } from '../../node/index.js';
import { createTestnet, type Testnet } from '../../node/testing/index.js';

/** A busy machine has time; what is held is what becomes of a trade, not how fast. */
const TIMEOUT = 120_000;
const TICK = 25;
type Detail = Awaited<ReturnType<NiagaNode['tradeShow']>>;

let testnet: Testnet;
let seller: NiagaNode;
let buyer: NiagaNode;

beforeAll(async () => {
  testnet = await createTestnet(3);
  [seller, buyer] = testnet.nodes as [NiagaNode, NiagaNode];
}, TIMEOUT);

afterAll(() => testnet.stop());

async function published(sku: string, price: string): Promise<string> {
  for await (const line of seller.publish({ items: [{ value: { sku, title: sku, price, quantity: 10 } }] }))
    return line.listing ?? '';
  throw new Error('no answer');
}

async function until(node: NiagaNode, trade: string, holds: (view: Detail) => boolean): Promise<Detail> {
  const end = Date.now() + TIMEOUT;
  for (;;) {
    const view = await node.tradeShow({ trade }).catch(() => undefined);
    if (view !== undefined && holds(view)) return view;
    if (Date.now() > end) throw new Error(`waited in vain: ${JSON.stringify(view)}`);
    await new Promise((resolve) => setTimeout(resolve, TICK));
  }
}

/** The code of a contract, as its buyer sees it. */
async function codeOf(trade: string): Promise<string> {
  const shown = ({ state, private: values }: Detail): string | undefined =>
    state === 'accepted' ? values.find(({ what }) => what === 'code')?.value : undefined;
  return shown(await until(buyer, trade, (view) => shown(view) !== undefined)) ?? '';
}

const shows = (node: NiagaNode, trade: string, state: string) => until(node, trade, (view) => view.state === state);

describe('goods that are picked up', () => {
  it('are handed over for the code that the buyer alone has, and count as received', { timeout: TIMEOUT }, async () => {
    const listing = await published('kursi', '250000 IDR');
    await expect(buyer.offer({ listing, delivery: 'shipping', code: true })).rejects.toMatchObject({
      code: 'INPUT_INVALID',
      where: 'code',
      next: 'Add --delivery pickup',
    });
    const { trade } = await buyer.offer({ listing, delivery: 'pickup', code: true });
    const known = await shows(seller, trade, 'offered');
    expect(known.delivery).toEqual({ method: 'pickup', code: true });
    await seller.tradeAccept({ trade });
    const code = await codeOf(trade);
    expect(code).toMatch(/^([0-9A-Z]{4}-){4}[0-9A-Z]{4}$/);
    // The seller's node has a commitment and nothing else.
    const theirs = await seller.tradeShow({ trade });
    expect(theirs.private).toMatchObject([{ what: 'code', of: 'buyer', status: 'withheld' }]);
    expect(JSON.stringify(theirs)).not.toContain(code);

    const wrong = `${code.slice(0, -1)}${code.endsWith('0') ? '1' : '0'}`;
    await expect(seller.tradeShip({ trade, code: wrong })).rejects.toMatchObject({
      code: 'TRADE_TERMS',
      message: expect.stringContaining('The trade is accepted') as string,
      next: expect.stringContaining('niaga trade ship') as string,
    });
    await expect(seller.tradeShip({ trade, code: '12' })).rejects.toMatchObject({ code: 'INPUT_INVALID' });
    await expect(buyer.tradeShip({ trade, code })).rejects.toMatchObject({ code: 'TRADE_ROLE' });
    // As somebody reads it to somebody who types it.
    await seller.tradeShip({ trade, code: code.toLowerCase().replaceAll('-', ' ').replaceAll('0', 'o') });
    const done = await shows(buyer, trade, 'received');
    expect(done.messages.map(({ kind }) => kind)).toEqual(['offer', 'accept', 'shipped']);
    await buyer.tradePay({ trade });
    await shows(seller, trade, 'received');
    await until(seller, trade, ({ allowed }) => allowed.includes('confirm'));
    await seller.tradeConfirm({ trade });
    await until(buyer, trade, ({ regions }) => regions.payment === 'seen');
    await buyer.tradeApprove({ trade });
    await shows(seller, trade, 'completed');
  });

  it('have no code where the contract names none, which is said', { timeout: TIMEOUT }, async () => {
    const listing = await published('meja', '250000 IDR');
    const { trade } = await buyer.offer({ listing, delivery: 'pickup' });
    await shows(seller, trade, 'offered');
    await seller.tradeAccept({ trade });
    await expect(seller.tradeShip({ trade, code: '7KQM-3XWP-7KQM-3XWP-7KQM' })).rejects.toMatchObject({
      code: 'TRADE_TERMS',
      message: 'The trade is accepted, and names no pick-up code.',
      next: expect.stringContaining('niaga trade ship') as string,
    });
  });

  it(
    'get their code and address with an accept too, where the seller made the last offer',
    { timeout: TIMEOUT },
    async () => {
      const listing = await published('lemari', '900000 IDR');
      const { trade } = await buyer.offer({ listing });
      await shows(seller, trade, 'offered');
      await expect(seller.tradeAccept({ trade, address: 'Jl. Melati 1' })).rejects.toMatchObject({
        code: 'TRADE_TERMS',
      });
      await seller.tradeCounter({ trade, delivery: 'pickup', price: '850000 IDR' });
      await shows(buyer, trade, 'countered');
      await buyer.tradeAccept({ trade, code: true, phone: '0812-3456' });
      const code = await codeOf(trade);
      await until(seller, trade, (view) =>
        view.private.some(({ what, value }) => what === 'phone' && value === '0812-3456'),
      );
      await seller.tradeShip({ trade, code });
      await shows(buyer, trade, 'received');
    },
  );
});

describe('digital goods', () => {
  it('come sealed, and open for the buyer once the seller has seen the money', { timeout: TIMEOUT }, async () => {
    const listing = await published('buku', '50000 IDR');
    const { trade } = await buyer.offer({ listing, delivery: 'digital' });
    await shows(seller, trade, 'offered');
    await seller.tradeAccept({ trade });
    const book = randomBytes(300_000);
    const content = [
      { name: 'buku.pdf', content: book.toString('base64') },
      { name: 'catatan.txt', content: Buffer.from('Selamat membaca.').toString('base64') },
    ];
    await shows(buyer, trade, 'accepted');
    await expect(buyer.tradeShip({ trade, content })).rejects.toMatchObject({ code: 'TRADE_ROLE' });
    await expect(
      seller.tradeShip({ trade, content: [{ name: '../buku.pdf', content: 'AAAA' }] }),
    ).rejects.toMatchObject({ code: 'INPUT_INVALID' });
    await seller.tradeShip({ trade, content });
    // All of it is there, and nothing can be read.
    const sealed = await until(buyer, trade, (view) => view.content.length === 2 && view.state === 'shipped');
    expect(sealed.content).toMatchObject([
      { name: 'buku.pdf', size: 300_000, status: 'sealed' },
      { name: 'catatan.txt', size: 16, status: 'sealed' },
    ]);
    const [pdf, text] = sealed.content.map(({ file }) => file) as [string, string];
    await expect(buyer.fileSave({ with: trade, file: pdf })).rejects.toMatchObject({
      code: 'TRADE_STATE',
      message: 'The trade is shipped: the key of that file comes when the seller has seen the money.',
      next: expect.stringContaining('niaga trade show') as string,
    });
    await buyer.tradePay({ trade });
    await until(seller, trade, ({ regions }) => regions.payment === 'claimed');
    expect((await buyer.tradeShow({ trade })).content[0]?.status).toBe('sealed');
    await seller.tradeConfirm({ trade });
    await until(buyer, trade, (view) => view.content.every(({ status }) => status === 'here'));
    const saved = await buyer.fileSave({ with: trade, file: pdf });
    expect([saved.name, Buffer.from(saved.content, 'base64').equals(book)]).toEqual(['buku.pdf', true]);
    const note = await buyer.fileSave({ with: trade, file: text });
    expect(Buffer.from(note.content, 'base64').toString()).toBe('Selamat membaca.');
    await buyer.tradeReceive({ trade });
    await buyer.tradeApprove({ trade });
    await shows(seller, trade, 'completed');
  });

  it('that were paid before open as soon as they come', { timeout: TIMEOUT }, async () => {
    const listing = await published('lagu', '10000 IDR');
    const { trade } = await buyer.offer({ listing, delivery: 'digital' });
    await shows(seller, trade, 'offered');
    await seller.tradeAccept({ trade });
    await shows(buyer, trade, 'accepted');
    await buyer.tradePay({ trade });
    await shows(seller, trade, 'paid');
    await seller.tradeConfirm({ trade });
    await seller.tradeShip({
      trade,
      content: [{ name: 'lagu.ogg', content: Buffer.from('la la').toString('base64') }],
    });
    const { content } = await until(buyer, trade, (view) => view.content.some(({ status }) => status === 'here'));
    const { content: bytes } = await buyer.fileSave({ with: trade, file: content[0]?.file ?? '' });
    expect(Buffer.from(bytes, 'base64').toString()).toBe('la la');
  });
});

describe('a service', () => {
  it('is done, received and paid by milestones, to the end', { timeout: TIMEOUT }, async () => {
    const listing = await published('situs', '1500000 IDR');
    const milestone = ['Design=500000 IDR', 'Site=1000000 IDR'];
    await expect(buyer.offer({ listing, delivery: 'shipping', milestone })).rejects.toMatchObject({
      code: 'INPUT_INVALID',
      next: 'Add --delivery service',
    });
    await expect(buyer.offer({ listing, milestone: ['Design'] })).rejects.toMatchObject({ code: 'INPUT_INVALID' });
    await expect(buyer.offer({ listing, milestone: ['Design=5 IDR'] })).rejects.toMatchObject({ code: 'TRADE_TERMS' });
    const { trade } = await buyer.offer({ listing, milestone });
    const { delivery } = await shows(seller, trade, 'offered');
    expect(delivery?.milestones?.map(({ milestone: number, title }) => [number, title])).toEqual([
      [1, 'Design'],
      [2, 'Site'],
    ]);
    await seller.tradeAccept({ trade });
    await shows(buyer, trade, 'accepted');
    await buyer.tradePay({ trade, amount: '500000 IDR' });
    await shows(seller, trade, 'paid');
    await seller.tradeConfirm({ trade, amount: '500000 IDR' });
    await expect(seller.tradeShip({ trade, parts: ['3=1'] })).rejects.toMatchObject({ code: 'TRADE_TERMS' });
    await seller.tradeShip({ trade, parts: ['1=1'] });
    await until(buyer, trade, ({ regions }) => regions.delivery === 'partly');
    await buyer.tradeReceive({ trade, parts: ['1=1'] });
    await until(seller, trade, ({ messages }) => messages.some(({ kind }) => kind === 'received'));
    await seller.tradeShip({ trade, parts: ['2=1'] });
    await until(buyer, trade, ({ regions }) => regions.delivery === 'shipped');
    await buyer.tradeReceive({ trade });
    await buyer.tradePay({ trade });
    await until(seller, trade, ({ messages }) => messages.filter(({ kind }) => kind === 'paid').length === 2);
    await seller.tradeConfirm({ trade });
    await until(buyer, trade, ({ regions }) => regions.payment === 'seen');
    await buyer.tradeApprove({ trade });
    await shows(seller, trade, 'completed');
  });
});
