import { readFile, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { folderWith, jsonLines, niaga, serveHome } from './cli.js';

describe('verify', () => {
  it('needs no home and says no to what is not evidence, exit code 1', async () => {
    await using folder = await folderWith({ empty: '', text: 'hello', cbor: Uint8Array.of(0xa0) });
    for (const name of ['empty', 'text', 'cbor']) {
      const ran = await niaga(['verify', join(folder.path, name), '--json'], { env: { NIAGA_HOME: '/nonexistent' } });
      expect(ran.code, name).toBe(1);
      expect(ran.err, name).toBe('');
      const [view] = jsonLines(ran.out);
      expect(view).toMatchObject({ valid: false, state: null, parties: null, messages: [] });
      expect(view?.['problems']).toHaveLength(1);
    }
    expect((await niaga(['verify', '-', '--json'], { stdin: 'hello' })).code).toBe(1);
    expect((await niaga(['verify', join(folder.path, 'text')])).out).toContain('valid: false');
  });

  it('handles a file of any size', async () => {
    await using folder = await folderWith({ huge: '', large: '' });
    // Sparse: 10 GiB that take no room.
    await truncate(join(folder.path, 'huge'), 10 * 1024 ** 3);
    await truncate(join(folder.path, 'large'), 60 * 1024 ** 2);
    for (const name of ['huge', 'large']) {
      const ran = await niaga(['verify', join(folder.path, name), '--json']);
      expect([ran.code, jsonLines(ran.out)], name).toMatchObject([1, [{ valid: false }]]);
    }
  });

  it('tells a missing file (5) from a folder (2)', async () => {
    await using folder = await folderWith();
    const missing = await niaga(['verify', join(folder.path, 'none'), '--json']);
    expect([missing.code, missing.out, JSON.parse(missing.err)]).toMatchObject([
      5,
      '',
      { error: { code: 'FILE_NOT_FOUND', next: 'Check the path.' } },
    ]);
    // Whoever typed no whole path is told from where it was read.
    for (const command of ['verify', 'publish', 'restore'])
      expect((await niaga([command, 'no-such-file'])).err, command).toContain(
        `next: Check the path; it was looked for in ${process.cwd()}\n`,
      );
    const directory = await niaga(['verify', folder.path, '--json']);
    expect([directory.code, directory.out, JSON.parse(directory.err)]).toMatchObject([
      2,
      '',
      { error: { code: 'INPUT_FILE' } },
    ]);
  });
});

describe('trade export', () => {
  const evidence = Buffer.from('not really evidence');
  const handlers = { tradeExport: async () => ({ trade: 'T', evidence: evidence.toString('base64') }) };

  it('writes the bytes and prints what verify says of the file', async () => {
    await using at = await serveHome(handlers);
    await using folder = await folderWith();
    const out = join(folder.path, 't.niaga');
    const exported = await niaga(['trade', 'export', 'T', '--out', out, '--json', '--home', at.home]);
    expect(Buffer.compare(await readFile(out), evidence)).toBe(0);
    const verified = await niaga(['verify', out, '--json']);
    expect([exported.code, exported.out]).toEqual([verified.code, verified.out]);
    expect(exported.code).toBe(1);
  });

  it('writes over nothing unless told', async () => {
    await using at = await serveHome(handlers);
    await using folder = await folderWith({ 't.niaga': 'precious' });
    const out = join(folder.path, 't.niaga');
    const refused = await niaga(['trade', 'export', 'T', '--out', out, '--home', at.home]);
    expect(refused).toMatchObject({ code: 1, out: '', err: expect.stringContaining('--force') as string });
    expect(await readFile(out, 'utf8')).toBe('precious');
    await niaga(['trade', 'export', 'T', '--out', out, '--force', '--home', at.home]);
    expect(Buffer.compare(await readFile(out), evidence)).toBe(0);
    expect((await stat(out)).isFile()).toBe(true);
  });

  it('refuses a folder, and a place in a folder that is not there', async () => {
    await using at = await serveHome(handlers);
    await using folder = await folderWith();
    const into = (path: string) => niaga(['trade', 'export', 'T', '--out', path, '--force', '--home', at.home]);
    expect((await into(folder.path)).code).toBe(2);
    expect((await into(join(folder.path, 'none', 't.niaga'))).code).toBe(5);
    await writeFile(join(folder.path, 'file'), '');
    expect((await into(join(folder.path, 'file', 't.niaga'))).code).toBe(5);
  });

  it('writes bytes only to standard output for -', async () => {
    await using at = await serveHome(handlers);
    const ran = await niaga(['trade', 'export', 'T', '--out', '-', '--home', at.home]);
    expect([ran.out, ran.err]).toEqual([evidence.toString(), 'The evidence does not hold.\n']);
  });
});
