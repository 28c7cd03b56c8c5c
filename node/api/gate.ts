import { NiagaError } from '../../protocol/errors.js';
import type { Caller } from '../tokens/index.js';
import { isLoopback } from './address.js';
import type { Scope } from './operation.js';
import type { Place } from './place.js';

const BEARER = /^Bearer +([A-Za-z0-9_-]{16,512})$/i;

/** Whose token it is; undefined: nobody's. */
export type FindCaller = (token: string) => Caller | undefined;

/**
 * In whose name a request is made. A token is taken from the header alone: no cookie, nothing in an address, so that a browser never
 * sends one by itself (CSRF).
 * @throws NiagaError API_TOKEN
 */
export function requireCaller(authorization: string | undefined, find: FindCaller): Caller {
  const given = authorization === undefined ? undefined : BEARER.exec(authorization)?.[1];
  const caller = given === undefined ? undefined : find(given);
  if (caller !== undefined) return caller;
  const why = given === undefined ? 'The request has no token.' : 'The token is not one of this node.';
  throw new NiagaError('API_TOKEN', why, {
    where: 'Authorization',
    next: 'Send "Authorization: Bearer TOKEN": one that "niaga token create" made, or the one in api.json in the home; each start makes that anew.',
  });
}

/** @throws NiagaError API_SCOPE unless the caller's token allows what needs this scope */
export function requireScope({ name, scopes }: Caller, scope: Scope): void {
  if (scopes.has(scope) || scopes.has('admin')) return;
  throw new NiagaError('API_SCOPE', `The token "${name}" does not allow "${scope}".`, {
    where: 'Authorization',
    next: `Use a token with that scope: niaga token create NAME --scope ${scope}`,
    details: { needs: scope, has: [...scopes] },
  });
}

/** Says that a token or a code is not taken over plain HTTP from another machine. @param url where it is; empty: nowhere */
export function inTheClear(url: string): NiagaError {
  return new NiagaError(
    'API_PLAIN',
    'Over plain HTTP everybody on the network could read the token and use it: this node takes none that way.',
    {
      next: url === '' ? 'Start the node with --lan, then: niaga pair' : `Use ${url}, or scan the code of niaga pair.`,
    },
  );
}

/** @param remote the address of the other side */
export function isHere(remote: string | undefined): boolean {
  return remote !== undefined && isLoopback(remote.replace(/^::ffff:/, ''));
}

/**
 * Keeps tokens off the network where it is not sealed. On this machine, plain HTTP crosses none.
 * @param remote the address of the other side
 * @throws NiagaError API_PLAIN
 */
export function requireSealed({ scheme }: Pick<Place, 'scheme'>, remote: string | undefined, tls: string): void {
  if (scheme === 'https' || isHere(remote)) return;
  throw inTheClear(tls);
}

/**
 * Keeps pages of other sites out. A page whose name was re-bound to this machine's address (DNS rebinding) still sends
 * its own name as Host; a page that posts across origins sends its own Origin, sandboxed ones "null".
 *
 * @throws NiagaError API_ORIGIN
 */
export function checkOrigin(host: string | undefined, origin: string | undefined, place: Place): void {
  if (host === undefined || !place.has(host.toLowerCase())) {
    throw new NiagaError('API_ORIGIN', 'The request is for a host that this node is not.', {
      where: 'Host',
      next: `Use ${place.url}.`,
    });
  }
  const own = `${place.scheme}://`;
  if (origin !== undefined && (!origin.startsWith(own) || !place.has(origin.slice(own.length)))) {
    throw new NiagaError('API_ORIGIN', 'The request comes from a page that is not this node’s own.', {
      where: 'Origin',
    });
  }
}
