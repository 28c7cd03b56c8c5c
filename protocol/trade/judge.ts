import type { CID } from 'multiformats/cid';
import { equalBytes } from '../ids.js';
import { CONTENT_GUARDS, type ContentContext, type Objection } from './guards/content.js';
import { STATE_GUARDS } from './guards/state.js';
import { hasIndex } from './index-set.js';
import { compareIds, deviceOf, entriesIn, follows, keyOf, pastOf, type Entry, type Log } from './log.js';
import { agreementIn, derive, type Regions } from './regions.js';
import { roleIn, sideOf, type Parties, type Role } from './roles.js';
import type { Refusal, Rule, Rules } from './rules.js';
import { MAX_HEADS, MAX_MESSAGES_OF, MESSAGE_KINDS, type MessageKind, type TradeMessage } from './schema.js';
import { verdictOf } from './verdict.js';
import { WORDS } from './words.js';

/** What every message of a trade shares. */
export interface TradeIdentity {
  readonly trade: CID;
  readonly network: string;
  readonly parties: Parties;
}

/** A message found valid. */
export interface Judged {
  readonly ok: true;
  readonly trade: TradeIdentity;
  readonly entry: Entry;
}

/** The kinds that a side may send in a state, as far as the state decides it. */
export function mayKinds(regions: Regions, role: Role, rules: Rules): readonly MessageKind[] {
  if (role === 'arbiter' && arbiterIn(regions) === undefined) return [];
  return MESSAGE_KINDS.filter((kind) => objectionOfState(kind, rules[kind], regions, role) === undefined);
}

/** Judges an offer that is to open a trade. */
export function judgeOffer(message: TradeMessage, rules: Rules): Judged | Refusal {
  const { payload } = message;
  const refuse = (objection: Objection): Refusal => ({ ok: false, ...objection, allowed: [] });
  const rule = rules[payload.kind];
  if (payload.kind !== 'offer') {
    if (payload.heads.length === 0) return refuse({ code: 'TRADE_STATE', message: 'A trade begins with an offer.' });
    return {
      ...refuse({ code: 'TRADE_HEADS', message: 'The trade of the message is not known here.' }),
      missing: payload.heads,
    };
  }
  if (equalBytes(payload.buyer, payload.seller)) {
    return refuse({ code: 'TRADE_OWN_LISTING', where: 'seller', message: 'Buyer and seller are the same trader.' });
  }
  const parties = { buyer: payload.buyer, seller: payload.seller };
  const role = sideOf(parties, payload.trader);
  if (role === undefined || !rule.by.includes(role)) {
    return refuse({ code: 'TRADE_ROLE', where: 'trader', message: 'An offer is made by its buyer or its seller.' });
  }
  if (payload.heads.length > 0)
    return refuse({ code: 'TRADE_HEADS', where: 'heads', message: 'An offer that opens a trade names no heads.' });
  const objection = objectionOfContent(rule, {
    payload,
    role,
    parties,
    regions: undefined,
    isInPast: () => false,
  });
  if (objection !== undefined) return refuse(objection);
  const trade = { trade: message.id, network: payload.network, parties };
  return { ok: true, trade, entry: entryOf(message, role, undefined, []) };
}

/** Judges a message by its past, and by nothing else that the log may hold. */
export function judge(
  state: TradeIdentity & Regions & { log: Log },
  message: TradeMessage,
  rules: Rules,
): Judged | Refusal {
  const { payload } = message;
  const { trade, network, parties, log } = state;
  const roleBy = (regions: Regions) => roleIn(parties, payload.trader, arbiterIn(regions));
  const refuse = (objection: Objection, regions: Regions = state): Refusal =>
    refusalOf(objection, regions, roleBy(regions), rules);

  if (payload.network !== network) {
    return refuse({ code: 'RECORD_NETWORK', where: 'network', message: `The trade is on the network "${network}".` });
  }
  if (payload.trade === undefined || keyOf(payload.trade) !== keyOf(trade)) {
    return refuse({
      code: 'TRADE_HEADS',
      where: 'trade',
      message: `The message belongs to another trade than ${keyOf(trade)}.`,
    });
  }
  const heads = headsIn(log, payload.heads);
  if (!Array.isArray(heads)) {
    const { missing, ...objection } = heads;
    // The arbiter is known only once the contract is; nobody else is waited for.
    if (missing === undefined || isKnown(log, parties, payload.trader)) {
      return { ...refuse(objection), ...(missing === undefined ? {} : { missing }) };
    }
    return refuse(NO_PARTY);
  }

  const past = pastOf(heads);
  const before = entriesIn(log, past);
  // The usual message has seen everything; its past is then the state at hand.
  const regions = before.length === log.entries.length ? state : derive(before);
  const role = roleBy(regions);
  if (role === undefined) return refuse(NO_PARTY, regions);
  const full = fullness(log.entries, role);
  if (full !== undefined) return refuse(full, regions);
  const rule = rules[payload.kind];
  const isInPast = (id: CID) => {
    const entry = log.byKey.get(keyOf(id));
    return entry !== undefined && hasIndex(past, entry.index);
  };
  const objection =
    objectionOfState(payload.kind, rule, regions, role) ??
    objectionOfContent(rule, { payload, role, parties, regions, isInPast });
  if (objection !== undefined) return refuse(objection, regions);
  return {
    ok: true,
    trade: { trade, network, parties },
    entry: entryOf(message, role, { regions, log }, heads),
  };
}

const NO_PARTY: Objection = {
  code: 'TRADE_ROLE',
  where: 'trader',
  message: 'The author is neither a side of this trade nor the arbiter of its contract.',
};

/** The arbiter that the contract names. */
export function arbiterIn({ contract }: Pick<Regions, 'contract'>): Uint8Array | undefined {
  return agreementIn(contract)?.terms.arbiter?.trader;
}

/** Whether a trader is a side, or the arbiter of any terms that were proposed. */
function isKnown({ entries }: Log, parties: Parties, trader: Uint8Array): boolean {
  if (sideOf(parties, trader) !== undefined) return true;
  return entries.some(({ verdict }) => {
    const arbiter = verdict.proposal?.terms.arbiter?.trader;
    return arbiter !== undefined && equalBytes(arbiter, trader);
  });
}

type HeadsProblem = Objection & { readonly missing?: readonly CID[] };

function headsIn(log: Log, ids: readonly CID[]): Entry[] | HeadsProblem {
  const wrong = (message: string, missing?: readonly CID[]): HeadsProblem => ({
    code: 'TRADE_HEADS',
    where: 'heads',
    message,
    ...(missing === undefined ? {} : { missing }),
  });
  if (ids.length === 0) return wrong('Only the offer that opens a trade names no heads.');
  if (ids.length > MAX_HEADS) return wrong(`A message names at most ${MAX_HEADS} heads.`);
  if (!ids.every((id, place) => place === 0 || compareIds(ids[place - 1] ?? id, id) < 0)) {
    return wrong('Heads are sorted by their bytes, and none is named twice.');
  }
  const found = ids.map((id) => log.byKey.get(keyOf(id)));
  const missing = ids.filter((_, place) => found[place] === undefined);
  if (missing.length > 0)
    return wrong(
      `The message names ${missing.length} that ${missing.length === 1 ? 'is' : 'are'} not in the log.`,
      missing,
    );
  const heads = found.filter((entry) => entry !== undefined);
  if (heads.some((head) => heads.some((other) => follows(other, head)))) {
    return wrong('A message names heads only: none that comes before another that it names.');
  }
  return heads;
}

/** By the whole log, not by the past: how much a node keeps is its own limit, and only a flood of forks reaches it. */
function fullness(entries: readonly Entry[], role: Role): Objection | undefined {
  const most = MAX_MESSAGES_OF[role];
  if (entries.filter((entry) => entry.role === role).length < most) return undefined;
  return { code: 'TRADE_FULL', message: `The ${role} sends at most ${most} messages in a trade.` };
}

function objectionOfState(kind: MessageKind, rule: Rule, regions: Regions, role: Role): Objection | undefined {
  if (!rule.by.includes(role))
    return { code: 'TRADE_ROLE', message: `Only the ${rule.by.join(' or the ')} can send "${kind}".` };
  const fits =
    rule.contract?.includes(regions.contract.status) !== false &&
    rule.payment?.includes(regions.payment.status) !== false &&
    rule.dispute?.includes(regions.dispute.status) !== false;
  if (!fits) return { code: 'TRADE_STATE', message: `"${kind}" is not possible in this state.` };
  const failed = rule.state.map((name) => STATE_GUARDS[name]).find((guard) => !guard.holds(regions, role));
  return failed === undefined ? undefined : { code: failed.code, message: failed.objection };
}

function objectionOfContent(rule: Rule, context: ContentContext): Objection | undefined {
  for (const name of rule.content) {
    const objection = CONTENT_GUARDS[name].check(context);
    if (objection !== undefined) return objection;
  }
  return undefined;
}

function refusalOf(objection: Objection, regions: Regions, role: Role | undefined, rules: Rules): Refusal {
  const may = role === undefined ? [] : mayKinds(regions, role, rules);
  const now = `The trade is ${regions.word} (${WORDS[regions.word].meaning}).`;
  const can = role === undefined ? '' : ` The ${role} can now send: ${may.length === 0 ? 'nothing' : may.join(', ')}.`;
  return { ok: false, ...objection, message: `${objection.message} ${now}${can}`, allowed: may };
}

function entryOf(
  message: TradeMessage,
  role: Role,
  past: { regions: Regions; log: Log } | undefined,
  heads: readonly Entry[],
): Entry {
  const depth = heads.reduce((most, head) => Math.max(most, head.depth + 1), 0);
  return {
    message,
    key: keyOf(message.id),
    index: past?.log.entries.length ?? 0,
    role,
    device: deviceOf(role, message.payload.device),
    past: pastOf(heads),
    depth,
    verdict: verdictOf(message, role, depth, past?.regions),
  };
}
