import { isNiagaError, NiagaError } from '../../protocol/errors.js';
import { agreementIn, allowed, RULES, SIDES, type MessageKind, type Role } from '../../protocol/trade/index.js';
import type { OpenTrade } from './book.js';

interface Command {
  /** The word after `niaga trade`. */
  readonly verb: string;
  /** What has to follow the id. */
  readonly more?: string;
}

/** The command for each kind of message; kinds that the node signs by itself have none. */
const COMMANDS: Readonly<Partial<Record<MessageKind, Command>>> = {
  accept: { verb: 'accept' },
  counter: { verb: 'counter', more: '--price PRICE' },
  decline: { verb: 'decline' },
  withdraw: { verb: 'withdraw' },
  cancel: { verb: 'cancel' },
  paid: { verb: 'pay' },
  'payment-seen': { verb: 'confirm' },
  shipped: { verb: 'ship' },
  received: { verb: 'receive' },
  approved: { verb: 'approve' },
  refunded: { verb: 'refund' },
  'refund-seen': { verb: 'refund', more: '--seen' },
  returned: { verb: 'return' },
  'return-seen': { verb: 'return', more: '--seen' },
  consent: { verb: 'consent' },
  remedy: { verb: 'remedy', more: '--refund AMOUNT --reason TEXT' },
  'remedy-accept': { verb: 'remedy-accept' },
  'remedy-decline': { verb: 'remedy-decline' },
  dispute: { verb: 'dispute', more: '--reason TEXT' },
  'dispute-withdrawn': { verb: 'dispute-withdraw' },
  statement: { verb: 'statement', more: 'TEXT' },
  ruling: { verb: 'rule', more: '--refund AMOUNT --reason TEXT' },
  rating: { verb: 'rate', more: 'STARS' },
  reply: { verb: 'reply', more: 'TEXT' },
};

/** The command of a kind, as it is typed; undefined for what nobody types. */
export function commandFor(kind: MessageKind, id: string): string | undefined {
  const command = COMMANDS[kind];
  if (command === undefined) return undefined;
  return ['niaga trade', command.verb, id, ...(command.more === undefined ? [] : [command.more])].join(' ');
}

/** The words after `niaga trade` for what a role may do now. */
export function verbsOf({ state, role }: Pick<OpenTrade, 'state' | 'role'>): string[] {
  return [...new Set(allowed(state, role).flatMap((kind) => COMMANDS[kind]?.verb ?? []))];
}

/** One thing that somebody may do now; `command` where it is this side. */
export interface NextStep {
  readonly by: Role;
  readonly step: MessageKind;
  readonly does: string;
  readonly command?: string;
}

/** What may be done next, by whom, this side first. */
export function nextSteps({ id, state, role }: OpenTrade): NextStep[] {
  const arbiter = agreementIn(state.contract)?.terms.arbiter;
  const roles: readonly Role[] = arbiter === undefined ? SIDES : [...SIDES, 'arbiter'];
  return [role, ...roles.filter((each) => each !== role)].flatMap((by) =>
    allowed(state, by).flatMap((step): NextStep[] => {
      const command = commandFor(step, id);
      if (command === undefined) return [];
      return [{ by, step, does: RULES[step].help, ...(by === role ? { command } : {}) }];
    }),
  );
}

/** Refusals of what was typed: a trade in that state, or an amount, does not fit. */
const OF_WHAT_WAS_TYPED = /^(TRADE|MONEY|CURRENCY|INPUT|STOCK|LISTING)_/;

/** Adds to the refusal of a first offer where it is said what one can be, unless it says what to type itself. */
export function withOfferNext(error: unknown): unknown {
  if (!isNiagaError(error) || error.next !== undefined || !OF_WHAT_WAS_TYPED.test(error.code)) return error;
  const { code, message, where, details } = error;
  return new NiagaError(code, message, {
    where,
    details,
    cause: error,
    next: 'See what it can say: niaga offer --help',
  });
}

/** Adds to a refusal the state, and what can be done instead where it does not say it itself. */
export function withNext(trade: OpenTrade | undefined, error: unknown): unknown {
  if (trade === undefined || !isNiagaError(error) || !OF_WHAT_WAS_TYPED.test(error.code)) return error;
  const { id, state, role } = trade;
  const commands = [...new Set(allowed(state, role).flatMap((kind) => commandFor(kind, id) ?? []))];
  const can =
    commands.length === 0
      ? `Nothing can be done to it any more; see niaga trade show ${id}`
      : `You can: ${commands.join(' | ')}`;
  return new NiagaError(error.code, error.message, {
    where: error.where,
    details: { ...error.details, state: state.word },
    cause: error,
    next: error.next ?? can,
  });
}
