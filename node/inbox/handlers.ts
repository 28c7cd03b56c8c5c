import { NiagaError } from '../../protocol/errors.js';
import { pageOf, type Handlers } from '../api/handlers.js';
import { clearRefused, inboxOf, type InboxDeps } from './index.js';

export function inboxHandlers(deps: InboxDeps): Pick<Handlers, 'inbox' | 'inboxClear'> {
  return {
    inboxClear: async ({ item }) => ({ cleared: clearRefused(deps, item) }),
    inbox: async ({ limit, after }) => {
      const items = await inboxOf(deps);
      const start = after === undefined ? 0 : items.findIndex(({ item }) => item === after) + 1;
      if (after !== undefined && start === 0)
        throw new NiagaError('USAGE', 'There is no such item to go on after.', { where: 'after' });
      return pageOf(items.slice(start, start + limit + 1), limit, ({ item }) => item);
    },
  };
}
