import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { open, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { createClient, type Client } from '../../node/api/client.js';
import { jsonLines, niaga, type Ran } from '../cli/cli.js';
import { until } from './machines.js';

/** Room for a home, and for what a node tries before it goes on. */
const SIZE = '40m';
const folder = mkdtempSync(join(tmpdir(), 'niaga-disk-'));
const mounted = mount('-t', 'tmpfs', '-o', `size=${SIZE}`, 'tmpfs', folder);
if (!mounted) console.warn('skipped: a small disk can be mounted by root only');

afterAll(() => {
  if (mounted) execFileSync('umount', [folder]);
  rmSync(folder, { recursive: true });
});

function mount(...options: string[]): boolean {
  try {
    execFileSync('mount', options, { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

const home = join(folder, 'home');
const START = [
  'start',
  '--home',
  home,
  '--listen',
  '/ip4/127.0.0.1/tcp/0',
  '--api',
  '127.0.0.1:0',
  '--no-mdns',
  '--json',
  '--log-level',
  'silent',
];

/** `niaga start` in this process, so that no other program takes the last bytes of the disk. */
class Running {
  readonly #stop = new AbortController();
  readonly #ended: Promise<Ran>;
  out = '';
  err = '';

  constructor() {
    this.#ended = niaga(START, {
      signal: this.#stop.signal,
      onOut: (text) => void (this.out += text),
      onErr: (text) => void (this.err += text),
    });
  }

  /** The API of the node that was started as the nth. */
  async client(nth: number): Promise<Client> {
    await until(
      () => Promise.resolve(jsonLines(this.out)),
      ({ length }) => length >= nth,
    );
    return createClient(
      JSON.parse(await readFile(join(home, 'main', 'api.json'), 'utf8')) as { url: string; token: string },
    );
  }

  stop(): Promise<Ran> {
    this.#stop.abort();
    return this.#ended;
  }
}

/** Publishes one; gives its id. @throws what the node says against it */
async function publish(client: Client, number: number): Promise<string> {
  const value = { sku: `kopi-${number}`, title: `Kopi ${number}`, price: '85000 IDR', quantity: 9 };
  for await (const { listing, error } of client.stream('publish', { items: [{ value }], strict: false })) {
    if (error !== undefined) throw Object.assign(new Error(error.message), error);
    return listing ?? '';
  }
  throw new Error('no answer');
}

async function fill(path: string): Promise<void> {
  await using file = await open(path, 'w');
  const bytes = Buffer.alloc(64 * 1024, 1);
  for (;;) {
    try {
      await file.write(bytes);
    } catch (error) {
      expect(error).toMatchObject({ code: 'ENOSPC' });
      return;
    }
  }
}

it.skipIf(!mounted)(
  'a full disk loses nothing that was acknowledged; the node says so, can be read, and goes on when there is room',
  { timeout: 240_000 },
  async () => {
    const running = new Running();
    try {
      const before = await running.client(1);
      const kept: string[] = [];
      for (let number = 0; number < 5; number++) kept.push(await publish(before, number));
      const ballast = join(folder, 'ballast');
      await fill(ballast);
      const refused = (async () => {
        for (let number = 5; ; number++) kept.push(await publish(before, number));
      })();
      await expect(refused).rejects.toMatchObject({
        code: 'STORE_FAILED',
        message: 'The disk is full: nothing more can be written',
        next: expect.stringContaining('Make room') as string,
      });
      for (const listing of kept) expect(await before.call('listingShow', { listing })).toMatchObject({ listing });
      expect(jsonLines(running.err.split('\n')[0] ?? '')).toMatchObject([{ error: { code: 'STORE_FAILED' } }]);

      await rm(ballast);
      const after = await running.client(2);
      for (const listing of kept) expect(await after.call('listingShow', { listing })).toMatchObject({ listing });
      await publish(after, 1_000);
      expect((await after.call('status', {})).integrity).toMatchObject({ ok: true, lost: 0 });
    } finally {
      expect(await running.stop()).toMatchObject({ code: 0 });
    }
  },
);

it.skipIf(!mounted)('a disk that is read-only is told from others, and what to do', { timeout: 120_000 }, async () => {
  execFileSync('mount', ['-o', 'remount,ro', folder]);
  try {
    const ran = await niaga(START);
    expect(ran).toMatchObject({ code: 1, out: '' });
    expect(jsonLines(ran.err)).toMatchObject([
      {
        error: {
          code: 'HOME_UNUSABLE',
          message: 'The home folder cannot be used: it is on a read-only file system',
          next: expect.stringContaining('--home DIR') as string,
        },
      },
    ]);
  } finally {
    execFileSync('mount', ['-o', 'remount,rw', folder]);
  }
});
