import 'reflect-metadata';
import { rename, writeFile } from 'node:fs/promises';
import { PemConverter, SubjectAlternativeNameExtension, X509CertificateGenerator } from '@peculiar/x509';

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;

export interface Pair {
  readonly cert: string;
  readonly key: string;
}

/** A certificate as an owner has from elsewhere, for these names and addresses, until `notAfter`. */
export async function certificateFor(
  { names = [], addresses = [] }: { readonly names?: readonly string[]; readonly addresses?: readonly string[] },
  notAfter = new Date(Date.now() + 90 * 24 * 60 * 60 * 1000),
): Promise<Pair> {
  const { crypto } = globalThis;
  const keys = await crypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
  const alternatives = [
    ...names.map((value) => ({ type: 'dns' as const, value })),
    ...addresses.map((value) => ({ type: 'ip' as const, value })),
  ];
  const certificate = await X509CertificateGenerator.createSelfSigned(
    {
      name: 'CN=Toko',
      notBefore: new Date(Date.UTC(2026, 0, 1)),
      notAfter,
      signingAlgorithm: ALGORITHM,
      keys,
      extensions: alternatives.length === 0 ? [] : [new SubjectAlternativeNameExtension(alternatives)],
    },
    crypto,
  );
  const secret = await crypto.subtle.exportKey('pkcs8', keys.privateKey);
  return { cert: certificate.toString('pem'), key: PemConverter.encode(secret, 'PRIVATE KEY') };
}

export async function writePair({ cert, key }: Pair, certFile: string, keyFile: string): Promise<void> {
  await replace(certFile, cert);
  await replace(keyFile, key);
}

/** Whoever reads it finds the whole of the one or of the other. */
export async function replace(file: string, content: string): Promise<void> {
  await writeFile(`${file}.new`, content);
  await rename(`${file}.new`, file);
}
