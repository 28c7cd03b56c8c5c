import { NiagaError } from '../../protocol/errors.js';
import { pageOf, type Handlers } from '../api/handlers.js';
import type { LanView } from '../api/index.js';
import type { Services } from '../services.js';

/** What a node does for the rows about tokens. */
export function tokenHandlers(
  { tokens }: Pick<Services, 'tokens'>,
  apiUrl: () => string,
  lan: () => LanView | undefined,
): Pick<Handlers, 'open' | 'pair' | 'tokenCreate' | 'tokenList' | 'tokenRevoke'> {
  return {
    open: async ({ scope }) => {
      const base = apiUrl();
      if (base === '') throw new NiagaError('ADDRESS_INVALID', 'This node has no local API, and so no page.');
      const { code, expires } = tokens.link(scope);
      // After the #: what stands there is sent to nobody, and is in no log and no Referer.
      return { url: `${base}/#code=${code}`, expires };
    },
    pair: async ({ name, scope }) => {
      const at = lan();
      if (at === undefined) {
        throw new NiagaError('ADDRESS_INVALID', 'No phone can reach this node: it listens on this machine only.', {
          where: 'lan',
          next: 'Start it so that those on your network can, sealed with TLS: niaga start --lan 0.0.0.0',
        });
      }
      const { code, expires } = tokens.link(scope, name);
      const { url, fingerprint, ownMade } = at;
      // A program that scans the link can compare what it is shown; people compare the fingerprint.
      const certificate = ownMade ? { fingerprint } : {};
      const pinned = ownMade
        ? `&cert=${Buffer.from(fingerprint.replaceAll(':', ''), 'hex').toString('base64url')}`
        : '';
      return { name, url: `${url}/#code=${code}${pinned}`, expires, ...certificate };
    },
    tokenCreate: ({ name, scope, days }) => tokens.create(name, { scopes: scope, days }),
    tokenList: async ({ limit, after = '' }) =>
      pageOf(
        tokens.list().filter(({ name }) => name > after),
        limit,
        ({ name }) => name,
      ),
    tokenRevoke: ({ name }) => tokens.revoke(name),
  };
}
