import { gzipSync } from 'node:zlib';
import { mkdir, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { jsonLines, niaga } from '../cli/cli.js';
import { niagaProcess, NodeProcess, temporaryFolder } from '../support/processes.js';

let folder: { path: string; remove: () => Promise<void> };
let node: NodeProcess;

beforeAll(async () => {
  folder = await temporaryFolder();
  node = await new NodeProcess(join(folder.path, 'home')).start();
});

afterAll(async () => {
  await node.kill();
  await folder.remove();
});

const good = (sku: string) => JSON.stringify({ sku, title: `Barang ${sku}`, price: '1000 IDR' });

async function publish(name: string, content: string | Uint8Array, ...options: string[]) {
  const path = join(folder.path, name);
  await writeFile(path, content);
  const { out, ...ended } = await niaga(['publish', path, '--home', node.home, '--json', ...options]);
  return { ...ended, out, lines: jsonLines(out) };
}

const errorOf = (stderr: string) =>
  (JSON.parse(stderr.trim().split('\n').at(-1) ?? '{}') as { error: { code: string; next?: string } }).error;

/** Each line that cannot be taken: its text, and the field and code that the answer must name. */
const BAD_LINES: [what: string, line: string, code: string, where?: string][] = [
  ['wrong JSON', '{"sku": "a", "title": ', 'INPUT_SYNTAX'],
  ['no object', '[1, 2]', 'INPUT_INVALID'],
  ['no title', '{"sku": "a", "price": "1 USD"}', 'INPUT_MISSING', 'title'],
  ['a price of -1', '{"sku": "a", "title": "t", "price": -1, "currency": "USD"}', 'MONEY_INVALID', 'price'],
  ['a price of NaN', '{"sku": "a", "title": "t", "price": NaN, "currency": "USD"}', 'INPUT_SYNTAX'],
  ['a price of "NaN"', '{"sku": "a", "title": "t", "price": "NaN", "currency": "USD"}', 'MONEY_INVALID', 'price'],
  ['a price of 1e400', '{"sku": "a", "title": "t", "price": 1e400, "currency": "USD"}', 'MONEY_INVALID', 'price'],
  ['more decimals than the currency has', '{"sku": "a", "title": "t", "price": "1.234 USD"}', 'MONEY_INVALID', 'price'],
  ['decimals for a currency without', '{"sku": "a", "title": "t", "price": "10.5 JPY"}', 'MONEY_INVALID', 'price'],
  ['an unknown currency', '{"sku": "a", "title": "t", "price": 5, "currency": "XQQ"}', 'CURRENCY_UNKNOWN', 'currency'],
  ['a negative quantity', '{"sku": "a", "title": "t", "price": "1 USD", "quantity": -1}', 'INPUT_INVALID', 'quantity'],
  [
    'a fractional quantity',
    '{"sku": "a", "title": "t", "price": "1 USD", "quantity": 1.5}',
    'INPUT_INVALID',
    'quantity',
  ],
  ['a lone surrogate', '{"sku": "a", "title": "t \\ud800", "price": "1 USD"}', 'INPUT_INVALID', 'title'],
];

describe('niaga publish on bad input', () => {
  it.each(BAD_LINES)(
    'refuses %s with line and field, and takes the good line beside it',
    async (what, line, code, where) => {
      const sku = `good-${what}`;
      const { code: exit, lines, err } = await publish('lines.ndjson', `${line}\n${good(sku)}\n`);
      expect(lines[0]).toMatchObject({
        line: 1,
        status: 'invalid',
        listing: null,
        error: { code, ...(where === undefined ? {} : { where }) },
      });
      expect(String((lines[0]?.['error'] as { message: string }).message).length).toBeGreaterThan(15);
      expect(lines[1]).toMatchObject({ line: 2, sku, status: 'published' });
      expect(exit).toBe(1);
      expect(err).not.toMatch(/\n\s+at /);
    },
  );

  it('refuses a line of 10 MB and goes on', async () => {
    const { code, lines } = await publish(
      'long.ndjson',
      `{"sku":"big","title":"${'x'.repeat(10_000_000)}"}\n${good('after-big')}\n`,
    );
    expect(lines).toMatchObject([
      { line: 1, status: 'invalid', error: { code: 'INPUT_TOO_LARGE' } },
      { line: 2, status: 'published' },
    ]);
    expect(code).toBe(1);
  });

  it('takes a byte order mark, CRLF, gzip and CSV as they come', async () => {
    expect((await publish('bom.ndjson', `\ufeff${good('bom')}\r\n${good('crlf')}\r\n`)).lines).toMatchObject([
      { status: 'published' },
      { status: 'published' },
    ]);
    expect((await publish('zip.ndjson.gz', gzipSync(good('zip')))).lines).toMatchObject([{ status: 'published' }]);
    expect(
      (await publish('sheet.csv', 'sku,title,price,currency\r\ncsv-1,"Meja, kayu",150000,IDR\r\n')).lines,
    ).toMatchObject([{ status: 'published', sku: 'csv-1' }]);
    expect((await publish('list.json', `[${good('j1')},${good('j2')}]`)).lines).toHaveLength(2);
  });

  it('names the encoding of UTF-16, with exit code 1 and nothing published', async () => {
    const { code, out, err } = await publish('wide.ndjson', Buffer.from(`\ufeff${good('wide')}\n`, 'utf16le'));
    expect(code).toBe(1);
    expect(out + err).toMatch(/UTF-16/);
    expect(out).not.toMatch(/published"/);
  });

  it('refuses a folder (2) and a missing file (5), and publishes nothing of the files beside them', async () => {
    await mkdir(join(folder.path, 'dir.json'), { recursive: true });
    await writeFile(join(folder.path, 'fine.ndjson'), good('not-published'));
    const beside = join(folder.path, 'fine.ndjson');
    const run = (path: string) => niaga(['publish', beside, join(folder.path, path), '--home', node.home, '--json']);
    expect(await run('dir.json')).toMatchObject({ code: 2, out: '' });
    expect(await run('missing.json')).toMatchObject({ code: 5, out: '' });
    const { out } = await niaga(['listing', 'list', '--limit', '1000', '--home', node.home, '--json']);
    const skus = (JSON.parse(out) as { sku: string }[]).map((one) => one.sku);
    expect(skus).not.toContain('not-published');
  });

  it('warns of a field that it does not know, and refuses it with --strict', async () => {
    const line = JSON.stringify({ sku: 'odd', title: 'Odd', price: '1 USD', colour_of_box: 'red' });
    const strict = await publish('odd.ndjson', line, '--strict');
    expect(strict).toMatchObject({
      code: 1,
      lines: [{ status: 'invalid', error: { code: 'INPUT_UNKNOWN_FIELD', where: 'colour_of_box' } }],
    });
    const loose = await publish('odd.ndjson', line);
    expect(loose).toMatchObject({ code: 0, lines: [{ status: 'published', warnings: [{ where: 'colour_of_box' }] }] });
  });
});

describe('other commands on bad input', () => {
  const refused: [what: string, args: string[], exit: number, code: string][] = [
    ['a search of nothing', ['search', ''], 2, 'QUERY_EMPTY'],
    ['a search of stop words', ['search', 'the', 'and', 'yang'], 2, 'QUERY_EMPTY'],
    [
      'a search of 10,000 words',
      ['search', ...Array.from({ length: 10_000 }, (_, at) => `w${at}`)],
      2,
      'QUERY_INVALID',
    ],
    ['a negative limit', ['search', 'kopi', '--limit', '-3'], 2, 'USAGE'],
    ['prices that contradict', ['search', 'kopi', '--min-price', '5 USD', '--max-price', '4 USD'], 2, 'QUERY_INVALID'],
    ['a listing id that is none', ['offer', 'kopi'], 2, 'ID_INVALID'],
    ['a trade that is not there', ['trade', 'show', 'bafyreinowhere'], 5, 'TRADE_NOT_FOUND'],
    [
      'a fractional quantity',
      ['offer', 'bafyreicsvqljlyeh6vagaoqr7y3b53awwoobmhxr6vosixj2lvsbiklojq', '--quantity', '1.5'],
      2,
      'USAGE',
    ],
  ];
  it.each(refused)('refuses %s', async (_, args, exit, code) => {
    const { code: ended, err, out } = await niaga([...args, '--home', node.home, '--json']);
    expect(errorOf(err)).toMatchObject({ code });
    expect([ended, out]).toEqual([exit, '']);
  });

  it('answers a search for emoji, another script and control characters', async () => {
    for (const words of ['☕ kopi', 'コーヒー', 'ko\u0007pi', '\u202ekopi']) {
      const { code, out, err } = await niaga(['search', words, '--home', node.home, '--json']);
      expect([code, jsonLines(out).length, err.includes(' at ')]).toEqual([0, 1, false]);
    }
  });
});

describe('niaga start where it cannot', () => {
  const start = (...args: string[]) => niagaProcess(['start', '--no-mdns', '--json', ...args]);

  it('says that another process uses the home (6)', async () => {
    const { code, stderr } = await start('--home', node.home, '--listen', '/ip4/127.0.0.1/tcp/0');
    expect(code).toBe(6);
    expect(errorOf(stderr)).toMatchObject({ code: 'HOME_LOCKED', next: expect.stringContaining('--home') as string });
  });

  it('says which address is taken, for peers and for the API', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => taken.once('listening', resolve));
    const { port } = taken.address() as AddressInfo;
    try {
      const peers = await start('--home', join(folder.path, 'p1'), '--listen', `/ip4/127.0.0.1/tcp/${port}`);
      expect([peers.code, errorOf(peers.stderr).code]).toEqual([1, 'PORT_TAKEN']);
      expect(peers.stderr).toContain(String(port));
      const api = await start(
        '--home',
        join(folder.path, 'p2'),
        '--listen',
        '/ip4/127.0.0.1/tcp/0',
        '--api',
        `127.0.0.1:${port}`,
      );
      expect([api.code, errorOf(api.stderr).code]).toEqual([1, 'PORT_TAKEN']);
    } finally {
      taken.close();
    }
  });

  it('names a home that cannot be written and one of a newer version', async () => {
    const file = join(folder.path, 'a-file');
    await writeFile(file, '');
    const unusable = await start('--home', file);
    expect([unusable.code, errorOf(unusable.stderr).code]).toEqual([1, 'HOME_UNUSABLE']);
    const newer = join(folder.path, 'newer', 'main');
    await mkdir(newer, { recursive: true });
    await writeFile(join(newer, 'FORMAT'), '{"format":99,"createdBy":"niaga 9.0.0"}');
    const refused = await start('--home', join(folder.path, 'newer'));
    expect([refused.code, errorOf(refused.stderr)]).toEqual([1, expect.objectContaining({ code: 'HOME_NEWER' })]);
  });

  it('needs no command to be told twice: without a node, the next thing to type is said (3)', async () => {
    const { code, err } = await niaga(['status', '--home', join(folder.path, 'nobody'), '--json']);
    expect([code, errorOf(err).next?.includes('niaga')]).toEqual([3, true]);
  });
});
