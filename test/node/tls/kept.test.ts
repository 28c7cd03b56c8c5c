import { mkdtemp, rm } from 'node:fs/promises';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { keepCertificate, openCertificate } from '../../../node/tls/index.js';
import { PATIENCE } from '../../support/patience.js';
import { serve } from '../api/serve.js';
import { certificateFor, replace, writePair } from './certificates.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'niaga-tls-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** The fingerprint that a phone sees which connects now. */
async function shownAt(url: string | undefined): Promise<string | undefined> {
  const socket = connect({ host: '127.0.0.1', port: Number(new URL(url ?? '').port), rejectUnauthorized: false });
  await once(socket, 'secureConnect');
  const { fingerprint256 } = socket.getPeerX509Certificate() ?? {};
  socket.destroy();
  return fingerprint256;
}

it('a certificate that is renewed while the node runs is shown without a restart, and half of one never', async () => {
  const [certFile, keyFile] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
  const [first, second] = await Promise.all([
    certificateFor({ names: ['toko.example'] }),
    certificateFor({ names: ['warung.example'] }),
  ]);
  await writePair(first, certFile, keyFile);
  const warnings: unknown[] = [];
  const logger = { info: () => undefined, warn: (values: unknown) => warnings.push(values) };
  const find = () => openCertificate({ folder, certFile, keyFile, now: Date.now() });
  const certificate = await keepCertificate({ find, logger, every: 5 });
  try {
    await using served = await serve({}, { lan: { host: '127.0.0.1', port: 0, certificate } });
    const { lan } = served.api;
    const before = certificate.current.fingerprint;
    expect([await shownAt(lan?.url), lan?.fingerprint]).toEqual([before, before]);
    expect(lan?.url).toMatch(/^https:\/\/toko\.example:/);

    // The certificate is there and its key is not yet: whatever is looked at, the one before is shown, and it is said once.
    await replace(certFile, second.cert);
    await expect.poll(() => warnings.length, PATIENCE).toBe(1);
    expect(await shownAt(lan?.url)).toBe(before);

    await replace(keyFile, second.key);
    await expect.poll(() => served.api.lan?.fingerprint, PATIENCE).not.toBe(before);
    expect(await shownAt(served.api.lan?.url)).toBe(certificate.current.fingerprint);
    expect(served.api.lan?.url).toMatch(/^https:\/\/warung\.example:/);
    expect(warnings).toHaveLength(1);
  } finally {
    await certificate.stop();
  }
});
