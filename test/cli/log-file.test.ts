import { open, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { boundLog } from '../../cli/log-file.js';
import { folderWith } from './cli.js';

it('a log and the part before it hold the newest lines, whole and in order, and never more than they may, whoever writes', async () => {
  await using folder = await folderWith();
  const most = 200;
  let run = 0;
  const property = fc.asyncProperty(
    fc.array(fc.nat({ max: 80 }), { maxLength: 40 }),
    fc.nat(500),
    async (sizes, old) => {
      const path = join(folder.path, `${++run}.log`);
      // What an older version left may be larger than is allowed.
      const lines = ['o'.repeat(old)];
      await writeFile(path, `${lines[0]}\n`, { mode: 0o600 });
      await using file = await open(path, 'a', 0o600);
      const log = boundLog(file.fd, path, most) ?? expect.unreachable();
      for (const [at, size] of sizes.entries()) {
        const line = `${at} ${'x'.repeat(size)}\n`;
        lines.push(line.slice(0, -1));
        // Every third comes from elsewhere: a library that writes on standard error itself.
        const ours = at % 3 > 0;
        if (ours) log.makeRoom(line.length);
        await file.write(line);
        if (ours) expect((await file.stat()).size).toBeLessThanOrEqual(most);
        else expect((await file.stat()).size).toBeLessThanOrEqual(most + line.length);
      }
      const before = await readFile(`${path}.1`, 'utf8').catch(() => '');
      const kept = (before + (await readFile(path, 'utf8'))).split('\n').slice(0, -1);
      expect(kept).toEqual(lines.slice(lines.length - kept.length));
      expect(kept.length).toBeGreaterThan(0);
      if (before !== '') expect((await stat(`${path}.1`)).mode & 0o777).toBe(0o600);
    },
  );
  await fc.assert(property, { numRuns: 30 });
});

it('what is no such log is left alone', async () => {
  await using folder = await folderWith({ 'other.log': 'x'.repeat(50), 'node.log': '' });
  await using file = await open(join(folder.path, 'other.log'), 'a');
  expect(boundLog(file.fd, join(folder.path, 'node.log'), 10)).toBeUndefined();
  expect(boundLog(file.fd, join(folder.path, 'none'), 10)).toBeUndefined();
  expect((await file.stat()).size).toBe(50);
});
