import { join } from 'node:path';
import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { Interrupted } from '../../cli/context.js';
import type { Handlers } from '../../node/api/handlers.js';
import { NiagaError } from '../../protocol/errors.js';
import { folderWith, jsonLines, niaga, serveHome } from './cli.js';

interface Call {
  readonly lines: number[];
  readonly strict: boolean;
}

/** Publishes what has a title; says what it was called with. */
function shop(calls: Call[] = []): Partial<Handlers> {
  return {
    publish: async function* ({ items, strict }) {
      calls.push({ lines: items.map(({ line }) => line ?? 0), strict });
      for (const { line = 0, value } of items) {
        const { id, title } = value as { id?: string; title?: string };
        const common = { line, sku: id ?? null, listing: null };
        yield title === undefined
          ? {
              ...common,
              status: 'invalid',
              replicas: 0,
              quorum: false,
              error: { code: 'INPUT_MISSING', message: 'title is missing.', where: 'title' },
            }
          : { ...common, listing: `bafy-${line}`, status: 'published', replicas: 5 - (line % 3), quorum: true };
      }
    },
  };
}

const line = (n: number) => `{"id":"s${n}","title":"Kopi ${n}"}`;

describe('publish', () => {
  it('answers each line in its order, those that could not be read among them, and ends with 1', async () => {
    const calls: Call[] = [];
    await using at = await serveHome(shop(calls));
    await using folder = await folderWith({ 'a.ndjson': `${line(1)}\nnot json\n\n{"id":"s4"}\n${line(5)}\n` });
    const ran = await niaga(['publish', join(folder.path, 'a.ndjson'), '--json', '--strict', '--home', at.home]);
    expect(ran.code).toBe(1);
    expect(jsonLines(ran.out)).toMatchObject([
      { line: 1, sku: 's1', listing: 'bafy-1', status: 'published', replicas: 4 },
      { line: 2, sku: null, listing: null, status: 'invalid', replicas: 0, error: { code: 'INPUT_SYNTAX' } },
      { line: 4, sku: 's4', listing: null, status: 'invalid', error: { code: 'INPUT_MISSING', where: 'title' } },
      { line: 5, sku: 's5', status: 'published', replicas: 3 },
    ]);
    expect(calls).toEqual([{ lines: [1, 4, 5], strict: true }]);
    expect(ran.err).toMatch(/^2 published, 0 updated, 0 unchanged, 2 invalid: 4 lines in .*; fewest replicas 3\n$/);
  });

  it('sends at most 500 lines and 4 MiB at a time', async () => {
    const calls: Call[] = [];
    await using at = await serveHome(shop(calls));
    const long = (n: number) => JSON.stringify({ id: `s${n}`, title: 'x'.repeat(900_000) });
    await using folder = await folderWith({
      'many.ndjson': Array.from({ length: 1_203 }, (_, index) => line(index + 1)).join('\n'),
      'long.ndjson': Array.from({ length: 10 }, (_, index) => long(index + 1)).join('\n'),
    });
    const many = await niaga(['publish', join(folder.path, 'many.ndjson'), '--json', '--home', at.home]);
    expect(many.code).toBe(0);
    expect(jsonLines(many.out).map((answer) => answer['line'])).toEqual(
      Array.from({ length: 1_203 }, (_, index) => index + 1),
    );
    expect(calls.map(({ lines }) => lines.length)).toEqual([500, 500, 203]);
    calls.length = 0;
    const large = await niaga(['publish', join(folder.path, 'long.ndjson'), '--json', '--home', at.home]);
    expect(large.code).toBe(0);
    expect(calls.map(({ lines }) => lines.length)).toEqual([4, 4, 2]);
  });

  it('names the file in each answer when there are several, one of them standard input', async () => {
    await using at = await serveHome(shop());
    await using folder = await folderWith({ 'a.json': `[${line(1)}]`, 'b.csv': 'id,title\ns1,Kopi\n' });
    const paths = ['a.json', 'b.csv'].map((name) => join(folder.path, name));
    const ran = await niaga(['publish', ...paths, '-', '--json', '--home', at.home], { stdin: `${line(1)}\n` });
    expect(jsonLines(ran.out)).toMatchObject([
      { line: 1, file: paths[0] },
      { line: 2, file: paths[1] },
      { line: 1, file: '-' },
    ]);
  });

  it('says in words what became of each line', async () => {
    await using at = await serveHome(shop());
    const ran = await niaga(['publish', '-', '--format', 'ndjson', '--home', at.home], {
      stdin: `${line(1)}\n{"id":"s2"}\n`,
    });
    expect(ran.out).toBe(
      'line 1: published: s1: bafy-1: held by 4 other nodes\nline 2: invalid: s2: title is missing.\n',
    );
  });

  it('says where too few nodes hold a listing yet', async () => {
    await using at = await serveHome({
      publish: async function* ({ items }) {
        for (const { line = 0 } of items)
          yield { line, sku: 'kopi', listing: 'L', status: 'published', replicas: 1, quorum: line > 1 };
      },
    });
    const ran = await niaga(['publish', '-', '--format', 'ndjson', '--home', at.home], {
      stdin: `${line(1)}\n${line(2)}\n`,
    });
    expect(ran.out).toBe(
      'line 1: published: kopi: L: held by 1 other node, too few yet: more follow in the background\n' +
        'line 2: published: kopi: L: held by 1 other node\n',
    );
    expect(ran.err).toContain('1 listing is held by too few nodes yet');
  });

  it('sends the next batch while the answers to one still come, and not before the first of them', async () => {
    const order: string[] = [];
    const open: (() => void)[] = [];
    const gates = [0, 1].map((batch) => new Promise<void>((resolve) => (open[batch] = resolve)));
    let batches = 0;
    await using at = await serveHome({
      publish: async function* ({ items }) {
        const batch = batches++;
        order.push(`batch ${batch}`);
        if (batch === 0) await new Promise((resolve) => setTimeout(resolve, 100));
        for (const [place, { line = 0 }] of items.entries()) {
          if (place === 1) {
            order.push(`first of ${batch}`);
            // The second batch must have come for the first to go on, and the third not before the second has begun.
            await gates[batch];
          }
          if (place === 0) open[batch - 1]?.();
          yield { line, sku: 's', listing: 'L', status: 'published', replicas: 3, quorum: true };
        }
      },
    });
    const stdin = Array.from({ length: 1_500 }, (_, index) => line(index + 1)).join('\n');
    const ran = await niaga(['publish', '-', '--format', 'ndjson', '--json', '--home', at.home], { stdin });
    expect(ran.code).toBe(0);
    expect(jsonLines(ran.out).map((answer) => answer['line'])).toEqual(Array.from({ length: 1_500 }, (_, n) => n + 1));
    expect(order).toEqual(['batch 0', 'first of 0', 'batch 1', 'first of 1', 'batch 2', 'first of 2']);
  });

  it('draws a bar where somebody looks on, takes it away for what it prints, and leaves nothing of it', async () => {
    await using at = await serveHome({
      publish: async function* ({ items }) {
        for (const { line = 0 } of items) {
          if (line % 20 === 0) await new Promise((resolve) => setTimeout(resolve, 200));
          yield { line, sku: 's', listing: 'L', status: 'published', replicas: 3, quorum: true };
        }
      },
    });
    await using folder = await folderWith({
      'a.ndjson': Array.from({ length: 80 }, (_, index) => line(index + 1)).join('\n'),
    });
    const file = join(folder.path, 'a.ndjson');
    const ran = await niaga(['publish', file, '--json', '--home', at.home], { errColumns: 80 });
    const drawn = ran.err.split('\r\u001b[K');
    expect(drawn.some((text) => /^\[#*·+\] \d+ of about 80, \d+\/s, \d+ s left$/.test(text))).toBe(true);
    expect(drawn.every((text) => text.includes('\n') || text.length < 80)).toBe(true);
    expect(drawn.at(-1)).toMatch(/^80 published/);
    const plain = await niaga(['publish', file, '--json', '--home', at.home]);
    expect(plain.err).not.toContain('\u001b');
    const quiet = await niaga(['publish', file, '--json', '--quiet', '--home', at.home], { errColumns: 80 });
    expect(quiet.err).toBe('');
  });

  it('counts warnings by what they say', async () => {
    await using at = await serveHome({
      publish: async function* ({ items }) {
        const warnings = [
          { code: 'UNKNOWN_FIELD', where: 'rating', message: 'rating is not a field that Niaga knows.' },
        ];
        for (const { line = 0 } of items)
          yield { line, sku: null, listing: 'L', status: 'unchanged', replicas: 3, quorum: true, warnings };
      },
    });
    const ran = await niaga(['publish', '-', '--json', '--home', at.home], { stdin: `${line(1)}\n${line(2)}\n` });
    expect(ran.code).toBe(0);
    expect(ran.err).toContain('warning: rating is not a field that Niaga knows. (2 times)\n');
  });

  it('looks at all files before it sends anything', async () => {
    const calls: Call[] = [];
    await using at = await serveHome(shop(calls));
    await using folder = await folderWith({ 'a.ndjson': line(1) });
    const good = join(folder.path, 'a.ndjson');
    const missing = await niaga(['publish', good, join(folder.path, 'none.csv'), '--json', '--home', at.home]);
    expect([missing.code, missing.out, JSON.parse(missing.err)]).toMatchObject([
      5,
      '',
      { error: { code: 'FILE_NOT_FOUND' } },
    ]);
    const directory = await niaga(['publish', good, folder.path, '--json', '--home', at.home]);
    expect([directory.code, directory.out, JSON.parse(directory.err)]).toMatchObject([
      2,
      '',
      { error: { code: 'INPUT_FILE' } },
    ]);
    expect(calls).toEqual([]);
  });

  it('says how far it came when it is interrupted, even while it waits for input', async () => {
    const controller = new AbortController();
    await using at = await serveHome(shop());
    const stdin = new Readable({ read: () => undefined });
    // More than a batch: the first 500 are published while the rest is waited for.
    stdin.push(`${Array.from({ length: 501 }, (_, index) => line(index + 1)).join('\n')}\n`);
    const ran = await niaga(['publish', '-', '--format', 'ndjson', '--json', '--home', at.home], {
      stdin,
      signal: controller.signal,
      onOut: (text) => {
        if (text.includes('"line":500,')) setTimeout(() => controller.abort(new Interrupted(130)), 50);
      },
    });
    expect(ran.code).toBe(130);
    expect(jsonLines(ran.out)).toHaveLength(500);
    expect(ran.err).toContain('500 published');
    expect(ran.err).toContain('Stopped after line 500 of -.');
  });

  it('says what the node has been given when it is interrupted before the first answer', async () => {
    const controller = new AbortController();
    await using at = await serveHome({
      publish: async function* () {
        setTimeout(() => controller.abort(new Interrupted(130)), 50);
        yield await new Promise<never>(() => undefined);
      },
    });
    const stdin = [1, 2, 3].map((number) => `${line(number)}\n`).join('');
    const ran = await niaga(['publish', '-', '--home', at.home], { stdin, signal: controller.signal });
    expect(ran.code).toBe(130);
    expect(ran.err).toContain('Stopped before the first line of -. The node was given the lines up to 3');
  });

  it('says how far it came when the node fails in the middle, and why', async () => {
    await using at = await serveHome({
      publish: async function* () {
        yield { line: 1, sku: 's1', listing: 'L', status: 'published', replicas: 1, quorum: true };
        throw new NiagaError('STORE_FAILED', 'The disk is full.', { next: 'Make room.' });
      },
    });
    const ran = await niaga(['publish', '-', '--json', '--home', at.home], { stdin: `${line(1)}\n${line(2)}\n` });
    expect(ran.code).toBe(1);
    expect(jsonLines(ran.out)).toHaveLength(1);
    expect(ran.err).toContain('Stopped after line 1');
    expect(jsonLines(ran.err.split('\n').at(-2) ?? '')).toMatchObject([
      { error: { code: 'STORE_FAILED', next: 'Make room.' } },
    ]);
  });
});
