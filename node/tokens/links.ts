import { NiagaError } from '../../protocol/errors.js';
import type { Scope } from '../api/operation.js';
import type { LinkCode } from './index.js';
import { digestOf, newToken, sameDigest } from './secret.js';

const minute = 60_000;
/** A person clicks at once; who comes later asks for another link. */
const LINK_TIME = 10 * minute;
/** What whoever opens a link gets. */
export interface Grant {
  readonly scopes: readonly Scope[];
  /** What the token is called that is kept for it; absent: it is one of a page, and ends with the node. */
  readonly name?: string | undefined;
}

/** Links that nobody has used yet: the oldest gives way. */
const MAX_LINKS = 16;

interface Link {
  readonly digest: Uint8Array;
  readonly grant: Grant;
  readonly expires: number;
}

/** Codes of links to the page, each good once. In memory: they end with the node. */
export class Links {
  readonly #now: () => number;
  #links: readonly Link[] = [];

  constructor(now: () => number) {
    this.#now = now;
  }

  make(grant: Grant): LinkCode {
    const code = newToken();
    const expires = this.#now() + LINK_TIME;
    this.#links = [...this.#links.slice(1 - MAX_LINKS), { digest: digestOf(code), grant, expires }];
    return { code, expires };
  }

  /** What the link allows; it is used up then. @throws NiagaError API_CODE */
  take(code: string): Grant {
    const digest = digestOf(code);
    const found = this.#links.filter((link) => sameDigest(link.digest, digest))[0];
    this.#links = this.#links.filter((link) => link !== found && link.expires > this.#now());
    if (found !== undefined && found.expires > this.#now()) return found.grant;
    throw new NiagaError('API_CODE', 'The link does not work any more: each opens the page once, within ten minutes.', {
      next: 'Make another one: niaga open, or niaga pair for a phone',
    });
  }

  clear(): void {
    this.#links = [];
  }
}
