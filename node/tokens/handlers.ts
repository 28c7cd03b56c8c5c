import { NiagaError } from '../../protocol/errors.js';
import { pageOf, type Handlers } from '../api/handlers.js';
import type { Services } from '../services.js';

/** What a node does for the rows about tokens. */
export function tokenHandlers(
  { tokens }: Pick<Services, 'tokens'>,
  apiUrl: () => string,
): Pick<Handlers, 'open' | 'tokenCreate' | 'tokenList' | 'tokenRevoke'> {
  return {
    open: async ({ scope }) => {
      const base = apiUrl();
      if (base === '') throw new NiagaError('ADDRESS_INVALID', 'This node has no local API, and so no page.');
      const { code, expires } = tokens.link(scope);
      // After the #: what stands there is sent to nobody, and is in no log and no Referer.
      return { url: `${base}/#code=${code}`, expires };
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
