import { deviceToPeerId, parseId } from '../protocol/ids.js';
import type { CID } from 'multiformats/cid';
import type { Listing } from '../protocol/catalog/card.js';
import { isNiagaError, NiagaError } from '../protocol/errors.js';
import type { SignedRecord } from '../protocol/record.js';
import type { Handlers, Page } from './api/handlers.js';
import { cardToView, listingToView } from './api/present.js';
import type { ListingView, StatusView } from './api/views.js';
import { toBase64 } from './identity/key-file.js';
import type { Services } from './services.js';
import type { Step } from './trades/index.js';

export interface HandlerContext {
  readonly services: Services;
  /** The local API's address; empty where there is none. */
  readonly apiUrl: () => string;
  readonly startedAt: number;
  readonly version: string;
}

/** What a running node does for each row of the operation table. */
export function createHandlers(context: HandlerContext): Handlers {
  const { services } = context;
  const { catalog, search, trades } = services;
  const step = (trade: string, what: Step) => trades.step(trade, what);
  return {
    status: async () => statusOf(context),
    publish: ({ items, strict }, { signal }) =>
      catalog.publish(
        items.map(({ line, value }, at) => ({ line: line ?? at + 1, value })),
        { strict, signal },
      ),
    listingList: async (page) =>
      pageOf(await catalog.list({ ...page, limit: page.limit + 1 }), page.limit, (view) => view.listing),
    listingShow: ({ listing }, { signal }) => showListing(services, listing, signal),
    listingRemove: ({ listing }) => catalog.remove(parseId(listing, 'listing').toString()),
    search: (input, { signal }) => search.search(input, { signal }),
    offer: (input, { signal }) => trades.offer(input, { signal }),
    tradeList: async (page) =>
      pageOf(await trades.list({ ...page, limit: page.limit + 1 }), page.limit, (view) => view.trade),
    tradeShow: ({ trade }) => trades.show(trade),
    tradeAccept: ({ trade }) => step(trade, { kind: 'accept' }),
    tradeCounter: ({ trade, ...terms }) => step(trade, { kind: 'counter', ...terms }),
    tradeDecline: ({ trade, reason }) => step(trade, { kind: 'decline', reason }),
    tradeWithdraw: ({ trade }) => step(trade, { kind: 'withdraw' }),
    tradeCancel: ({ trade, reason }) => step(trade, { kind: 'cancel', reason }),
    tradePay: ({ trade, reference }) => step(trade, { kind: 'paid', reference }),
    tradeConfirm: ({ trade }) => step(trade, { kind: 'payment-seen' }),
    tradeShip: ({ trade, tracking }) => step(trade, { kind: 'shipped', tracking }),
    tradeReceive: ({ trade }) => step(trade, { kind: 'received' }),
    tradeExport: async ({ trade }) => {
      const evidence = await trades.export(trade);
      return { trade: evidence.trade, evidence: toBase64(evidence.bytes) };
    },
  };
}

function pageOf<V>(items: V[], limit: number, idOf: (item: V) => string): Page<V> {
  const shown = items.slice(0, limit);
  const last = shown.at(-1);
  return items.length > limit && last !== undefined ? { items: shown, next: idOf(last) } : { items: shown };
}

async function showListing(
  { catalog, search, exchange }: Services,
  text: string,
  signal: AbortSignal,
): Promise<ListingView> {
  const id = parseId(text, 'listing').toString();
  const own = await catalog.show(id);
  if (own !== undefined) return own;
  const card = await search.card(id, { signal });
  if (card === undefined) {
    throw new NiagaError('LISTING_NOT_FOUND', 'No reachable node knows that listing.', {
      next: 'Search with: niaga search WORDS',
    });
  }
  const peer = deviceToPeerId(card.payload.device);
  let listing: SignedRecord<Listing>;
  try {
    listing = await exchange.fetch(card, peer, signal);
  } catch (error) {
    signal.throwIfAborted();
    // The seller sleeps: what the network knows of the listing is better than nothing.
    if (isNiagaError(error, 'PEER_UNREACHABLE') || isNiagaError(error, 'TIMED_OUT')) return cardToView(id, card);
    throw error;
  }
  const conditions = Object.entries(listing.payload.item.conditions ?? {});
  const texts = await Promise.all(
    conditions.map(async ([name, cid]) => [name, await exchange.text(cid as CID, peer, signal)] as const),
  );
  const found = texts.filter(([, text]) => text !== undefined);
  const view = listingToView(listing, 'active');
  return found.length === 0 ? view : { ...view, conditionTexts: Object.fromEntries(found) };
}

function statusOf({ services, apiUrl, startedAt, version }: HandlerContext): StatusView {
  const { identity, home, network, catalog, index, trades, refusals, store, now } = services;
  const { open, ended, outbox } = trades.counts();
  const report = store.integrity;
  const lost = report?.tables.reduce((sum, table) => sum + Math.max(0, table.expected - table.found), 0) ?? 0;
  return {
    trader: identity.traderText,
    name: identity.name,
    peerId: identity.peerId,
    network: home.network,
    home: home.home,
    version,
    addresses: network.addresses(),
    api: apiUrl(),
    peers: network.connections().length,
    known: network.directory.size + 1,
    listings: catalog.count(),
    cards: index.count(),
    trades: { open, ended },
    outbox,
    refused: refusals.counts(),
    integrity: { ok: report?.ok ?? true, rows: report?.rows ?? 0, corrupt: store.counters().corrupt, lost },
    uptimeMs: now() - startedAt,
  };
}
