/**
 * What waits for the person whose node this is, the most urgent first: steps in trades, unread messages, what could not be delivered,
 * proofs that nobody has seen. Nothing is kept here: it is read from the services that have it.
 *
 * ```ts
 * for (const { text, command } of await inboxOf({ trades, chat, proofs, mail, identity, now: Date.now }))
 *   console.log(text, command);
 * ```
 */
import { NiagaError } from '../../protocol/errors.js';
import { parseTrader, traderToText } from '../../protocol/ids.js';
import { roleOf } from '../../protocol/trade/index.js';
import type { InboxItemView } from '../api/rows/inbox.js';
import type { Chat } from '../chat/index.js';
import type { Mail, StateChange } from '../mail/index.js';
import type { Proofs } from '../proofs/index.js';
import type { TradeLog, Trades } from '../trades/index.js';
import { commandFor } from '../trades/commands.js';
import { dueIn, type Due } from '../trades/due.js';

const hour = 60 * 60 * 1000;
/** What lies here for so long, and in no mailbox, has some trouble that a person can look at. */
const LONG = hour;
/** So many that could not be delivered are told of at once, those of late. */
const MAX_UNDELIVERED = 200;
const UNDELIVERED = 'undelivered/';
/** What a person can look at; the rest of the mail is between the nodes. */
const PERSONAL: ReadonlySet<string> = new Set(['trade', 'chat', 'private', 'proof']);

export interface InboxDeps {
  readonly trades: Pick<Trades, 'logs' | 'open'>;
  readonly chat: Pick<Chat, 'unread'>;
  readonly proofs: Pick<Proofs, 'unseen'>;
  readonly mail: Pick<Mail, 'waiting' | 'dismiss'>;
  readonly now: () => number;
}

export async function inboxOf(deps: InboxDeps): Promise<InboxItemView[]> {
  const items = [
    ...(await contradictions(deps)),
    ...(await steps(deps)),
    ...(await messages(deps)),
    ...undelivered(deps),
  ];
  // What has a deadline comes first, the next to pass before the others; then what waits longest.
  const rank = ({ deadline }: InboxItemView): number => deadline ?? Number.MAX_SAFE_INTEGER;
  return items.sort((a, b) => rank(a) - rank(b) || a.since - b.since || (a.item < b.item ? -1 : 1));
}

async function steps({ trades }: InboxDeps): Promise<InboxItemView[]> {
  const items: InboxItemView[] = [];
  for await (const log of trades.logs({ ended: false })) {
    const due = dueIn(log.state).filter(({ by }) => by === log.role);
    for (const each of due.slice(0, 1)) items.push(...stepItem(log, each));
  }
  return items;
}

/** One item a trade: what to do first. */
function stepItem(log: TradeLog, { step, until }: Due): InboxItemView[] {
  const trade = log.trade.toString();
  const command = commandFor(step, trade);
  if (command === undefined) return [];
  const { state, role, counterparty, updated } = log;
  const titles = state.agreement?.terms.lines ?? [];
  const what = titles.map(({ title, variant }) => (variant === undefined ? title : `${title} (${variant})`)).join(', ');
  return [
    {
      item: `trade/${trade}`,
      kind: 'trade',
      with: traderToText(counterparty),
      trade,
      state: state.word,
      text: `${state.word}${what === '' ? '' : `, ${what}`}: the ${role} is next`,
      since: updated,
      ...(until === undefined ? {} : { deadline: until }),
      command: step === 'accept' ? `niaga trade show ${trade}` : command,
    },
  ];
}

async function messages({ chat }: InboxDeps): Promise<InboxItemView[]> {
  return (await chat.unread()).map((thread) => ({
    item: `chat/${thread.with}`,
    kind: 'chat',
    with: thread.with,
    ...(thread.trade === undefined ? {} : { trade: thread.trade }),
    text: thread.text,
    since: thread.updated,
    count: thread.unread,
    // All that is unread of that trader, about whatever trade.
    command: `niaga chat show ${thread.with}`,
  }));
}

function undelivered({ mail, now }: InboxDeps): InboxItemView[] {
  const isStuck = ({ state, since }: StateChange): boolean =>
    state === 'refused' || (state === 'queued' && now() - since > LONG);
  return mail
    .waiting()
    .filter((sent) => PERSONAL.has(sent.kind) && isStuck(sent))
    .sort((a, b) => b.since - a.since)
    .slice(0, MAX_UNDELIVERED)
    .map(({ id, to, kind, about, state, since, reason }) => {
      const trader = traderToText(to);
      return {
        item: `${UNDELIVERED}${trader}/${id}`,
        kind: 'undelivered' as const,
        with: trader,
        ...(about === undefined ? {} : { trade: about }),
        text:
          state === 'refused'
            ? `refused: ${reason ?? 'without a reason'}`
            : 'not delivered yet: it is tried again by itself',
        since,
        command: kind === 'chat' || about === undefined ? `niaga chat show ${trader}` : `niaga trade show ${about}`,
      };
    });
}

/**
 * Takes what was refused out of the inbox: one item of it, or all. What is delivered later after all was never in it.
 * @returns how many
 * @throws NiagaError USAGE for an item that is not there, or is still tried
 */
export function clearRefused({ mail }: Pick<InboxDeps, 'mail'>, item?: string): number {
  const refused = mail.waiting().filter(({ state, kind }) => state === 'refused' && PERSONAL.has(kind));
  const chosen =
    item === undefined ? refused : refused.filter(({ to, id }) => item === `${UNDELIVERED}${traderToText(to)}/${id}`);
  if (item !== undefined && chosen.length === 0) {
    throw new NiagaError('USAGE', 'Only what was refused can be cleared, and that is none of it.', {
      where: 'item',
      next: 'Name it as this prints it: niaga inbox --json',
    });
  }
  for (const { to, id } of chosen) mail.dismiss(to, [id]);
  return chosen.length;
}

async function contradictions({ proofs, trades }: InboxDeps): Promise<InboxItemView[]> {
  const items: InboxItemView[] = [];
  for (const { trade, trader, found } of await proofs.unseen()) {
    // A log that the disk has damaged hides nothing else.
    const log = await trades.open(trade).catch(() => undefined);
    const role = log && roleOf(log.state, parseTrader(trader));
    items.push({
      item: `equivocation/${trade}`,
      kind: 'equivocation',
      with: trader,
      trade,
      ...(log === undefined ? {} : { state: log.state.word }),
      text: `the ${role ?? 'author'} signed two messages that contradict each other`,
      since: found,
      command: `niaga trade show ${trade}`,
    });
  }
  return items;
}
