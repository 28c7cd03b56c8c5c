// A process that asks a node at a fixed rate for what a page and a program of a shop ask for.
import { load } from './load.mjs';
import { serve } from './serve.mjs';

/** In between, a message to a customer. */
function mixOf({ rate, chat, listings, trades }) {
  const row = (name, input) => ({ name, path: `/v1/${name}`, input });
  const kinds = [
    (at) => row('listing.show', { listing: listings[at % listings.length] }),
    (at) => row('trade.show', { trade: trades[at % trades.length] }),
    () => row('listing.list', { limit: 20 }),
    (at) => row('listing.show', { listing: listings[(at * 7) % listings.length] }),
    () => row('trade.list', { limit: 20 }),
    (at) => row('chat.show', { with: trades[at % trades.length], limit: 20 }),
    () => row('status', {}),
    (at) => row('listing.show', { listing: listings[(at * 3) % listings.length] }),
  ];
  const every = Math.max(1, Math.round(rate / chat));
  return (number) =>
    number % every === 0
      ? row('chat.send', { with: trades[(number / every) % trades.length], text: `Pesanan ${number} disiapkan.` })
      : kinds[number % kinds.length](number);
}

serve({
  /** As {@link load}; what is asked for is chosen by `mix`. */
  load: ({ mix, ...given }) => load({ ...given, rate: mix.rate, next: mixOf(mix) }),

  cpu: () => process.cpuUsage(),
});
