// How long a step of a trade takes until the other side shows it, both online, and how many trades a second two nodes bring from
// offer to approval when many go on at once. One command: npm run bench:trades
import { NodeProcess, untilMet } from './lib/node-process.mjs';
import { percentiles } from './lib/report.mjs';
import { note, table } from './lib/results.mjs';
import { progress, runBench, temporaryFolder } from './lib/run.mjs';

/** The other side shows an accept so soon after it was acknowledged: ms, p50. */
const AIM = 20;
const STEPS = [
  { step: 'accept', by: 'seller', operation: 'tradeAccept', kind: 'accept' },
  { step: 'pay', by: 'buyer', operation: 'tradePay', kind: 'paid' },
  { step: 'confirm', by: 'seller', operation: 'tradeConfirm', kind: 'payment-seen' },
  { step: 'ship', by: 'seller', operation: 'tradeShip', kind: 'shipped' },
  { step: 'receive', by: 'buyer', operation: 'tradeReceive', kind: 'received' },
  { step: 'approve', by: 'buyer', operation: 'tradeApprove', kind: 'approved' },
];
const PATIENCE = 30_000;

await runBench({
  name: 'trades',
  about: 'Time from a step of a trade to the other side showing it, and trades a second when many go on at once.',
  options: {
    others: { value: 4, quick: 2, about: 'nodes beside the buyer and the seller' },
    trades: { value: 200, quick: 5, about: 'trades one after the other' },
    warm: { value: 10, quick: 1, about: 'trades before them that are not counted' },
    together: { value: 100, quick: 10, about: 'trades at once' },
  },
  measure,
});

async function measure(options) {
  const folder = temporaryFolder();
  const nodes = [];
  for (const name of ['seller', 'buyer', ...Array.from({ length: options.others }, (_, at) => `other-${at}`)])
    nodes.push(await new NodeProcess(name, folder, nodes[0]?.addresses ?? []).start());
  await untilMet(nodes);
  const [seller, buyer] = nodes;
  for (const node of [seller, buyer]) void node.follow();
  const listing = await seller.publish({ sku: 'kopi', title: 'Kopi Gayo', price: '85000 IDR', quantity: 100_000 });
  const market = { seller, buyer, listing };
  progress(`${nodes.length} nodes know each other`);

  for (let at = 0; at < options.warm; at++) await tradeOnce(market, true);
  const single = [];
  for (let at = 0; at < options.trades; at++) single.push(...(await tradeOnce(market, true)));
  const alone = tableOf(single, 'One trade at a time: ms a step');
  const begun = performance.now();
  const many = (await Promise.all(Array.from({ length: options.together }, () => tradeOnce(market, false)))).flat();
  const seconds = (performance.now() - begun) / 1_000;
  tableOf(many, `${options.together} trades at once, from offer to approval: ms a step`);
  const rates = {
    trades: options.together,
    seconds,
    'trades/s': options.together / seconds,
    'steps/s': many.length / seconds,
  };
  table([rates], 'Trades at once, end to end');
  const accept = alone.accept.p50;
  note(`From accept returning to the other side showing it: p50 ${accept.toFixed(1)} ms; to be at most ${AIM} ms.`);
  await Promise.all(nodes.map((node) => node.end('SIGTERM')));
  return { rates, accept };
}

/**
 * From an offer to its approval; each step once the other side was told of the one before. Gives the times of each.
 * @param {boolean} look whether the other side also looks at the trade each time, as a person does: its author is told so
 */
async function tradeOnce({ seller, buyer, listing }, look) {
  const times = [];
  const take = async (step, node, other, operation, input, kind) => {
    const begun = performance.now();
    const { trade } = await node.call(operation, input);
    const answered = performance.now();
    const told = await other.toldOf({ trade, kind, by: 'counterparty' }, PATIENCE);
    const view = look ? await other.call('tradeShow', { trade }) : undefined;
    const shown = performance.now();
    if (view?.messages.every((message) => message.kind !== kind)) throw new Error(`${kind} was told and is not shown`);
    times.push({
      step,
      answered: answered - begun,
      // The other side may have it before its author has read the answer.
      told: Math.max(0, told - answered),
      shown: look ? shown - answered : undefined,
      whole: told - begun,
    });
    return trade;
  };
  const trade = await take('offer', buyer, seller, 'offer', { listing }, 'offer');
  for (const { step, by, operation, kind } of STEPS) {
    const [node, other] = by === 'seller' ? [seller, buyer] : [buyer, seller];
    await take(step, node, other, operation, { trade }, kind);
  }
  return times;
}

function tableOf(times, title) {
  const found = {};
  const row = (step, some) => {
    const of = (name) => percentiles(some.map((time) => time[name]));
    const [answered, told, shown, whole] = ['answered', 'told', 'shown', 'whole'].map(of);
    found[step] = told;
    return {
      step,
      count: some.length,
      'answered p50': answered.p50,
      p95: answered.p95,
      'then told to the other side p50': told.p50,
      ' p95': told.p95,
      ' p99': told.p99,
      ...(some.some((time) => time.shown !== undefined)
        ? { 'its trade show answered p50': shown.p50, '  p95': shown.p95 }
        : {}),
      'from asking to told p50': whole.p50,
      '   p95': whole.p95,
    };
  };
  const steps = ['offer', ...STEPS.map(({ step }) => step)];
  const rows = steps.map((step) =>
    row(
      step,
      times.filter((time) => time.step === step),
    ),
  );
  table([...rows, row('all', times)], title);
  return found;
}
