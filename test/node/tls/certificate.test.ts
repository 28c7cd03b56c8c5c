import { X509Certificate } from 'node:crypto';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openCertificate } from '../../../node/tls/index.js';
import { certificateFor, writePair } from './certificates.js';

const day = 24 * 60 * 60 * 1000;
const NOW = Date.UTC(2026, 10, 22);

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'niaga-tls-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe('a certificate that the node makes', () => {
  it('is of this machine, stays the same for two years, and its key is the owner’s alone', async () => {
    const made = await openCertificate({ folder, now: NOW });
    const parsed = new X509Certificate(made.cert);
    expect(made).toMatchObject({ ownMade: true, fingerprint: parsed.fingerprint256, names: [] });
    expect(parsed.checkHost('localhost')).toBe('localhost');
    expect(parsed.checkIP('127.0.0.1')).toBe('127.0.0.1');
    expect(parsed.ca).toBe(false);
    expect((await stat(join(folder, 'tls', 'key.pem'))).mode & 0o077).toBe(0);
    expect(await openCertificate({ folder, now: NOW + 700 * day })).toEqual(made);
    const later = await openCertificate({ folder, now: NOW + 800 * day });
    expect(later.fingerprint).not.toBe(made.fingerprint);
    expect(Date.parse(new X509Certificate(later.cert).validTo)).toBeGreaterThan(NOW + 1_600 * day);
  });

  it('is made anew where a half of it is missing or changed', async () => {
    const { fingerprint } = await openCertificate({ folder, now: NOW });
    await writeFile(join(folder, 'tls', 'key.pem'), 'no key');
    const again = await openCertificate({ folder, now: NOW });
    expect(again.fingerprint).not.toBe(fingerprint);
    expect(await openCertificate({ folder, now: NOW })).toEqual(again);
  });
});

describe('the owner’s certificate', () => {
  const codeOf = (task: Promise<unknown>) =>
    task.then(
      () => 'taken',
      (error: unknown) => (error instanceof Error && 'code' in error ? error.code : error),
    );

  it('is taken with its key, and refused with another, after its end, or where it is none', async () => {
    await openCertificate({ folder, now: NOW });
    const [certFile, keyFile] = [join(folder, 'tls', 'cert.pem'), join(folder, 'tls', 'key.pem')];
    const given = await openCertificate({ folder, certFile, keyFile, now: NOW });
    expect(given).toMatchObject({ ownMade: false, cert: await readFile(certFile, 'utf8') });
    expect(given.names).toContain('localhost');
    const other = await mkdtemp(join(folder, 'other-'));
    await openCertificate({ folder: other, now: NOW });
    const wrong = join(other, 'tls', 'key.pem');
    const text = join(folder, 'text');
    await writeFile(text, 'no certificate');
    for (const files of [
      { certFile },
      { keyFile },
      { certFile, keyFile: wrong },
      { certFile: text, keyFile },
      { certFile, keyFile: text },
      { certFile: join(folder, 'missing'), keyFile },
    ])
      expect(await codeOf(openCertificate({ folder, ...files, now: NOW }))).toBe('TLS_INVALID');
    expect(await codeOf(openCertificate({ folder, certFile, keyFile, now: NOW + 900 * day }))).toBe('TLS_INVALID');
  });

  it('with a wildcard is for the name that its owner says, and refused where none is said', async () => {
    const [certFile, keyFile] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
    const open = (host?: string) => openCertificate({ folder, certFile, keyFile, host, now: Date.now() });
    await writePair(await certificateFor({ names: ['*.toko.example'] }), certFile, keyFile);
    expect((await open('kasir.toko.example')).names).toEqual(['kasir.toko.example']);
    for (const host of [undefined, '0.0.0.0', '192.168.1.10', 'toko.example', 'a.b.toko.example', 'warung.example'])
      await expect(open(host)).rejects.toMatchObject({
        code: 'TLS_INVALID',
        message: expect.stringContaining('*.toko.example') as string,
        next: expect.stringContaining('--lan') as string,
      });
    // A name beside the wildcard is one, and so is an address.
    await writePair(await certificateFor({ names: ['*.toko.example', 'Toko.example'] }), certFile, keyFile);
    expect((await open('0.0.0.0')).names).toEqual(['toko.example']);
    expect((await open('kasir.toko.example')).names).toEqual(['kasir.toko.example', 'toko.example']);
    await writePair(await certificateFor({ addresses: ['192.168.1.10'] }), certFile, keyFile);
    expect((await open('0.0.0.0')).names).toEqual([]);
    await writePair(await certificateFor({}), certFile, keyFile);
    expect(await codeOf(open('0.0.0.0'))).toBe('TLS_INVALID');
  });
});
