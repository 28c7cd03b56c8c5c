import { pageOf, type Handlers } from '../api/handlers.js';
import type { Services } from '../services.js';

/** What a node does for the rows about webhooks. */
export function webhookHandlers({
  webhooks,
}: Pick<Services, 'webhooks'>): Pick<Handlers, 'webhookAdd' | 'webhookList' | 'webhookRemove'> {
  return {
    webhookAdd: (input) => webhooks.add(input),
    webhookList: async ({ limit, after = '' }) =>
      pageOf(
        webhooks.list().filter(({ webhook }) => webhook > after),
        limit,
        ({ webhook }) => webhook,
      ),
    webhookRemove: ({ webhook }) => webhooks.remove(webhook),
  };
}
