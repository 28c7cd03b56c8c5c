import { parseId, parseTrader } from '../protocol/ids.js';
import type { Evidence } from '../protocol/trade/evidence-schema.js';
import { pageOf, type Handlers } from './api/handlers.js';
import type { LanView } from './api/index.js';
import type { StatusView } from './api/views.js';
import { showListing } from './catalog/show-listing.js';
import { fromBase64, toBase64 } from './identity/key-file.js';
import { backupHandlers } from './backup/handlers.js';
import { noteBlocked } from './blocks/note.js';
import { chatHandlers } from './chat/handlers.js';
import { deviceHandlers } from './devices/handlers.js';
import { doctorHandlers } from './doctor/index.js';
import { eventTypes } from './events/index.js';
import { inboxHandlers } from './inbox/handlers.js';
import { listPeers } from './network/peers.js';
import { committing, committingContacts, fileValue, type NamedFile, privateHandlers } from './private/handlers.js';
import type { Opened } from './private/index.js';
import { pidNamespace } from './pid-namespace.js';
import { pictureHandlers } from './pictures/handlers.js';
import type { Services } from './services.js';
import { tokenHandlers } from './tokens/handlers.js';
import { showTrader } from './trader-records/show.js';
import { webhookHandlers } from './webhooks/handlers.js';
import type { Step } from './trades/index.js';

export interface HandlerContext {
  readonly services: Services;
  /** The local API's address; empty where there is none. */
  readonly apiUrl: () => string;
  /** Where phones reach the node; nowhere unless given. */
  readonly lan?: () => LanView | undefined;
  readonly startedAt: number;
  readonly version: string;
}

/** What a running node does for each row of the operation table. */
export function createHandlers(context: HandlerContext): Handlers {
  const { services, apiUrl } = context;
  const {
    arbiters,
    catalog,
    search,
    trades,
    events,
    watches,
    blocks,
    falseIndexes,
    privateValues,
    contents,
    proofs,
    ratings,
  } = services;
  // Only one of a trader's devices signs stock and steps of trades (DESIGN section 4).
  const writing = async <T>(task: () => Promise<T>): Promise<T> => {
    await services.devices.checkWriter();
    return task();
  };
  async function* publishing(...given: Parameters<typeof catalog.publish>): ReturnType<typeof catalog.publish> {
    await services.devices.checkWriter();
    try {
      yield* catalog.publish(...given);
    } finally {
      services.continuity.catalogueChanged();
    }
  }
  const step = (trade: string, what: Step) =>
    writing(async () => {
      await services.continuity.check(trades.idOf(trade));
      return trades.step(trade, what);
    });
  const attaching = <T>(files: readonly NamedFile[] | undefined, task: (attachments: Uint8Array[]) => Promise<T>) =>
    committing(
      privateValues,
      (files ?? []).map((file) => fileValue('attachment', file)),
      (commitments) => task(commitments.filter((one) => one !== undefined)),
    );
  return {
    status: async () => statusOf(context),
    peers: async (page) =>
      pageOf(listPeers(services.network, { ...page, limit: page.limit + 1 }), page.limit, (view) => view.peerId),
    publish: ({ items, strict, restock }, { signal }) =>
      publishing(
        items.map(({ line, value }, at) => ({ line: line ?? at + 1, value })),
        { strict, restock, signal },
      ),
    listingList: async (page) =>
      pageOf(await catalog.list({ ...page, limit: page.limit + 1 }), page.limit, (view) => view.listing),
    listingShow: ({ listing }, { signal }) =>
      showListing(services, listing, signal).then((view) => noteBlocked(view, blocks)),
    listingRemove: ({ listing }) =>
      writing(() => catalog.remove(parseId(listing, 'listing').toString())).finally(() =>
        services.continuity.catalogueChanged(),
      ),
    search: (input, { signal }) => search.search(input, { signal }),
    searchStream: (input, { signal }) => search.stream(input, { signal }),
    watch: (input, { signal }) => watches.add(input, { signal }),
    watchList: async (page) =>
      pageOf(watches.list({ ...page, limit: page.limit + 1 }), page.limit, (view) => view.watch),
    watchRemove: ({ watch }) => watches.remove(watch),
    events: ({ after, follow, type }, { signal }) => events.read({ after, follow, types: eventTypes(type), signal }),
    offer: (given, { signal }) =>
      writing(() => committingContacts(privateValues, given, (input) => trades.offer(input, { signal }))),
    tradeList: async (page) =>
      pageOf(await trades.list({ ...page, limit: page.limit + 1 }), page.limit, (view) => view.trade),
    tradeShow: async ({ trade, language }) => ({
      ...(await trades.show(trade, language)),
      content: await contents.show(trades.idOf(trade)),
      private: await privateValues.show(trades.idOf(trade)),
      proofs: await proofs.show(trades.idOf(trade)),
    }),
    tradeAccept: (given) =>
      committingContacts(privateValues, given, ({ trade, ...contacts }) =>
        step(trade, { kind: 'accept', ...contacts }),
      ),
    tradeCounter: (given) =>
      committingContacts(privateValues, given, ({ trade, ...terms }) => step(trade, { kind: 'counter', ...terms })),
    tradeDecline: ({ trade, reason }) => step(trade, { kind: 'decline', reason }),
    tradeWithdraw: ({ trade }) => step(trade, { kind: 'withdraw' }),
    tradeCancel: ({ trade, reason }) => step(trade, { kind: 'cancel', reason }),
    tradePay: ({ trade, proof, ...said }) =>
      committing(privateValues, [fileValue('proof', proof)], ([committed]) =>
        step(trade, { kind: 'paid', ...said, proof: committed }),
      ),
    tradeConfirm: ({ trade, amount }) => step(trade, { kind: 'payment-seen', amount }),
    tradeShip: ({ trade, content: given = [], ...goods }) =>
      given.length === 0
        ? step(trade, { kind: 'shipped', ...goods })
        : contents.deliver(trades.idOf(trade), given.map(contentFile), (content) =>
            step(trade, { kind: 'shipped', ...goods, content }),
          ),
    tradeReceive: ({ trade, ...goods }) => step(trade, { kind: 'received', ...goods }),
    tradeApprove: ({ trade, note }) => step(trade, { kind: 'approved', note }),
    tradeRemedy: ({ trade, ...remedy }) => step(trade, { kind: 'remedy', ...remedy }),
    tradeRemedyAccept: ({ trade }) => step(trade, { kind: 'remedy-accept' }),
    tradeRemedyDecline: ({ trade, reason }) => step(trade, { kind: 'remedy-decline', reason }),
    tradeReturn: ({ trade, seen, ...goods }) => step(trade, { kind: seen ? 'return-seen' : 'returned', ...goods }),
    tradeRefund: ({ trade, seen, ...money }) => step(trade, { kind: seen ? 'refund-seen' : 'refunded', ...money }),
    tradeDispute: ({ trade, files, ...dispute }) =>
      attaching(files, (attachments) => step(trade, { kind: 'dispute', ...dispute, attachments })),
    tradeDisputeWithdraw: ({ trade, reason }) => step(trade, { kind: 'dispute-withdrawn', reason }),
    tradeStatement: ({ trade, files, text }) =>
      attaching(files, (attachments) => step(trade, { kind: 'statement', text, attachments })),
    tradeConsent: ({ trade, note }) => step(trade, { kind: 'consent', note }),
    tradeRule: ({ trade, ...ruling }) => step(trade, { kind: 'ruling', ...ruling }),
    tradeRate: ({ trade, ...rating }) => step(trade, { kind: 'rating', ...rating }),
    tradeReply: ({ trade, text }) => step(trade, { kind: 'reply', text }),
    tradeExport: async ({ trade, language, chat, values }) => {
      const id = trades.idOf(trade);
      const evidence = await trades.export(id, {
        language,
        ...(chat ? { chat: (await services.chat.records(parseId(id))).map(({ bytes }) => bytes) } : {}),
        ...(values ? { values: (await privateValues.opened(id)).map(disclosedValue) } : {}),
      });
      return { trade: evidence.trade, evidence: toBase64(evidence.bytes) };
    },
    tradeInvoice: async ({ trade }) => {
      const invoice = await trades.invoice(trade);
      return { trade: trades.idOf(trade), invoice };
    },
    arbiterOffer: (input) => writing(() => arbiters.offer(input)),
    arbiterList: async ({ traders, limit, after }, { signal }) => {
      const found = await arbiters.list(traders, signal);
      found.sort((a, b) => (a.trader < b.trader ? -1 : 1));
      const start = after === undefined ? 0 : found.findIndex(({ trader }) => trader > after);
      const rest = start === -1 ? [] : found.slice(start);
      return pageOf(rest, limit, (view) => view.trader);
    },
    traderRatings: ({ trader, limit }, { signal }) => ratings.about(parseTrader(trader, 'trader'), { limit, signal }),
    traderShow: ({ trader }, { signal }) => showTrader(services, trader, signal),
    ...pictureHandlers(services),
    ...privateHandlers(services),
    ...inboxHandlers(services),
    ...chatHandlers(services),
    ...deviceHandlers(services),
    ...webhookHandlers(services),
    ...tokenHandlers(services, apiUrl, context.lan ?? (() => undefined)),
    ...backupHandlers(services),
    ...doctorHandlers(services, context.version),
    logList: async () => ({ areas: services.logs.list() }),
    logSet: async ({ level, area }) => {
      services.logs.set(area, level);
      return { areas: services.logs.list() };
    },
    blockAdd: ({ trader, reason }) => blocks.add(trader, { reason }),
    blockRemove: ({ trader }) => blocks.remove(trader),
    blockList: async () => blocks.list(),
    blockShare: () => blocks.share(),
    blockSubscribe: ({ trader }, { signal }) => blocks.subscribe(trader, { signal }),
    blockUnsubscribe: ({ trader }) => blocks.unsubscribe(trader),
    evidenceList: async (page) =>
      pageOf(falseIndexes.list({ ...page, limit: page.limit + 1 }), page.limit, (view) => view.listing),
    evidenceExport: async ({ listing }) => ({ listing, evidence: toBase64(await falseIndexes.export(listing)) }),
  };
}

function statusOf({ services, apiUrl, lan, startedAt, version }: HandlerContext): StatusView {
  const phones = lan?.()?.url;
  const namespace = pidNamespace();
  const { identity, home, network, catalog, index, trades, mail, refusals, store, now } = services;
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
    ...(phones === undefined ? {} : { lan: phones }),
    peers: network.connections().length,
    known: network.directory.size + 1,
    listings: catalog.count(),
    lacking: catalog.lacking(),
    cards: index.count(),
    trades: { open, ended },
    outbox,
    mailboxes: [...mail.mailboxes()],
    letters: mail.kept(),
    refused: refusals.counts(),
    integrity: { ok: report?.ok ?? true, rows: report?.rows ?? 0, corrupt: store.counters().corrupt, lost },
    pid: process.pid,
    ...(namespace === undefined ? {} : { pidNamespace: namespace }),
    uptimeMs: now() - startedAt,
  };
}

function contentFile({ name, content }: NamedFile) {
  return { name, bytes: fromBase64(content) };
}

function disclosedValue({ commitment, salt, value, name }: Opened): NonNullable<Evidence['values']>[number] {
  return { commitment, salt, value, ...(name === undefined ? {} : { name }) };
}
