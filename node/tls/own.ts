import 'reflect-metadata';
import { createPrivateKey, X509Certificate as NodeCertificate } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import {
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
} from '@peculiar/x509';
import { writeFileAtomic } from '../home/index.js';
import { ownAddresses } from './addresses.js';

const day = 24 * 60 * 60 * 1000;
/** The longest that Apple's browsers take: https://support.apple.com/en-us/103769 */
const LIFETIME = 825 * day;
/** A clock that is a little behind does not find it too young. */
const BEFORE = day;
/** It is made anew so long before its end: phones then ask once more. */
const RENEWED = 30 * day;
const OWNER_ONLY = 0o600;
const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;

interface Pair {
  readonly cert: string;
  readonly key: string;
}

/** The certificate that the node made for itself, kept so that a phone that has taken it once is not asked again. */
export async function ownCertificate(folder: string, now: number): Promise<Pair> {
  const at = join(folder, 'tls');
  const [certFile, keyFile] = [join(at, 'cert.pem'), join(at, 'key.pem')];
  const kept = await read(certFile, keyFile);
  if (kept !== undefined && Date.parse(new NodeCertificate(kept.cert).validTo) > now + RENEWED) return kept;
  const made = await make(now);
  await mkdir(at, { recursive: true, mode: 0o700 });
  await writeFileAtomic(keyFile, made.key, OWNER_ONLY);
  await writeFileAtomic(certFile, made.cert, OWNER_ONLY);
  return made;
}

/** Undefined where there is none, or a half: nothing is lost with it but a question that phones ask again. */
async function read(certFile: string, keyFile: string): Promise<Pair | undefined> {
  try {
    const [cert, key] = await Promise.all([readFile(certFile, 'utf8'), readFile(keyFile, 'utf8')]);
    return new NodeCertificate(cert).checkPrivateKey(createPrivateKey(key)) ? { cert, key } : undefined;
  } catch {
    return undefined;
  }
}

async function make(now: number): Promise<Pair> {
  const { crypto } = globalThis;
  const keys = await crypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
  const host = hostname().toLowerCase();
  const names = [...new Set(['localhost', host, `${host}.local`])];
  const certificate = await X509CertificateGenerator.createSelfSigned(
    {
      name: [{ CN: ['Niaga'] }],
      notBefore: new Date(now - BEFORE),
      notAfter: new Date(now - BEFORE + LIFETIME),
      signingAlgorithm: ALGORITHM,
      keys,
      extensions: [
        new BasicConstraintsExtension(false, undefined, true),
        new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
        new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
        new SubjectAlternativeNameExtension([
          ...names.map((value) => ({ type: 'dns' as const, value })),
          ...['127.0.0.1', ...ownAddresses()].map((value) => ({ type: 'ip' as const, value })),
        ]),
      ],
    },
    crypto,
  );
  const secret = await crypto.subtle.exportKey('pkcs8', keys.privateKey);
  return { cert: `${certificate.toString('pem')}\n`, key: `${PemConverter.encode(secret, 'PRIVATE KEY')}\n` };
}
