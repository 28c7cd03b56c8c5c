import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { formatOfName, openSources, readItems } from '../../../cli/read/index.js';

let folder: string;
let good: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'niaga-sources-'));
  good = join(folder, 'good.ndjson');
  writeFileSync(good, '{"a":1}\n');
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

describe('openSources refuses all when one is no good', () => {
  it('a missing file', async () => {
    const missing = join(folder, 'missing.ndjson');
    await expect(openSources([good, missing])).rejects.toMatchObject({
      code: 'FILE_NOT_FOUND',
      exit: 5,
      where: missing,
      message: `There is no file "${missing}".`,
    });
    await expect(openSources([join(good, 'below')])).rejects.toMatchObject({ code: 'FILE_NOT_FOUND' });
  });

  it('a folder', async () => {
    mkdirSync(join(folder, 'folder.json'));
    await expect(openSources([good, join(folder, 'folder.json')])).rejects.toMatchObject({
      code: 'INPUT_FILE',
      exit: 2,
      message: expect.stringMatching(/is a folder, not a file\.$/) as string,
      next: expect.stringMatching(/files in it/) as string,
    });
  });

  it('a socket', async () => {
    const path = join(folder, 'socket');
    const server = createServer().listen(path);
    await new Promise((resolve) => server.once('listening', resolve));
    await expect(openSources([path])).rejects.toMatchObject({ code: 'INPUT_FILE' });
    await new Promise((resolve) => server.close(resolve));
  });

  it.skipIf(process.getuid?.() === 0)('a file that may not be read (skipped for root, who may)', async () => {
    const path = join(folder, 'secret.ndjson');
    writeFileSync(path, '{}');
    chmodSync(path, 0);
    await expect(openSources([path])).rejects.toMatchObject({
      code: 'INPUT_FILE',
      message: expect.stringMatching(/may not be read/) as string,
    });
  });

  it('a name that no file can have', async () => {
    await expect(openSources(['a\u0000b'])).rejects.toMatchObject({ code: 'INPUT_FILE' });
    await expect(openSources(['x'.repeat(5_000)])).rejects.toMatchObject({ code: 'INPUT_FILE' });
  });

  it('standard input twice', async () => {
    const stdin = Readable.from([]);
    await expect(openSources(['-', '-'], { stdin })).rejects.toMatchObject({ code: 'USAGE', exit: 2 });
  });
});

it('a file that vanishes after openSources is told as missing', async () => {
  const path = join(folder, 'vanishing.ndjson');
  writeFileSync(path, '{}');
  const [source] = await openSources([path]);
  rmSync(path);
  await expect(readItems(source ?? { path }).next()).rejects.toMatchObject({ code: 'FILE_NOT_FOUND', where: path });
});

it('a folder as standard input is told as such', async () => {
  const script = `
    import { openSources } from ${JSON.stringify(new URL('../../../dist/cli/read/index.js', import.meta.url).href)};
    await openSources(['-'], { stdin: process.stdin }).catch((error) => console.log(error.code, error.message));`;
  const child = spawnSync('sh', ['-c', '"$0" --input-type=module -e "$1" < "$2"', process.execPath, script, folder], {
    encoding: 'utf8',
  });
  expect(child.stdout.trim()).toBe('INPUT_FILE "standard input" is a folder, not a file.');
});

it('a pipe is read as it comes', () => {
  const path = join(folder, 'pipe');
  const script = `
    import { openSources, readItems } from ${JSON.stringify(new URL('../../../dist/cli/read/index.js', import.meta.url).href)};
    const [source] = await openSources([${JSON.stringify(path)}]);
    for await (const { value } of readItems(source)) console.log(value.a);`;
  const command =
    'mkfifo "$2" && { (echo \'{"a":1}\'; echo \'{"a":2}\') > "$2" & } && "$0" --input-type=module -e "$1"';
  const child = spawnSync('sh', ['-c', command, process.execPath, script, path], { encoding: 'utf8' });
  expect(child.stdout).toBe('1\n2\n');
});

it.each([
  ['a.json', 'json'],
  ['a.ndjson', 'ndjson'],
  ['a.jsonl', 'ndjson'],
  ['a.csv', 'csv'],
  ['a.CSV.GZ', 'csv'],
  ['a.tsv', 'csv'],
  ['json', undefined],
  ['a.json.zip', undefined],
  ['a.gz', undefined],
])('the name %s says %s', (name, format) => {
  expect(formatOfName(name)).toBe(format);
});
