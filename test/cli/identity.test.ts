import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { describe, expect, it, onTestFinished } from 'vitest';
import { rootFromWords } from '../../node/identity/root.js';
import { createNode, type NiagaNode } from '../../node/index.js';
import { folderWith, jsonLines, niaga, type RunOptions } from './cli.js';

async function newHome(): Promise<string> {
  const folder = await folderWith();
  onTestFinished(() => folder[Symbol.asyncDispose]());
  return folder.path;
}

/** A command on a home, its output parsed. */
async function typed(home: string, words: readonly string[], options: RunOptions = {}) {
  const { code, out, err } = await niaga(['identity', ...words, '--home', home, '--json'], options);
  return { code, out, err, view: jsonLines(out)[0] ?? {}, error: errorIn(err) };
}

/** What went wrong, among what is told beside it. */
function errorIn(err: string): unknown {
  const line = err.split('\n').find((one) => one.startsWith('{"error"'));
  return line === undefined ? undefined : (JSON.parse(line) as { error: unknown }).error;
}

async function startNode(home: string, bootstrap: readonly string[] = []): Promise<NiagaNode> {
  const node = await createNode({ home, api: '127.0.0.1:0', listen: ['/ip4/127.0.0.1/tcp/0'], mdns: false, bootstrap });
  onTestFinished(() => node.stop());
  return node;
}

async function init(home: string): Promise<string[]> {
  expect((await niaga(['init', '--name', 'Warung Sari', '--home', home])).code).toBe(0);
  const { view } = await typed(home, ['words', '--show']);
  return view['words'] as string[];
}

/** Types the words that are asked for, whichever they are. */
function answering(words: readonly string[]) {
  const stdin = new Readable({ read: () => undefined });
  stdin.push('\n');
  const type = (text: string): void => {
    for (const [, place] of text.matchAll(/Word (\d+): /g)) stdin.push(`${words[Number(place) - 1]}\n`);
  };
  return { stdin, type };
}

const files = (home: string) => readdir(join(home, 'main', 'identity'));

/** Resolves when the question has the wanted answer. */
async function until<T>(ask: () => Promise<T>, wanted: (answer: T) => boolean): Promise<T> {
  for (let tries = 0; tries < 800; tries++) {
    const answer = await ask();
    if (wanted(answer)) return answer;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`it never came: ${JSON.stringify(await ask())}`);
}

describe('identity words', () => {
  it('go to a terminal or to whoever asks for them plainly, and nowhere else', async () => {
    const home = await newHome();
    const words = await init(home);
    expect(words).toHaveLength(24);
    const piped = await niaga(['identity', 'words', '--home', home]);
    expect(piped.code).toBe(2);
    expect(piped.err).toContain('--show');
    for (const word of words) expect(piped.out + piped.err).not.toMatch(new RegExp(`\\b${word}\\b.*\\b${words[0]}\\b`));
    expect((await niaga(['identity', 'words', '--json', '--home', home], { columns: 80 })).code).toBe(2);
    expect(await files(home)).toContain('root.json');
  });

  it('are asked back on a terminal, and the root key goes only when they are right', async () => {
    const home = await newHome();
    const words = await init(home);
    const wrong = await niaga(['identity', 'words', '--home', home], { columns: 80, stdin: '\nbukan\nbukan\nbukan\n' });
    expect(wrong.code).toBe(2);
    expect(wrong.err).toContain('stays on this machine');
    expect(await files(home)).toContain('root.json');
    const { stdin, type } = answering(words);
    const right = await niaga(['identity', 'words', '--home', home], { columns: 80, stdin, onErr: type });
    expect(right).toMatchObject({ code: 0 });
    expect(right.out).toContain('\u001b[3J');
    expect(right.err).toContain('snapshots and backups');
    expect(await files(home)).not.toContain('root.json');
    expect((await typed(home, ['words', '--show'])).error).toMatchObject({ code: 'ROOT_MISSING' });
  });

  it('are confirmed on standard input only when all are right', async () => {
    const home = await newHome();
    const words = await init(home);
    const tries: [string, string, string][] = [
      ['', 'ROOT_MISSING', 'no words'],
      [words.slice(1).join(' '), 'WORDS_INVALID', '23 words'],
      [['kopi', ...words.slice(1)].join(' '), 'WORDS_INVALID', 'Word 1 is'],
      [await misordered(words), 'WORDS_INVALID', 'fit together'],
      ['legal winner '.repeat(11) + 'thank year', 'WORDS_INVALID', 'fit together'],
      [`${'abandon '.repeat(23)}art`, 'WORDS_OTHER', 'are those of'],
    ];
    for (const [given, code, message] of tries) {
      const { error, err } = await typed(home, ['words', '--confirm'], { stdin: given });
      expect(error, given).toMatchObject({ code });
      expect(err).toContain(message);
    }
    expect(await files(home)).toContain('root.json');
    const numbered = words.map((word, at) => `${at + 1}. ${word.toUpperCase()}\n`).join('');
    expect(await typed(home, ['words', '--confirm'], { stdin: numbered })).toMatchObject({
      code: 0,
      view: { erased: true },
    });
    expect(await files(home)).not.toContain('root.json');
  });
});

describe('identity add', () => {
  it('makes a second machine a device that reads, and never gives it the root', { timeout: 30_000 }, async () => {
    const [first, second] = [await newHome(), await newHome()];
    const words = await init(first);
    await typed(first, ['words', '--confirm'], { stdin: words.join(' ') });
    const shop = await startNode(first);
    const { view: request } = await typed(second, ['add', '--label', 'Telepon']);
    expect(request['request']).toMatch(/^niaga-request-/);
    expect((await typed(second, ['add'])).view['request']).toBe(request['request']);
    // Without the root at hand the words are asked for, and wrong ones sign nothing.
    const asked = ['add', String(request['request'])];
    expect((await typed(first, asked)).error).toMatchObject({ code: 'ROOT_MISSING' });
    expect((await typed(first, asked, { stdin: words.slice(1).join(' ') })).error).toMatchObject({
      code: 'WORDS_INVALID',
    });
    const { view: answer, code } = await typed(first, asked, { stdin: words.join(' ') });
    expect(code).toBe(0);
    expect(answer).toMatchObject({ check: request['check'], label: 'Telepon', device: request['device'] });
    expect(await typed(second, ['add', String(answer['answer'])])).toMatchObject({
      code: 0,
      view: { trader: shop.trader },
    });
    expect(await files(second)).not.toContain('root.json');
    expect(await files(second)).not.toContain('pairing.json');
    for (const file of await files(second))
      expect(await readFile(join(second, 'main', 'identity', file), 'utf8')).not.toContain('entropy');

    const phone = await startNode(second, shop.addresses());
    expect(phone.trader).toBe(shop.trader);
    for (const node of [shop, phone]) {
      const { devices, lease } = await until(
        () => node.identityDevices({}),
        (view) => view.devices.length === 2,
      );
      expect(devices.find(({ writes }) => writes)?.device).toBe(shop.peerId);
      expect(devices.find(({ label }) => label === 'Telepon')).toMatchObject({ device: phone.peerId, writes: false });
      expect(lease?.holder).toBe(shop.peerId);
    }
    const item = { sku: 'kopi', title: 'Kopi Gayo', price: '85000 IDR' };
    const publishing = phone
      .publish({ items: [{ value: item }] })
      [Symbol.asyncIterator]()
      .next();
    await expect(publishing).rejects.toMatchObject({
      code: 'WRITER_OTHER',
      next: expect.stringContaining(phone.peerId) as unknown,
    });

    await typed(first, ['pass', 'telepon']);
    await until(
      () => phone.identityDevices({}),
      ({ lease }) => lease?.holder === phone.peerId,
    );
    for await (const line of phone.publish({ items: [{ value: item }] })) expect(line.status).toBe('published');
    const shopAgain = shop
      .publish({ items: [{ value: item }] })
      [Symbol.asyncIterator]()
      .next();
    await expect(shopAgain).rejects.toMatchObject({ code: 'WRITER_OTHER' });

    // The shop takes the lease back with the words, and takes the phone's permission away.
    expect((await typed(first, ['take'], { stdin: words.join(' ') })).code).toBe(0);
    const revoked = await typed(first, ['revoke', 'Telepon', '--reason', 'Hilang.'], { stdin: words.join(' ') });
    expect(revoked).toMatchObject({ code: 0, view: { device: phone.peerId, done: true } });
    const { devices } = await until(
      () => phone.identityDevices({}),
      (view) => view.devices.some((one) => one.revoked !== null),
    );
    expect(devices.find(({ here }) => here)).toMatchObject({
      label: 'Telepon',
      revoked: expect.any(Number) as unknown,
    });
    const late = phone
      .publish({ items: [{ value: item }] })
      [Symbol.asyncIterator]()
      .next();
    await expect(late).rejects.toMatchObject({ code: 'DELEGATION_REVOKED' });
  });

  it('refuses what is no request or answer, or not one for this machine', async () => {
    const [first, second, third] = [await newHome(), await newHome(), await newHome()];
    await init(first);
    await startNode(first);
    const request = String((await typed(second, ['add'])).view['request']);
    const { view } = await typed(first, ['add', request]);
    const answer = String(view['answer']);
    const refused = async (home: string, text: string, code: string, message: string) => {
      const { error, err, code: exit } = await typed(home, ['add', text]);
      expect(error, text.slice(0, 40)).toMatchObject({ code });
      expect(err).toContain(message);
      expect(exit).not.toBe(0);
    };
    await refused(first, 'kopi', 'PAIRING_INVALID', 'neither a request nor an answer');
    await refused(first, answer, 'PAIRING_INVALID', 'a request is needed');
    await refused(first, request.slice(0, -4), 'PAIRING_INVALID', 'damaged');
    await refused(
      first,
      request.slice(0, 60) + (request[60] === 'A' ? 'B' : 'A') + request.slice(61),
      'PAIRING_INVALID',
      'damaged',
    );
    await refused(second, request, 'PAIRING_INVALID', 'an answer is needed');
    await refused(third, answer, 'PAIRING_INVALID', 'has not asked');
    await typed(third, ['add']);
    await refused(third, answer, 'PAIRING_INVALID', 'another device');
    expect((await typed(first, ['add'])).error).toMatchObject({ code: 'IDENTITY_EXISTS' });
    const other = await niaga(['identity', 'add', '--home', third, '--network', 'lain', '--json']);
    const { request: foreign } = jsonLines(other.out)[0] ?? {};
    await refused(first, String(foreign), 'RECORD_NETWORK', 'lain');
    // A node must not become another trader while it waits.
    await expect(createNode({ home: third, mdns: false })).rejects.toMatchObject({ code: 'IDENTITY_MISSING' });
  });
});

/** Two words in each other's place. One such order in 256 fits all the same, and is somebody else's. */
async function misordered(words: readonly string[]): Promise<string> {
  for (let at = 1; at < words.length; at++) {
    const text = [words[at], ...words.slice(1, at), words[0], ...words.slice(at + 1)].join(' ');
    try {
      await rootFromWords(text);
    } catch {
      return text;
    }
  }
  throw new Error('every order of these words fits');
}
