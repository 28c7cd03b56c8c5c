import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { folderWith, jsonLines, serveHome } from './cli.js';

const MAIN = fileURLToPath(new URL('../../dist/bin/niaga.js', import.meta.url));
const children: ChildProcess[] = [];

afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

interface Started {
  readonly child: ChildProcess & { stdin: NodeJS.WritableStream; stdout: Readable; stderr: Readable };
  /** All of standard error, when it has ended. */
  readonly err: Promise<string>;
  readonly ended: Promise<number | null>;
}

function launch(words: readonly string[], env: Record<string, string> = {}): Started {
  const child = spawn(process.execPath, [MAIN, ...words], {
    env: { PATH: process.env['PATH'], HOME: '/nonexistent', ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  children.push(child);
  return {
    child,
    err: text(child.stderr),
    ended: once(child, 'close').then(([code]) => code as number | null),
  };
}

async function niaga(...words: string[]): Promise<{ code: number | null; out: string; err: string }> {
  const { child, err, ended } = launch(words);
  child.stdin.end();
  const out = await text(child.stdout);
  return { code: await ended, out, err: await err };
}

describe('a process', () => {
  it('ends with the exit code, data and errors apart, and never shows a stack', async () => {
    const dead = await niaga('status', '--json', '--home', '/nonexistent/home');
    expect([dead.code, dead.out]).toEqual([3, '']);
    expect(jsonLines(dead.err)).toMatchObject([{ error: { code: 'IDENTITY_MISSING' } }]);
    const wrong = await niaga('trade', 'show');
    expect([wrong.code, wrong.out]).toEqual([2, '']);
    const help = await niaga('--help');
    expect([help.code, help.err]).toEqual([0, '']);
    for (const { out, err } of [dead, wrong, help]) expect(out + err).not.toMatch(/^\s+at .*:\d+/m);
  });

  it('does not wait for a standard input that nobody closes', async () => {
    const { child, ended } = launch(['verify', MAIN, '--json']);
    expect(jsonLines(await text(child.stdout))).toMatchObject([{ valid: false }]);
    expect(await ended).toBe(1);
  });

  it('ends quietly when its reader has seen enough', async () => {
    const items = Array.from({ length: 900 }, (_, index) => ({ listing: `L${index}`, title: 'x'.repeat(1_000) }));
    await using at = await serveHome({ listingList: async () => ({ items: items as never }) });
    const { child, err, ended } = launch(['listing', 'list', '--home', at.home]);
    await once(child.stdout, 'data');
    child.stdout.destroy();
    expect(await ended).toBe(141);
    expect(await err).toBe('');
  });

  it('is ended by Ctrl-C with 130 and by SIGTERM with 143', async () => {
    let asked = (): void => undefined;
    await using at = await serveHome({
      status: () => {
        asked();
        return new Promise(() => undefined);
      },
    });
    for (const [signal, code] of [
      ['SIGINT', 130],
      ['SIGTERM', 143],
    ] as const) {
      const waiting = new Promise<void>((resolve) => {
        asked = resolve;
      });
      const { child, err, ended } = launch(['status', '--home', at.home]);
      await waiting;
      child.kill(signal);
      expect([await ended, await err]).toEqual([code, '']);
    }
  });
});

describe('init', () => {
  it('makes an identity once', async () => {
    await using folder = await folderWith();
    const home = join(folder.path, 'home');
    const first = await niaga('init', '--name', 'Warung Sari', '--home', home, '--json');
    expect([first.code, first.err]).toEqual([0, '']);
    expect(jsonLines(first.out)).toMatchObject([
      { trader: expect.stringMatching(/^z6Mk/) as string, home, next: `niaga start --home ${home}` },
    ]);
    const second = await niaga('init', '--home', home, '--json');
    expect([second.code, second.out]).toEqual([1, '']);
    expect(jsonLines(second.err)).toMatchObject([{ error: { code: 'IDENTITY_EXISTS' } }]);
  });
});

describe('start', () => {
  const local = ['--no-mdns', '--listen', '/ip4/127.0.0.1/tcp/0'];
  const quiet = [...local, '--api', '127.0.0.1:0'];

  async function firstLine(started: Started): Promise<string> {
    const lines = createInterface({ input: started.child.stdout });
    const [line] = (await Promise.race([
      once(lines, 'line'),
      started.ended.then(async () => [`ended: ${await started.err}`]),
    ])) as [string];
    return line;
  }

  it('prints one line when ready, answers, and ends with 0 at SIGTERM', async () => {
    await using folder = await folderWith();
    const home = join(folder.path, 'home');
    const started = launch(['start', '--home', home, '--json', ...quiet]);
    const out = text(started.child.stdout);
    const ready = JSON.parse(await firstLine(started)) as Record<string, unknown>;
    expect(ready).toEqual({
      event: 'ready',
      trader: expect.stringMatching(/^z6Mk/) as string,
      peerId: expect.stringMatching(/^12D3Koo/) as string,
      addresses: [expect.stringContaining('/ip4/127.0.0.1/tcp/') as string],
      api: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/) as string,
    });
    const status = await niaga('status', '--json', '--home', home);
    expect(jsonLines(status.out)).toMatchObject([{ trader: ready['trader'], peerId: ready['peerId'], peers: 0 }]);

    const second = await niaga('start', '--home', home, '--json', ...quiet);
    expect([second.code, second.out]).toEqual([6, '']);
    expect(jsonLines(second.err)).toMatchObject([{ error: { code: 'HOME_LOCKED' } }]);

    started.child.kill('SIGTERM');
    expect(await started.ended).toBe(0);
    expect((await out).trim().split('\n')).toHaveLength(1);
    await expect(readFile(join(home, 'main', 'api.json'))).rejects.toThrow('ENOENT');
    expect((await niaga('status', '--json', '--home', home)).code).toBe(3);
  });

  it('runs on in a process of its own with --detach, until niaga stop', { timeout: 240_000 }, async () => {
    await using folder = await folderWith();
    const home = join(folder.path, 'home');
    const wrong = await niaga('start', '--detach', '--json', '--home', home, ...local, '--api', 'nowhere at all');
    expect([wrong.code, jsonLines(wrong.err)]).toMatchObject([2, [{ error: { code: 'ADDRESS_INVALID' } }]]);
    const log = join(home, 'main', 'node.log');
    const older = 'an older line\n'.repeat(1_000_000);
    await writeFile(log, older);
    const started = await niaga('start', '--detach', '--json', '--home', home, ...quiet);
    expect([started.code, started.err]).toMatchObject([0, expect.stringContaining('runs in the background')]);
    const [ready] = jsonLines(started.out);
    expect(ready).toMatchObject({ event: 'ready', pid: expect.any(Number) as number, log });
    try {
      const status = await niaga('status', '--json', '--home', home);
      expect(jsonLines(status.out)).toMatchObject([{ trader: ready?.['trader'], addresses: ready?.['addresses'] }]);
      const second = await niaga('start', '--detach', '--json', '--home', home, ...quiet);
      expect([second.code, jsonLines(second.err)]).toMatchObject([6, [{ error: { code: 'HOME_LOCKED' } }]]);
      const stopped = await niaga('stop', '--json', '--home', home);
      expect([stopped.code, jsonLines(stopped.out)]).toMatchObject([0, [{ event: 'stopped', pid: ready?.['pid'] }]]);
    } finally {
      // Should the command not have ended it.
      await niaga('stop', '--home', home);
    }
    expect((await stat(log)).mode & 0o777).toBe(0o600);
    // One that is as large as it may be was put aside.
    expect((await stat(log)).size).toBeLessThan(older.length);
    expect(await readFile(`${log}.1`, 'utf8')).toBe(older);
    expect((await niaga('stop', '--json', '--home', home)).code).toBe(3);
  });

  it('says in five lines what to type next, with the home', async () => {
    await using folder = await folderWith();
    const home = join(folder.path, 'home');
    const started = launch(['start', ...quiet], { NIAGA_HOME: home });
    const out = text(started.child.stdout);
    expect(await firstLine(started)).toMatch(/^niaga status /);
    started.child.kill('SIGINT');
    expect(await started.ended).toBe(0);
    const lines = (await out).trim().split('\n');
    expect(lines).toHaveLength(5);
    for (const word of ['status', 'publish', 'search', 'offer', 'Ctrl-C']) expect(lines.join('\n')).toContain(word);
  });

  it('names a taken port and an address that is none', async () => {
    await using at = await serveHome();
    await using folder = await folderWith();
    const home = join(folder.path, 'home');
    const taken = await niaga('start', '--json', '--home', home, ...local, '--api', `127.0.0.1:${at.served.port}`);
    expect([taken.code, jsonLines(taken.err)]).toMatchObject([1, [{ error: { code: 'PORT_TAKEN' } }]]);
    const none = await niaga('start', '--json', '--home', home, ...local, '--api', 'nowhere at all');
    expect([none.code, jsonLines(none.err)]).toMatchObject([2, [{ error: { code: 'ADDRESS_INVALID' } }]]);
  });

  it('refuses a home that is a file', async () => {
    await using folder = await folderWith({ file: '' });
    const ran = await niaga('start', '--json', '--home', join(folder.path, 'file'), ...quiet);
    expect([ran.code, jsonLines(ran.err)]).toMatchObject([1, [{ error: { code: 'HOME_UNUSABLE' } }]]);
  });

  it('refuses a home of a newer version', async () => {
    await using folder = await folderWith();
    await mkdir(join(folder.path, 'main'));
    await writeFile(join(folder.path, 'main', 'FORMAT'), '{"format":999}');
    const ran = await niaga('start', '--json', '--home', folder.path, ...quiet);
    expect([ran.code, jsonLines(ran.err)]).toMatchObject([1, [{ error: { code: 'HOME_NEWER' } }]]);
  });
});
