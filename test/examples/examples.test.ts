import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { temporaryFolder } from '../support/processes.js';

const FOLDER = fileURLToPath(new URL('../../examples/', import.meta.url));
const TIME_LIMIT = 120_000;

interface Ended {
  readonly code: number;
  readonly out: string[];
  readonly err: string;
}

/** Runs an example as a developer does, as a program of its own, and waits until it ends by itself. */
function example(name: string, ...args: string[]): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const given = { timeout: TIME_LIMIT, env: { ...process.env, NO_COLOR: '1' } };
    execFile(process.execPath, [join(FOLDER, `${name}.mjs`), ...args], given, (error, stdout, stderr) => {
      if (error?.killed === true) reject(new Error(`${name} did not end: ${stdout}${stderr}`));
      const code = error === null ? 0 : Number(error.code);
      resolve({ code, out: stdout.split('\n').filter((line) => line !== ''), err: stderr });
    });
  });
}

describe('each example runs as it is and ends by itself', { timeout: 2 * TIME_LIMIT }, () => {
  let temporary: Awaited<ReturnType<typeof temporaryFolder>>;
  const folder = (name: string): string => join(temporary.path, name);

  beforeAll(async () => {
    temporary = await temporaryFolder();
  });
  afterAll(() => temporary.remove());

  it('two-nodes: one publishes, the other finds it, and the trade is completed', async () => {
    const { code, out, err } = await example('two-nodes', folder('seller'), folder('buyer'));
    expect(err).toBe('');
    expect(out[0]).toMatch(/^published baf\w+$/);
    expect(out[1]).toBe("Kopi Gayo 250 g { amount: '8500000', currency: 'IDR' } complete");
    expect(out[2]).toMatch(/^completed/);
    expect(code).toBe(0);
  });

  it('shop-by-rule: accepts from 90 % of the list price, answers with 90 % from 80 %, declines below', async () => {
    const { code, out, err } = await example('shop-by-rule', folder('shop'), folder('customer'));
    expect(err).toBe('');
    expect(out).toEqual([
      'published Lampu meja jati',
      'Lampu meja jati, 190000 IDR offered: accepted',
      'Lampu meja jati, 170000 IDR offered: countered with 180000 IDR',
      'Lampu meja jati, 120000 IDR offered: declined',
    ]);
    expect(code).toBe(0);
  });

  it('price-watcher: tells a lower price once', async () => {
    const { code, out, err } = await example('price-watcher', folder('watcher'), folder('watched'));
    expect(err).toBe('');
    expect(out.filter((line) => line.startsWith('cheaper'))).toEqual([
      'cheaper: Kopi Gayo 250 g, 85000 IDR → 79000 IDR',
    ]);
    expect(code).toBe(0);
  });

  it('import-csv: publishes the rows of the file, and the same file again changes nothing', async () => {
    expect(await example('import-csv', folder('importer'))).toEqual({ code: 0, out: ['5 published'], err: '' });
    expect(await example('import-csv', folder('importer'))).toEqual({ code: 0, out: ['5 unchanged'], err: '' });
  });

  it('import-csv: tells the line of a row that cannot be published, and publishes the others', async () => {
    const file = folder('faulty.csv');
    await writeFile(file, 'kode,nama,harga\nA,Apel,-5\nB,Jeruk,3000\nC,too,many,cells\nD,Duku,9000\n');
    const { code, out, err } = await example('import-csv', folder('importer'), file);
    expect(out.sort()).toEqual(['1 invalid', '2 published']);
    expect(err.split('\n')[0]).toContain('line 4');
    expect(err.split('\n')[1]).toMatch(/line 2: .*"-5/);
    expect(code).toBe(1);
  });

  it('import-csv: says in one line that a file is not there', async () => {
    const { code, err } = await example('import-csv', folder('importer'), folder('none.csv'));
    expect(err).toMatch(/^[^\n]*none\.csv: ENOENT[^\n]*\n$/);
    expect(code).toBe(1);
  });
});
