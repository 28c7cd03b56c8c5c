import {
  apply,
  stateOf,
  type MessageKind,
  type Side,
  type TradeMessage,
  type TradeState,
} from '../../protocol/trade/index.js';
import { walkedTerms, waysOf } from '../../protocol/trade/variants.js';
import { meaningOf } from './canonical.js';
import { messageOf } from './history.js';
import type { Office, Place } from './mail.js';

/** Parcels of which each builds on the one before it of the same author, as messages do: none can be taken before that one. */
export function chains(parcels: readonly [number, number]): Office {
  const own = (place: Place, disk: readonly string[]) => disk.filter((id) => id.startsWith(`${place}.`));
  return {
    writes: (place, disk) => {
      const count = own(place, disk).length;
      return count < parcels[place] ? [`${place}.${count}`] : [];
    },
    fits: (_place, disk, id) => id.endsWith('.0') || disk.includes(`${id.slice(0, 2)}${Number(id.slice(2)) - 1}`),
  };
}

const SIDE_AT: readonly Side[] = ['buyer', 'seller'];

/** What a side may say of a trade, each kind once. */
type Said = Readonly<Record<Side, readonly MessageKind[]>>;

/** A buyer and a seller with the real machine over the mail: the buyer's offer opens the trade. */
export class TradeOffice implements Office {
  readonly #said: Said;
  readonly #messages = new Map<string, TradeMessage>();
  readonly #names = new Map<string, string>();
  readonly #states = new Map<string, TradeState | undefined>();
  /** What the trades came to, in words. */
  readonly words = new Set<string>();

  constructor(said: Said) {
    this.#said = said;
  }

  writes(place: Place, disk: readonly string[]): readonly string[] {
    const role = SIDE_AT[place] ?? 'buyer';
    const state = this.#stateOf(disk);
    if (state === undefined) {
      const terms = walkedTerms('buyer', 'reserved');
      return role === 'buyer'
        ? [this.#named(messageOf({ role, kind: 'offer', way: '', fields: { terms } }, undefined))]
        : [];
    }
    const said = state.log.entries.filter((entry) => entry.role === role).map(({ message }) => message.payload.kind);
    return waysOf(state, role)
      .filter(({ kind }) => this.#said[role].includes(kind) && !said.includes(kind))
      .map((step) => this.#named(messageOf(step, state)));
  }

  fits(_place: Place, disk: readonly string[], id: string): boolean {
    return apply(this.#stateOf(disk), this.#message(id)).ok;
  }

  /** Both hold the same messages, each in the order in which they came to its disk: they are one state. */
  wrongWith([a, b]: readonly [readonly string[], readonly string[]]): string | undefined {
    if ([...a].sort().join() !== [...b].sort().join()) return 'the sides hold different messages';
    const [one, other] = [a, b].map((disk) => stateOf(disk.map((id) => this.#message(id))).state);
    if (one === undefined || other === undefined) return one === other ? undefined : 'one side has a trade';
    this.words.add(one.word);
    return meaningOf(one) === meaningOf(other) ? undefined : 'the same messages are different states';
  }

  #stateOf(disk: readonly string[]): TradeState | undefined {
    const name = [...disk].sort().join();
    if (!this.#states.has(name)) this.#states.set(name, stateOf(disk.map((id) => this.#message(id))).state);
    return this.#states.get(name);
  }

  #named(message: TradeMessage): string {
    const id = message.id.toString();
    const name = this.#names.get(id) ?? `m${this.#names.size}`;
    this.#names.set(id, name);
    this.#messages.set(name, message);
    return name;
  }

  #message(name: string): TradeMessage {
    const message = this.#messages.get(name);
    if (message === undefined) throw new RangeError(name);
    return message;
  }
}
