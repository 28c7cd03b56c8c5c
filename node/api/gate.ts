import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { NiagaError } from '../../protocol/errors.js';

const TOKEN_BYTES = 32;
const BEARER = /^Bearer +([A-Za-z0-9_-]{16,512})$/i;

/** A new token: 32 random bytes in base64url. */
export function newToken(): string {
  return randomBytes(TOKEN_BYTES).toString('base64url');
}

/** @throws NiagaError API_TOKEN unless the header carries exactly this token; takes the same time for every wrong one. */
export function checkToken(authorization: string | undefined, token: string): void {
  const given = authorization === undefined ? undefined : BEARER.exec(authorization)?.[1];
  if (given !== undefined && timingSafeEqual(digest(given), digest(token))) return;
  const why = given === undefined ? 'The request has no token.' : 'The token is not the one of this node.';
  throw new NiagaError('API_TOKEN', why, {
    where: 'Authorization',
    next: 'Send "Authorization: Bearer TOKEN" with the token from api.json in the home; each start makes a new one.',
  });
}

/** Hashing first gives both sides one length, which timingSafeEqual needs. */
function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

/**
 * Keeps pages of other sites out. A page whose name was re-bound to this machine's address (DNS rebinding) still sends
 * its own name as Host; a page that posts across origins sends its own Origin, sandboxed ones "null".
 *
 * @param hosts what Host may be: `127.0.0.1:4180`, `localhost:4180`
 * @throws NiagaError API_ORIGIN
 */
export function checkOrigin(host: string | undefined, origin: string | undefined, hosts: ReadonlySet<string>): void {
  if (host === undefined || !hosts.has(host.toLowerCase())) {
    throw new NiagaError('API_ORIGIN', 'The request is for a host that this node is not.', {
      where: 'Host',
      next: `Use http://${[...hosts][0] ?? 'localhost'}.`,
    });
  }
  if (origin !== undefined && (!origin.startsWith('http://') || !hosts.has(origin.slice('http://'.length)))) {
    throw new NiagaError('API_ORIGIN', 'The request comes from a page that is not this node’s own.', {
      where: 'Origin',
    });
  }
}
