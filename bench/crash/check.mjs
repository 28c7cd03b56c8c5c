// What must hold of the trades of a crash run, as both sides show them.
import { setTimeout as sleep } from 'node:timers/promises';
import { sameLog } from './deal.mjs';

const POLL = 200;

/** Both views of a trade, the buyer's first; what is not known on a side is undefined. */
export async function viewsOf({ trade, sides }) {
  const views = sides.map((node) =>
    node.ask('tradeShow', { trade }).catch((error) => {
      if (error.code === 'TRADE_NOT_FOUND') return undefined;
      throw error;
    }),
  );
  return Promise.all(views);
}

const areEqual = ([ours, theirs]) => ours !== undefined && theirs !== undefined && sameLog(ours, theirs);
const areSettled = (views) => areEqual(views) && views.every(({ pending }) => pending === 0);

/**
 * Waits until both sides of each trade show the same, with nothing on its way.
 * @param {readonly object[]} deals nobody acts on them meanwhile
 * @param {number} since when all of the sides were up and nobody acted any more, by performance.now()
 * @param {number} limit milliseconds
 * @returns how long that took from then on, and the trades that were not equal in time
 */
export async function untilEqual(deals, since, limit) {
  let open = deals.filter(({ trade }) => trade !== undefined);
  let [equal, settled] = [since, since];
  for (let unequal = true; ;) {
    const views = await Promise.all(open.map((deal) => viewsOf(deal)));
    // A time counts until it was seen to be over.
    const now = performance.now();
    if (unequal) equal = now;
    unequal = views.some((pair) => !areEqual(pair));
    settled = now;
    open = open.filter((_, at) => !areSettled(views[at]));
    if (open.length === 0 || now - since > limit) break;
    await sleep(POLL);
  }
  const left = await Promise.all(open.map(async (deal) => ({ deal, views: await viewsOf(deal) })));
  return {
    equal: equal - since,
    settled: settled - since,
    differing: left.filter(({ views }) => !areEqual(views)).map(({ deal }) => deal),
    unreceipted: left.filter(({ views }) => areEqual(views)).map(({ deal }) => deal),
  };
}

/** Waits until nothing waits for a receipt any more, lines beside the trades too, at most so many milliseconds. */
export async function untilDelivered(nodes, limit) {
  for (const end = performance.now() + limit; performance.now() < end; await sleep(POLL)) {
    const waiting = await Promise.all(nodes.map((node) => node.ask('status')));
    if (waiting.every(({ outbox }) => outbox === 0)) return;
  }
}

/**
 * What is wrong with one trade: a step that was acknowledged and is not in both logs once, one that nobody took, another end than
 * its way leads to.
 */
export async function examineDeal(deal, views) {
  const { plan, done, said, ended } = deal;
  const problems = [];
  const expected = countBy(done);
  for (const [at, view] of views.entries()) {
    const side = `${at === 0 ? 'buyer' : 'seller'} (${deal.sides[at].name})`;
    if (view === undefined) {
      problems.push(`LOST: the ${side} does not know the trade`);
      continue;
    }
    const found = countBy(view.messages.map(({ role, kind }) => ({ by: role, kind })));
    for (const step of new Set([...expected.keys(), ...found.keys()])) {
      const [wanted, has] = [expected.get(step) ?? 0, found.get(step) ?? 0];
      if (has < wanted)
        problems.push(`LOST: "${step}" was acknowledged ${wanted} times, the ${side} has it ${has} times`);
      if (has > wanted) problems.push(`TWICE: "${step}" was done ${wanted} times, the ${side} has it ${has} times`);
    }
    if (new Set(view.messages.map(({ id }) => id)).size !== view.messages.length)
      problems.push(`TWICE: the ${side} shows a message twice`);
    if (view.equivocations > 0) problems.push(`the ${side} says that somebody contradicted themselves`);
    if (ended && plan.ends !== undefined && view.state !== plan.ends)
      problems.push(`the ${side} says "${view.state}" at the end of a trade that is to be ${plan.ends}`);
    problems.push(...(await examineBeside(deal, at, view, side, said)));
  }
  if (views.every((view) => view !== undefined) && !sameLog(...views))
    problems.push(`DIFFERS: ${views.map(({ state }) => state).join(' and ')}`);
  return problems;
}

/** The lines beside the log, and what it keeps private. */
async function examineBeside(deal, at, view, side, said) {
  const problems = [];
  const node = deal.sides[at];
  const { items } = await node.ask('chatShow', { with: deal.trade });
  for (const { text } of said) {
    const has = items.filter((message) => message.text === text).length;
    if (has !== 1) problems.push(`${has === 0 ? 'LOST' : 'TWICE'}: the ${side} has the line "${text}" ${has} times`);
  }
  const [address] = view.private.filter(({ what }) => what === 'address');
  // The seller is given it once there is a contract.
  const due = at === 0 || view.messages.some(({ kind }) => kind === 'shipped');
  if (due && address?.value !== deal.address)
    problems.push(`LOST: the ${side} has not the address (${address?.status ?? 'no commitment'})`);
  return problems;
}

/** Each message of a log was told as an event, once, by the side that has it. Crashes between are no excuse. */
export function examineEvents(node, deals, viewsBy) {
  const problems = node.told.filter(({ type }) => type === 'gap').map(() => `${node.name}: events were lost`);
  const told = new Map();
  for (const { type, trade, kind, by } of node.told) {
    if (type !== 'trade-changed') continue;
    const name = `${trade}/${by}/${kind}`;
    told.set(name, (told.get(name) ?? 0) + 1);
  }
  for (const deal of deals) {
    const [role, at] = deal.buyer === node ? ['buyer', 0] : ['seller', 1];
    const messages = viewsBy.get(deal)?.[at]?.messages ?? [];
    for (const [step, count] of countBy(messages.map((one) => ({ by: one.role, kind: one.kind })))) {
      const [by, kind] = step.split(' ');
      const has = told.get(`${deal.trade}/${by === role ? 'own' : 'counterparty'}/${kind}`) ?? 0;
      if (has !== count)
        problems.push(`${node.name}: trade ${deal.number}: "${step}" was told ${has} times, not ${count}`);
    }
  }
  return problems;
}

/** Pieces of each listing that are not sold, as the ends of its trades say, against what its seller says. */
export async function examineStock(shelf, deals) {
  const { node, listing, quantity } = shelf;
  let left = quantity;
  for (const deal of deals) if (deal.listing === listing && deal.plan.sells === true) left -= deal.quantity;
  const { available } = await node.ask('listingShow', { listing });
  return available === left ? [] : [`${node.name}: ${available} pieces are left of ${listing}, not ${left}`];
}

function countBy(steps) {
  const counts = new Map();
  for (const { by, kind } of steps) counts.set(`${by} ${kind}`, (counts.get(`${by} ${kind}`) ?? 0) + 1);
  return counts;
}

/** All that is known of a trade, for whoever looks for the reason. */
export async function reportOf(deal) {
  const views = deal.trade === undefined ? [] : await viewsOf(deal);
  const logs = views.map((view, at) => {
    const lines = (view?.messages ?? []).map(
      ({ time, role, kind, delivery, id }) =>
        `    ${new Date(time).toISOString().slice(11, 23)} ${role} ${kind} (${delivery}) ${id}`,
    );
    return `  ${deal.sides[at].name}: ${view?.state ?? 'unknown'}, ${view?.pending ?? 0} on their way\n${lines.join('\n')}`;
  });
  const done = deal.done.map(
    ({ by, kind, answer, at }) =>
      `    ${new Date(at).toISOString().slice(11, 23)} ${by} ${kind}${answer.seen === true ? ' (seen, no answer)' : ''}`,
  );
  return `trade ${deal.number} (${deal.plan.name}) ${deal.trade ?? ''}\n  done:\n${done.join('\n')}\n${logs.join('\n')}`;
}
