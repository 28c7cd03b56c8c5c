import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { rawCodec } from '../../../node/store/index.js';
import { keys, openStore, temporaryFolder } from './support.js';

const WRITER = fileURLToPath(new URL('writer.mjs', import.meta.url));
const KILLS = 10;
const LONGEST_LIFE_MS = 150;

/** Lines that the writer printed. Killed at a random moment after the first. */
async function writeUntilKilled(path: string, from: number): Promise<number[]> {
  const child = spawn(process.execPath, [WRITER, path, String(from)], { stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  let kill: Promise<void> | undefined;
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
    kill ??= delay(Math.random() * LONGEST_LIFE_MS).then(() => void child.kill('SIGKILL'));
  });
  const signal = await new Promise((resolve) => child.on('close', (_, signal) => resolve(signal)));
  expect(signal).toBe('SIGKILL');
  // The last line may have been cut.
  return output.split('\n').slice(0, -1).map(Number);
}

describe('after kill -9', () => {
  it('everything that was acknowledged is there, and nothing is torn', async () => {
    const path = join(await temporaryFolder(), 'store');
    const acknowledged = new Set<number>();
    let from = 0;
    for (let i = 0; i < KILLS; i++) {
      for (const number of await writeUntilKilled(path, from)) acknowledged.add(number);
      const store = await openStore({ path });
      const left = await keys(store.table('left', rawCodec));
      const right = await keys(store.table('right', rawCodec));
      expect(right).toEqual(left);
      const present = new Set(left.map(Number));
      expect([...acknowledged].filter((number) => !present.has(number))).toEqual([]);
      expect(store.integrity).toMatchObject({ ok: true, batches: { lost: 0, witness: 'read' } });
      from = Math.max(...present) + 1;
      await store.stop();
    }
    console.log(`kill -9: ${KILLS} kills, ${acknowledged.size} acknowledged writes, none lost`);
    // Each lived until it had acknowledged one, however slow the disk is.
    expect(acknowledged.size).toBeGreaterThanOrEqual(KILLS);
  });
});

// A limit on the size of files is what a shell has for a disk that is full.
describe.skipIf(process.platform === 'win32')('when the disk is full', () => {
  it('says so, takes no more writes, and keeps all that it acknowledged', async () => {
    const path = join(await temporaryFolder(), 'store');
    const command = `ulimit -f 600; exec "${process.execPath}" "${WRITER}" "${path}" 0 4000`;
    const child = spawn('sh', ['-c', command], { stdio: ['ignore', 'pipe', 'inherit'] });
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
    expect(await new Promise((resolve) => child.on('close', resolve))).toBe(0);
    const lines = output.trimEnd().split('\n');
    expect(lines.pop()).toBe('failed STORE_FAILED STORE_FAILED STORE_FAILED');
    expect(lines.length).toBeGreaterThan(10);
    const store = await openStore({ path });
    expect(store.integrity).toMatchObject({ ok: true });
    const present = new Set(await keys(store.table('right', rawCodec)));
    expect(lines.filter((key) => !present.has(key))).toEqual([]);
  });
});
