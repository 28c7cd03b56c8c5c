import type { CID } from 'multiformats/cid';
import { DEADLINE_GRACE, deadlinesOf } from './deadlines.js';
import { entriesIn, keyOf, pastOf } from './log.js';
import { derive } from './regions.js';
import type { Refusal } from './rules.js';
import type { TradeMessage } from './schema.js';
import type { TradeState } from './state.js';

export interface AdmissionOptions {
  /**
   * When this node first had a message, by its own clock, ms; undefined where it does not know, or wrote it itself. With it a
   * deadline runs here from when its beginning was heard of: whoever dates its message back, or sends it late, gains nothing.
   */
  readonly heard?: (message: CID) => number | undefined;
}

/**
 * Whether a node may take a message now, by its own clock. Asked once, when a message comes in from outside; what was
 * admitted stays, and the state machine itself knows no clock. Only a timeout has to wait: until `now` is more than
 * {@link DEADLINE_GRACE} past the deadline. An accept is taken as it is: its claim is weighed by its own `created`.
 * @param state the log that the message's heads are in; undefined for an offer that opens a trade
 * @param now the receiver's clock, ms
 * @returns undefined, or a refusal with `retryAt`
 */
export function admits(
  state: TradeState | undefined,
  message: TradeMessage,
  now: number,
  { heard = () => undefined }: AdmissionOptions = {},
): Refusal | undefined {
  const { payload } = message;
  if (payload.kind !== 'timeout' || state === undefined) return undefined;
  const heads = payload.heads.map((id) => state.log.byKey.get(keyOf(id))).filter((entry) => entry !== undefined);
  // With heads missing it is not admitted either way: apply says which.
  if (heads.length === 0 || heads.length < payload.heads.length) return undefined;
  const deadline = deadlinesOf(derive(entriesIn(state.log, pastOf(heads)))).find(
    ({ deadline }) => deadline === payload.deadline,
  );
  if (deadline === undefined) return undefined;
  const { at, from, lasts = 0 } = deadline;
  const heardAt = from === undefined ? undefined : heard(from);
  const passes = Math.max(at, (heardAt ?? 0) + lasts) + DEADLINE_GRACE;
  if (now > passes) return undefined;
  return {
    ok: false,
    code: 'TRADE_STATE',
    where: 'deadline',
    message: `The deadline is ${new Date(passes - DEADLINE_GRACE).toISOString()} here; a timeout counts from 10 minutes after it by the clock of who receives it.`,
    allowed: [],
    retryAt: passes + 1,
  };
}
