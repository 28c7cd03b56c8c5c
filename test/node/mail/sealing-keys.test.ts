import { mkdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ROTATION, SealingKeys } from '../../../node/mail/sealing-keys.js';
import { LETTER_LIFETIME, seal, unseal } from '../../../protocol/mail/index.js';
import { temporaryFolder } from '../store/support.js';

const NOW = Date.UTC(2026, 0, 1);
const DAY = 24 * 60 * 60 * 1000;
const content = new TextEncoder().encode('rahasia');

async function home(): Promise<{ identityFolder: string }> {
  const identityFolder = join(await temporaryFolder(), 'identity');
  await mkdir(identityFolder, { recursive: true });
  return { identityFolder };
}

async function load(at: { identityFolder: string }, now: number, passphrase?: string): Promise<SealingKeys> {
  const keys = new SealingKeys(at, passphrase);
  await keys.load(now);
  return keys;
}

describe('sealing keys', () => {
  it('stay the same over a restart, and change every month', async () => {
    const at = await home();
    const first = (await load(at, NOW)).current;
    expect((await load(at, NOW + ROTATION - 1)).current).toEqual(first);
    expect((await load(at, NOW + ROTATION)).current).not.toEqual(first);
  });

  it('open what was sealed to the last one as long as letters live, and then are gone from the disk', async () => {
    const at = await home();
    const sealed = seal(content, (await load(at, NOW)).current, new Uint8Array(32).fill(1));
    const changed = NOW + ROTATION;
    expect(unseal(sealed, (await load(at, changed)).secrets)).toEqual(content);
    expect(unseal(sealed, (await load(at, changed + LETTER_LIFETIME + DAY)).secrets)).toEqual(content);
    expect(unseal(sealed, (await load(at, changed + LETTER_LIFETIME + 3 * DAY)).secrets)).toBeUndefined();
  });

  it('are sealed at rest under the passphrase, in a file of the owner’s alone', { timeout: 60_000 }, async () => {
    const at = await home();
    const keys = await load(at, NOW, 'kunci');
    const path = join(at.identityFolder, 'sealing.json');
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    const [secret = new Uint8Array()] = keys.secrets;
    expect(await readFile(path, 'utf8')).not.toContain(Buffer.from(secret).toString('base64').slice(0, 20));
    expect((await load(at, NOW, 'kunci')).current).toEqual(keys.current);
    await expect(load(at, NOW, 'salah')).rejects.toMatchObject({ code: 'IDENTITY_SEALED' });
    await expect(load(at, NOW)).rejects.toMatchObject({ code: 'IDENTITY_SEALED' });
  });
});
