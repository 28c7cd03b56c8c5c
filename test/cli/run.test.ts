import { mkdir, writeFile } from 'node:fs/promises';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Interrupted } from '../../cli/context.js';
import { NiagaError } from '../../protocol/errors.js';
import { folderWith, niaga, serveHome } from './cli.js';
import { PATIENCE } from '../support/patience.js';

const trade = {
  trade: `bafyrei${'a'.repeat(52)}`,
  state: 'offered',
  role: 'buyer' as const,
  counterparty: 'z6MkSeller',
  regions: { contract: 'open', payment: 'none', delivery: 'none', dispute: 'none' },
  turn: 'seller' as const,
  allowed: ['withdraw'],
  lines: [
    {
      line: 1,
      listing: 'L',
      version: 'V',
      title: 'Kopi \u001b[31mGayo',
      quantity: 2,
      price: { amount: '8500000', currency: 'IDR' },
    },
  ],
  total: { amount: '17000050', currency: 'IDR' },
  expires: Date.UTC(2026, 10, 22),
  created: Date.UTC(2026, 10, 21),
  updated: Date.UTC(2026, 10, 21, 1, 2, 3, 456),
  equivocations: 0,
  pending: 0,
  due: [],
};

describe('a command asks the node', () => {
  it('and prints one output as one line with --json', async () => {
    await using at = await serveHome({ offer: async (input) => ({ trade: 'T', state: 'offered', got: input }) });
    const ran = await niaga(['offer', 'L', '--price', '150000 IDR', '--json', '--home', at.home]);
    expect(ran).toEqual({
      code: 0,
      out: '{"trade":"T","state":"offered","got":{"listing":"L","price":"150000 IDR"}}\n',
      err: '',
    });
  });

  it('and prints a page as one array on one line, saying on standard error that there is more', async () => {
    await using at = await serveHome({ tradeList: async () => ({ items: [trade, trade], next: 'T2' }) });
    const ran = await niaga(['trade', 'list', '--json', '--home', at.home]);
    expect(ran.out.split('\n')).toHaveLength(2);
    expect(JSON.parse(ran.out)).toEqual([trade, trade]);
    expect(ran.err).toBe(`There are more: niaga trade list --after T2 --home ${at.home}\n`);
    expect((await niaga(['trade', 'list', '--json', '--quiet', '--home', at.home])).err).toBe('');
  });

  it('and prints a page as a line for each item with --jsonl, errors as JSON too', async () => {
    await using at = await serveHome({ tradeList: async () => ({ items: [trade, { ...trade, trade: 'T2' }] }) });
    const ran = await niaga(['trade', 'list', '--jsonl', '--home', at.home]);
    expect(ran.out.split('\n').map((line) => (line === '' ? '' : (JSON.parse(line) as unknown)))).toEqual([
      trade,
      { ...trade, trade: 'T2' },
      '',
    ]);
    const wrong = await niaga(['trade', 'show', '--jsonl']);
    expect(JSON.parse(wrong.err)).toMatchObject({ error: { code: 'USAGE' } });
  });

  it('and says on standard error what of a list the disk has damaged, and what to do', async () => {
    const damaged = [
      {
        code: 'RECORD_CORRUPT' as const,
        where: 'T3',
        message: 'The log of T3 cannot be read.',
        next: 'Restore it.\u001b[2J',
      },
    ];
    await using at = await serveHome({ tradeList: async () => ({ items: [trade], damaged }) });
    for (const json of [[], ['--json']]) {
      const ran = await niaga(['trade', 'list', ...json, '--home', at.home]);
      expect(ran.code).toBe(0);
      expect(ran.out).toContain(trade.trade);
      expect(ran.err).toMatch(/^The log of T3 cannot be read\. Restore it\.[^\u001b]*\n$/);
    }
  });

  it('and prints an empty page as an empty array', async () => {
    await using at = await serveHome({ listingList: async () => ({ items: [] }) });
    expect(await niaga(['listing', 'list', '--json'], { env: { NIAGA_HOME: at.home } })).toMatchObject({
      code: 0,
      out: '[]\n',
    });
    expect(await niaga(['listing', 'list', '--home', at.home])).toEqual({
      code: 0,
      out: '',
      err: 'There is nothing to list.\n',
    });
  });

  it('and prints words: money in major units, times as dates, nothing that a terminal obeys', async () => {
    await using at = await serveHome({ tradeList: async () => ({ items: [trade] }) });
    const { out } = await niaga(['trade', 'list', '--home', at.home]);
    expect(out.split('\n')).toEqual(
      expect.arrayContaining([
        'state: offered',
        'total: 170000.50 IDR',
        'updated: 2026-11-21T01:02:03Z',
        'regions:',
        '  contract: open',
        'lines:',
        '  - line: 1',
        '    title: Kopi Gayo',
        '    price: 85000 IDR',
      ]),
    );
  });

  it('and prints a table on a terminal that is wide enough, ids whole', async () => {
    await using at = await serveHome({ tradeList: async () => ({ items: [trade] }) });
    const wide = await niaga(['trade', 'list', '--home', at.home], { columns: 130 });
    const [head, row] = wide.out.split('\n');
    expect(head).toMatch(/^STATE +ROLE +TOTAL +UPDATED +TRADE$/);
    expect(row).toBe(`offered  buyer  170000.50 IDR  2026-11-21T01:02:03Z  ${trade.trade}`);
    expect((await niaga(['trade', 'list', '--home', at.home], { columns: 60 })).out).toContain('state: offered');
  });

  it('and ends with the exit code of the node’s error', async () => {
    await using at = await serveHome({
      tradeAccept: async () => {
        throw new NiagaError('TRADE_TURN', 'The seller must answer.', { next: 'niaga trade show T' });
      },
    });
    const ran = await niaga(['trade', 'accept', 'T', '--json', '--home', at.home]);
    expect(ran).toEqual({
      code: 4,
      out: '',
      err: '{"error":{"code":"TRADE_TURN","message":"The seller must answer.","next":"niaga trade show T"}}\n',
    });
  });

  it('and is ended by Ctrl-C, and the node’s work with it', async () => {
    const controller = new AbortController();
    let ended = false;
    await using at = await serveHome({
      status: (_, { signal }) =>
        new Promise(() => {
          signal.addEventListener('abort', () => {
            ended = true;
          });
          controller.abort(new Interrupted(130));
        }),
    });
    expect(await niaga(['status', '--home', at.home], { signal: controller.signal })).toEqual({
      code: 130,
      out: '',
      err: '',
    });
    await expect.poll(() => ended, PATIENCE).toBe(true);
  });
});

describe('where no node runs', () => {
  it('says how to start one, exit code 3, and makes no folder', async () => {
    await using folder = await folderWith();
    const home = join(folder.path, 'my home');
    const ran = await niaga(['status', '--home', home, '--network', 'test']);
    expect(ran.code).toBe(3);
    expect(ran.err).toContain('No node runs on this home');
    expect(ran.err).toContain(`niaga start --home '${home}' --network test`);
    const json = await niaga(['status', '--json', '--home', home]);
    expect(JSON.parse(json.err)).toMatchObject({ error: { code: 'IDENTITY_MISSING' } });
    await expect(mkdir(home)).resolves.toBeUndefined();
  });

  it('says the same of a home with an identity, whose node is down or was killed', async () => {
    await using folder = await folderWith();
    const main = join(folder.path, 'main');
    await mkdir(join(main, 'identity'), { recursive: true });
    const status = async () => {
      const { code, err } = await niaga(['status', '--json', '--home', folder.path]);
      return [code, (JSON.parse(err) as { error: { code: string; next: string } }).error];
    };
    const expected = [
      3,
      expect.objectContaining({ code: 'NODE_UNREACHABLE', next: `Start one with: niaga start --home ${folder.path}` }),
    ];
    expect(await status()).toEqual(expected);

    const dead = spawn(process.execPath, ['-e', '0']);
    await once(dead, 'exit');
    const file = { url: 'http://127.0.0.1:9', token: 'x'.repeat(43), pid: dead.pid, trader: 'z' };
    await writeFile(join(main, 'api.json'), JSON.stringify(file));
    expect(await status()).toEqual(expected);

    // Another process has the number now, but nobody listens.
    await writeFile(join(main, 'api.json'), JSON.stringify({ ...file, pid: process.pid }));
    expect(await status()).toEqual(expected);

    for (const damaged of ['', '{', '{"url":"x"}', 'null']) {
      await writeFile(join(main, 'api.json'), damaged);
      expect(await status()).toEqual(expected);
    }
  });

  it('takes mistakes in the words first', async () => {
    expect(await niaga(['status', '--frob', '--json', '--home', '/nonexistent'])).toMatchObject({ code: 2, out: '' });
  });
});

describe('help and version', () => {
  it('are data: on standard output, exit code 0', async () => {
    expect(await niaga(['--version'])).toMatchObject({
      code: 0,
      err: '',
      out: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) as string,
    });
    for (const words of [['--help'], ['help', 'trade'], ['trade', 'show', '--help'], ['search', '-h']]) {
      const ran = await niaga(words);
      expect([ran.code, ran.err], words.join(' ')).toEqual([0, '']);
      expect(ran.out).toMatch(/^Usage: niaga/);
    }
  });

  it('stand on standard error where a command is missing, exit code 2', async () => {
    const ran = await niaga(['trade']);
    expect(ran).toMatchObject({ code: 2, out: '' });
    expect(ran.err).toContain('Usage: niaga trade');
    expect(JSON.parse((await niaga(['trade', '--json'])).err)).toMatchObject({ error: { code: 'USAGE' } });
  });
});
