/**
 * What the node shows to phones on the local network so that nobody in between can read along: the owner's certificate, or one that the
 * node makes itself and that people compare by its fingerprint.
 *
 * ```ts
 * const find = () => openCertificate({ folder: home.folder, now: Date.now() });
 * const certificate = await keepCertificate({ find, logger });
 * certificate.current.fingerprint;
 * ```
 */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { NiagaError } from '../../protocol/errors.js';
import { ownCertificate } from './own.js';

export { keepCertificate } from './kept.js';

export interface Certificate {
  /** PEM, with its chain where there is one. */
  readonly cert: string;
  /** PEM. */
  readonly key: string;
  /** SHA-256 of the certificate, 32 bytes in hexadecimal with colons, as browsers show it. */
  readonly fingerprint: string;
  /** Names that it is for and that people can type; none in one that the node made. */
  readonly names: readonly string[];
  /** Whether the node made it: browsers ask before they take it. */
  readonly ownMade: boolean;
}

export interface CertificateOptions {
  /** Where one that the node makes is kept. */
  readonly folder: string;
  /** Files of the owner's certificate and its key, PEM; both or none. */
  readonly certFile?: string | undefined;
  readonly keyFile?: string | undefined;
  /** The name or address by which phones reach the node, where its owner says one: one that a wildcard stands for. */
  readonly host?: string | undefined;
  readonly now: number;
}

/**
 * The owner's certificate where one is named, else the node's own, which is made where there is none that still holds.
 * @throws NiagaError TLS_INVALID, HOME_UNUSABLE
 */
export async function openCertificate({
  folder,
  certFile,
  keyFile,
  host,
  now,
}: CertificateOptions): Promise<Certificate> {
  if (certFile === undefined && keyFile === undefined) {
    const pair = await ownCertificate(folder, now);
    return { ...pair, fingerprint: new X509Certificate(pair.cert).fingerprint256, names: [], ownMade: true };
  }
  if (certFile === undefined || keyFile === undefined) {
    throw new NiagaError('TLS_INVALID', 'A certificate and its key belong together, and one of them is missing.', {
      where: certFile === undefined ? 'tls-cert' : 'tls-key',
      next: 'Give both: --tls-cert FILE --tls-key FILE, or none for one that the node makes.',
    });
  }
  const [cert, key] = await Promise.all([read(certFile), read(keyFile)]);
  const parsed = parse(certFile, () => new X509Certificate(cert));
  const secret = parse(keyFile, () => createPrivateKey(key));
  if (!parsed.checkPrivateKey(secret)) {
    throw new NiagaError('TLS_INVALID', 'The key is not that of the certificate.', { where: keyFile });
  }
  if (Date.parse(parsed.validTo) <= now) {
    throw new NiagaError('TLS_INVALID', `The certificate was good until ${parsed.validTo}.`, {
      where: certFile,
      next: 'Renew it, then start the node again.',
    });
  }
  const names = namesOf(parsed, host, certFile);
  return { cert, key, fingerprint: parsed.fingerprint256, names, ownMade: false };
}

async function read(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    const why = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    throw new NiagaError('TLS_INVALID', `The file cannot be read: ${why}.`, {
      where: file,
      next: 'Name a file in PEM that this user can read.',
      cause: error,
    });
  }
}

function parse<T>(file: string, task: () => T): T {
  try {
    return task();
  } catch (error) {
    // OpenSSL's own words, and no cause: a key must not get into a log.
    const why = error instanceof Error && 'code' in error ? ` (${String(error.code)})` : '';
    throw new NiagaError('TLS_INVALID', `The file holds no certificate or unsealed key in PEM${why}.`, { where: file });
  }
}

/**
 * `DNS:toko.example, IP Address:192.168.1.10` → names. A wildcard is none, but for the host of that pattern that the owner has said.
 * @throws NiagaError TLS_INVALID for one by which no phone could reach the node
 */
function namesOf(certificate: X509Certificate, host: string | undefined, where: string): string[] {
  const { subjectAltName = '' } = certificate;
  const said = host !== undefined && isIP(host) === 0 && certificate.checkHost(host) !== undefined ? [host] : [];
  const whole = [...subjectAltName.matchAll(/(?:^|, )DNS:([a-z0-9.-]+)(?=,|$)/gi)].map(([, name = '']) => name);
  const names = [...new Set([...said, ...whole].map((name) => name.toLowerCase()))];
  if (names.length > 0 || subjectAltName.includes('IP Address:')) return names;
  throw new NiagaError(
    'TLS_INVALID',
    subjectAltName === ''
      ? 'The certificate names no host (subjectAltName), and browsers take no such one.'
      : `The certificate is for ${subjectAltName.replaceAll('DNS:', '')}: by which name do phones reach this machine?`,
    { where, next: 'Say the name that is this machine’s: niaga start --lan kasir.toko.example' },
  );
}
