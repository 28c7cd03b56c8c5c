import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Interrupted } from '../../cli/context.js';
import type { NiagaNode } from '../../node/index.js';
import { createTestnet, type Testnet } from '../../node/testing/index.js';
import { verifyEvidenceFile } from '../../protocol/trade/evidence-file.js';
import { until } from '../network/traders.js';
import { folderWith, jsonLines, niaga } from './cli.js';

/** The files of a trade, made by the commands that people type, over the API of real nodes. */
const TIMEOUT = 120_000;
const ADDRESS = 'Jl. Mawar 3, Bandung 40111';
const SAID = 'Sudah dikirim tadi pagi?';

let testnet: Testnet;
let seller: NiagaNode;
let buyer: NiagaNode;
let trade: string;

const typed = (...words: string[]) => niaga(['trade', ...words, '--home', testnet.homes[1] ?? '']);

beforeAll(async () => {
  testnet = await createTestnet(2, { node: { api: '127.0.0.1:0' } });
  [seller, buyer] = testnet.nodes as [NiagaNode, NiagaNode];
  let listing = '';
  const value = { sku: 'kopi', title: 'Kopi Gayo', price: '80000 IDR', quantity: 5 };
  for await (const line of seller.publish({ items: [{ value }] })) listing = line.listing ?? '';
  ({ trade } = await buyer.offer({ listing, quantity: 2, address: ADDRESS }));
  await until(
    () => seller.tradeShow({ trade }).catch(() => undefined),
    (view) => view?.state === 'offered',
    'the offer came',
  );
  await seller.tradeAccept({ trade });
  await until(
    () => buyer.tradeShow({ trade }),
    ({ state }) => state === 'accepted',
    'the contract is there',
  );
  await buyer.chatSend({ with: trade, text: SAID });
}, TIMEOUT);

afterAll(() => testnet.stop());

/** What stands in the file that a command has written; the command says of it what `verify` says. */
async function written(...options: string[]) {
  await using folder = await folderWith();
  const out = join(folder.path, 'trade.html');
  const ran = await typed('export', trade, '--out', out, '--json', ...options);
  expect(ran).toMatchObject({ code: 0, err: '' });
  expect(jsonLines(ran.out)).toMatchObject([{ valid: true, problems: [] }]);
  const bytes = await readFile(out);
  const { chat, values } = verifyEvidenceFile(new Uint8Array(bytes));
  return {
    page: bytes.toString(),
    chat: chat.map(({ payload }) => payload.text),
    values: values.map(({ value }) => new TextDecoder().decode(value)),
  };
}

describe('niaga trade export', () => {
  it('discloses nothing that is not asked for, and writes for people in English', { timeout: TIMEOUT }, async () => {
    const { page, chat, values } = await written();
    expect([chat, values]).toEqual([[], []]);
    expect(page).toContain('Evidence of a trade');
    expect([page.includes(SAID), page.includes(ADDRESS)]).toEqual([false, false]);
  });

  it('writes for people in the language that is asked for', { timeout: TIMEOUT }, async () => {
    expect((await written('--language', 'id')).page).toContain('Bukti transaksi');
    const refused = await typed('export', trade, '--out', '-', '--language', 'xx');
    expect(refused).toMatchObject({ code: 2, out: '', err: expect.stringMatching(/--language.*en.*id/s) as string });
  });

  it('discloses the chat, the private values, or both, as it is told', { timeout: TIMEOUT }, async () => {
    expect(await written('--chat')).toMatchObject({ chat: [SAID], values: [] });
    expect(await written('--values')).toMatchObject({ chat: [], values: [ADDRESS] });
    const { page, ...disclosed } = await written('--chat', '--values', '--language', 'id');
    expect(disclosed).toEqual({ chat: [SAID], values: [ADDRESS] });
    for (const text of ['Bukti transaksi', SAID, ADDRESS]) expect(page).toContain(text);
  });
});

describe('niaga trade invoice', () => {
  it('writes the contract as XML into a file, over none that is there, and to standard output', async () => {
    await using folder = await folderWith();
    const out = join(folder.path, 'invoice.xml');
    const ran = await typed('invoice', trade, '--out', out, '--json');
    expect(ran).toMatchObject({ code: 0, err: '' });
    expect(jsonLines(ran.out)).toEqual([{ trade, invoice: out }]);
    const xml = await readFile(out, 'utf8');
    expect(xml).toMatch(/^<\?xml/);
    expect(xml).toContain(`<cbc:ID>${trade}</cbc:ID>`);
    expect(await typed('invoice', trade, '--out', out)).toMatchObject({
      code: 1,
      err: expect.stringContaining('--force') as string,
    });
    expect(await typed('invoice', trade, '--out', out, '--force')).toMatchObject({ code: 0 });
    expect(await typed('invoice', trade, '--out', '-')).toMatchObject({ code: 0, out: xml });
  });
});

it('a real node says at once that it listens to whoever watches a list, and then tells what changes', async () => {
  const ending = new AbortController();
  const ran = await niaga(['chat', 'list', '--watch', '--jsonl', '--home', testnet.homes[1] ?? ''], {
    signal: ending.signal,
    onOut: (text) => {
      if (text.includes(SAID)) void buyer.chatSend({ with: trade, text: 'Halo?' });
      else ending.abort(new Interrupted(130));
    },
  });
  expect(ran.code).toBe(130);
  expect(jsonLines(ran.out).at(-1)).toMatchObject({ text: 'Halo?' });
});
