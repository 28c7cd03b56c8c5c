/**
 * Who may use the API of this node, beside its owner: named tokens with a part of the owner's rights, and pages that a link
 * has let in.
 *
 * ```ts
 * const tokens = createTokens({ store, now: Date.now });
 * await tokens.start();
 * const { token } = await tokens.create('kasir', { scopes: ['read', 'trade'] });
 * console.log(tokens.find(token)?.scopes); // Set { 'read', 'trade' }
 * await tokens.revoke('kasir');
 * ```
 */
import type { Scope } from '../api/operation.js';
import type { SecretTokenView, TokenView } from '../api/rows/token.js';
import type { Store } from '../store/index.js';
import { TokenService } from './service.js';

/** In whose name something is asked for. */
export interface Caller {
  readonly name: string;
  /** The same as long as the token lives; one that is made anew under its name has another. */
  readonly id: string;
  readonly scopes: ReadonlySet<Scope>;
  /** Aborts when the token is revoked or its time is over: what runs in its name ends then. */
  readonly ended: AbortSignal;
}

export interface NewToken {
  readonly scopes: readonly Scope[];
  /** Days; absent: for ever. */
  readonly days?: number | undefined;
}

/** A code that a page can change into a token, once. */
export interface LinkCode {
  readonly code: string;
  readonly expires: number;
}

export interface Tokens {
  start(): Promise<void>;
  /** Forgets the pages that were let in and ends what runs. */
  stop(): Promise<void>;
  /**
   * Keeps the SHA-256 of a new token of 32 random bytes; the token itself is in the answer only.
   * @throws NiagaError TOKEN_NAME, TOKEN_LIMIT
   */
  create(name: string, token: NewToken): Promise<SecretTokenView>;
  /** Sorted by name. */
  list(): TokenView[];
  /** Resolves when it can no longer be used, also after a restart. @throws NiagaError TOKEN_NOT_FOUND */
  revoke(name: string): Promise<TokenView>;
  /** Ends the caller's own token; false: it is that of the owner's file, which ends with the node, or has ended already. */
  end(caller: Caller): Promise<boolean>;
  /** Whose token it is; undefined: nobody's. Takes the same time for all that are nobody's. */
  find(token: string): Caller | undefined;
  /**
   * A code for the link to the page, of 32 random bytes, for {@link LINK_TIME}. In memory only.
   * @param name what the token is to be called that the code is changed into, and that is kept then; none: one that ends with the node
   * @throws NiagaError TOKEN_NAME
   */
  link(scopes: readonly Scope[], name?: string): LinkCode;
  /** Changes a code into a token, once. @throws NiagaError API_CODE, TOKEN_LIMIT, TOKEN_NAME */
  redeem(code: string): Promise<SecretTokenView>;
}

export interface TokensDeps {
  readonly store: Store;
  readonly now: () => number;
}

export function createTokens(deps: TokensDeps): Tokens {
  return new TokenService(deps);
}
