import { expect } from 'vitest';
import type { NiagaNode } from '../../node/index.js';

/** A busy machine has time; what is held is what becomes of a trade, not how fast. */
export const TIMEOUT = 120_000;
const TICK = 25;

export type Detail = Awaited<ReturnType<NiagaNode['tradeShow']>>;
/** A step of a trade: who takes it, the state that its author has to see first, and the step. */
export type Step = readonly [NiagaNode, string, () => Promise<unknown>];

/** Publishes ten of one thing; gives its listing. */
export async function published(seller: NiagaNode, sku: string, price = '80000 IDR'): Promise<string> {
  const value = { sku, title: `Kopi ${sku}`, price, quantity: 10 };
  for await (const line of seller.publish({ items: [{ value }] })) return line.listing ?? '';
  throw new Error('no answer');
}

/** Resolves when a node's trade is as wished, and everybody has what it sent. */
export async function until(node: NiagaNode, trade: string, holds: (view: Detail) => boolean): Promise<Detail> {
  const end = Date.now() + TIMEOUT;
  for (;;) {
    const view = await node.tradeShow({ trade }).catch(() => undefined);
    if (view !== undefined && view.pending === 0 && holds(view)) return view;
    if (Date.now() > end) throw new Error(`waited in vain: ${JSON.stringify(view)}`);
    await new Promise((resolve) => setTimeout(resolve, TICK));
  }
}

export const shows = (node: NiagaNode, trade: string, state: string): Promise<Detail> =>
  until(node, trade, (view) => view.state === state);

/** Each step is taken once its author sees the state before it. */
export async function go(trade: string, ...steps: readonly Step[]): Promise<void> {
  for (const [node, state, step] of steps) {
    await shows(node, trade, state);
    await step();
  }
}

/** What all of these hold of a trade, the same everywhere; gives the kinds of its messages. */
export async function agreed(trade: string, nodes: readonly NiagaNode[], state: string): Promise<string[]> {
  const kinds: string[][] = [];
  const logs = new Set<string>();
  for (const node of nodes) {
    await shows(node, trade, state);
    const { regions, messages } = await node.tradeShow({ trade });
    logs.add(JSON.stringify([regions, messages.map(({ id }) => id)]));
    kinds.push(messages.map(({ kind }) => kind));
  }
  expect(logs.size, [...logs].join('\n')).toBe(1);
  return kinds[0] ?? [];
}
