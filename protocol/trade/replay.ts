import type { CID } from 'multiformats/cid';
import { compareIds, keyOf } from './log.js';
import { RULES, type Refusal, type Rules } from './rules.js';
import type { TradeMessage } from './schema.js';
import { apply, type TradeState } from './state.js';

/** What a set of messages, in any order and with repeats, comes to. */
export interface Replay {
  /** Undefined where there is no valid offer. */
  readonly state?: TradeState;
  /** Messages that are not valid, and why. */
  readonly refused: readonly { readonly message: TradeMessage; readonly refusal: Refusal }[];
  /** Messages whose past holds one that is not there or was refused. */
  readonly waiting: readonly TradeMessage[];
}

export interface ReplayOptions {
  /** Id of the trade. Default: the offer with the smallest id. */
  readonly trade?: CID;
  readonly rules?: Rules;
}

/** The state of a set of messages of one trade. */
export function stateOf(messages: Iterable<TradeMessage>, options: ReplayOptions = {}): Replay {
  const { trade, rules = RULES } = options;
  const waiting = new Map([...messages].map((message) => [keyOf(message.id), message]));
  const opening = [...waiting.values()].filter(({ payload }) => headsOf(payload).length === 0).sort(byId);
  const offer = opening.find(({ id, payload }) =>
    trade === undefined ? payload.kind === 'offer' : keyOf(id) === keyOf(trade),
  );
  if (offer === undefined) return { refused: [], waiting: [...waiting.values()] };

  const followers = followersOf(waiting.values());
  const missing = new Map<string, number>();
  const refused: { message: TradeMessage; refusal: Refusal }[] = [];
  let state: TradeState | undefined;
  // Layer by layer, each in the order of ids, so that even a log at its limits comes out the same for everybody.
  let layer = [offer, ...opening.filter((message) => message !== offer)];
  while (layer.length > 0) {
    const next: TradeMessage[] = [];
    for (const message of layer) {
      if (state === undefined && message !== offer) break;
      waiting.delete(keyOf(message.id));
      const outcome = apply(state, message, rules);
      if (!outcome.ok) {
        refused.push({ message, refusal: outcome });
        continue;
      }
      state = outcome.state;
      for (const follower of followers.get(keyOf(message.id)) ?? []) {
        const key = keyOf(follower.id);
        const left = (missing.get(key) ?? new Set(follower.payload.heads.map(keyOf)).size) - 1;
        missing.set(key, left);
        if (left === 0) next.push(follower);
      }
    }
    layer = next.sort(byId);
  }
  return { ...(state === undefined ? {} : { state }), refused, waiting: [...waiting.values()] };
}

/** For each id, the messages that name it among their heads. */
function followersOf(messages: Iterable<TradeMessage>): ReadonlyMap<string, readonly TradeMessage[]> {
  const followers = new Map<string, TradeMessage[]>();
  for (const message of messages) {
    for (const head of new Set(headsOf(message.payload).map(keyOf))) {
      const known = followers.get(head);
      if (known === undefined) followers.set(head, [message]);
      else known.push(message);
    }
  }
  return followers;
}

/** The heads, or none where the record is no message of a trade at all. */
function headsOf(payload: { readonly heads?: readonly CID[] }): readonly CID[] {
  return payload.heads ?? [];
}

function byId(a: TradeMessage, b: TradeMessage): number {
  return compareIds(a.id, b.id);
}
