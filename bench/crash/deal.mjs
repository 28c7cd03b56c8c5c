// One trade, driven over the APIs of its two sides as their owners would: whoever got no answer looks first whether it was done.
import { setTimeout as sleep } from 'node:timers/promises';
import { isGone } from '../lib/node-process.mjs';
import { ENDS, isCrossing, WINDING_UP } from './plans.mjs';

const LOOK_AGAIN = 2_000;
const PAUSE = 250;
/** What one side did is seen by the other when both are up for a while, which may be long where one is killed all the time. */
const PATIENCE = 300_000;
/** Refusals that pass: a node that just came back knows nobody yet, and its own limits end. */
const PASSING = new Set(['LISTING_NOT_FOUND', 'PEER_UNREACHABLE', 'TIMED_OUT', 'RATE_LIMITED']);
/** How the loser of a crossing is told: the other step was here first. */
const TOO_LATE = new Set(['TRADE_STATE', 'TRADE_TURN']);

export class Deal {
  number;
  plan;
  quantity;
  buyer;
  seller;
  listing;
  trade;
  /** What was acknowledged, or seen to be done after no answer came: side, kind, what was answered, when. */
  done = [];
  /** What was written beside the log: side, text. */
  said = [];
  ended = false;
  #gate;

  constructor({ number, plan, quantity, buyer, seller, listing, gate }) {
    Object.assign(this, { number, plan, quantity, buyer, seller, listing });
    this.#gate = gate;
  }

  get sides() {
    return [this.buyer, this.seller];
  }

  /** Where the buyer lives in this trade: sealed to the seller, and one of a kind. */
  get address() {
    return `Jalan Melati ${this.number}`;
  }

  async run() {
    await this.#offer();
    await this.#say(this.buyer);
    for (const moment of this.plan.moments) {
      const crossing = isCrossing(moment);
      await Promise.all(moment.map((step) => this.#step(step, crossing)));
      if (crossing) return this.#settle();
    }
    await this.#until(this.seller, (view) => hasAll(view, this.done), 'seller', 'last word');
    await this.#say(this.seller);
    this.ended = true;
  }

  async #offer() {
    const { listing, quantity, address, buyer } = this;
    const note = `Nomor ${this.number}`;
    const taken = async () => {
      const { items } = await buyer.ask('tradeList', { limit: 50 });
      for (const { trade, role } of items) {
        if (role !== 'buyer') continue;
        const { messages } = await buyer.ask('tradeShow', { trade });
        if (messages[0]?.text?.endsWith(`: ${note}`)) return { trade };
      }
      return undefined;
    };
    const { answer } = await this.#act(buyer, 'offer', { listing, quantity, note, address }, taken);
    this.trade = answer.trade;
    this.done.push({ by: 'buyer', kind: 'offer', answer, at: Date.now() });
  }

  /** Takes a step once its side has seen all that was done before. */
  async #step({ by, kind, operation, input }, crossing) {
    const node = this[by];
    const { trade } = this;
    const before = this.done.slice();
    const own = countIn(before, { by, kind });
    await this.#until(node, (view) => hasAll(view, before), by, kind);
    const taken = async () => {
      const view = await node.ask('tradeShow', { trade });
      return countIn(view, { by, kind }) > own ? { trade, state: view.state, seen: true } : undefined;
    };
    const { answer, refused } = await this.#act(node, operation, { trade, ...input }, taken, crossing);
    if (refused === undefined) this.done.push({ by, kind, answer, at: Date.now() });
  }

  /** After steps that crossed, the trade goes on to where nothing stands open: what was paid goes back. */
  async #settle() {
    const { trade } = this;
    for (const end = Date.now() + PATIENCE; Date.now() < end;) {
      const [ours, theirs] = await Promise.all(this.sides.map((node) => node.ask('tradeShow', { trade })));
      const agree = sameLog(ours, theirs);
      if (agree && ENDS.has(ours.state)) {
        this.ended = true;
        return;
      }
      const step = agree ? WINDING_UP[ours.state]?.find((one) => countIn(ours, one) === 0) : undefined;
      if (step === undefined) await this.seller.change(trade, LOOK_AGAIN);
      else await this.#step(step, true);
    }
    throw new Error('steps that crossed do not come to their end');
  }

  /** A line beside the log: sent once, and where no answer came, again only if it is not there. */
  async #say(node) {
    const { trade } = this;
    const text = `${node.name} ${this.number}`;
    const taken = async () => {
      const { items } = await node.ask('chatShow', { with: trade });
      return items.find((message) => message.own && message.text === text);
    };
    await this.#act(node, 'chatSend', { with: trade, text }, taken);
    this.said.push({ node, text });
  }

  /**
   * Asks until it is done: gives the answer, or why it was refused.
   * @param taken looks, after a call without an answer, whether it was done
   */
  async #act(node, operation, input, taken, mayRefuse = false) {
    const end = Date.now() + PATIENCE;
    for (;;) {
      try {
        return { answer: await this.#gate.through(() => node.call(operation, input)) };
      } catch (error) {
        if (mayRefuse && TOO_LATE.has(error.code)) return { refused: error };
        if (Date.now() > end || !(isGone(error) || PASSING.has(error.code)))
          throw new Error(`${operation} was refused: ${error.code ?? ''} ${error.message}`, { cause: error });
        if (isGone(error)) {
          const answer = await taken();
          if (answer !== undefined) return { answer };
        }
      }
      await sleep(PAUSE);
    }
  }

  async #until(node, holds, by, kind) {
    for (const end = Date.now() + PATIENCE; Date.now() < end;) {
      try {
        if (holds(await node.ask('tradeShow', { trade: this.trade }))) return;
      } catch (error) {
        if (error.code !== 'TRADE_NOT_FOUND') throw error;
      }
      await node.change(this.trade, LOOK_AGAIN);
    }
    throw new Error(`the ${by} waits in vain for what comes before its "${kind}"`);
  }
}

/** How many messages of that side and kind there are, in a view of a trade or a list of what was done. */
function countIn(list, { by, kind }) {
  const messages = Array.isArray(list) ? list : list.messages;
  return messages.filter((one) => (one.by ?? one.role) === by && one.kind === kind).length;
}

/** Whether a view has all of these steps. */
const hasAll = (view, steps) => steps.every((step) => countIn(view, step) >= countIn(steps, step));

/** Whether two views of a trade are of the same messages and the same state. */
export function sameLog(one, other) {
  const said = ({ state, regions, equivocations, messages }) =>
    JSON.stringify([state, regions, equivocations, messages.map(({ id, kind, role }) => [id, kind, role])]);
  return said(one) === said(other);
}
