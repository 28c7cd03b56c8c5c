import { metricsText, type Metric } from './api/metrics.js';
import type { Services } from './services.js';

/** What a node tells of itself in figures, as text of Prometheus. Counts only: no names, no ids, no words. */
export function nodeMetrics(services: Services, startedAt: number): string {
  const { network, catalog, index, trades, mail, refusals, store, events, now } = services;
  const { open, ended, outbox } = trades.counts();
  const { corrupt, writes, batches } = store.counters();
  const one = (name: string, type: Metric['type'], help: string, value: number): Metric => ({
    name: `niaga_${name}`,
    help,
    type,
    values: [{ value }],
  });
  const { user, system } = process.cpuUsage();
  return metricsText([
    one('uptime_seconds', 'gauge', 'Seconds since the start', (now() - startedAt) / 1_000),
    one('peers', 'gauge', 'Connections to other nodes', network.connections().length),
    one('listings', 'gauge', 'Own listings', catalog.count()),
    one('listings_lacking', 'gauge', 'Own listings that too few index nodes keep', catalog.lacking()),
    one('cards', 'gauge', 'Cards kept for others', index.count()),
    {
      name: 'niaga_trades',
      help: 'Trades',
      type: 'gauge',
      values: [
        { labels: { state: 'open' }, value: open },
        { labels: { state: 'ended' }, value: ended },
      ],
    },
    one('outbox', 'gauge', 'Messages that are on their way', outbox),
    one('letters', 'gauge', 'Letters kept for others', mail.kept().letters),
    one('events_newest', 'gauge', 'The number of the newest event', events.newest),
    {
      name: 'niaga_refused_total',
      help: 'What came from others and was refused, by the reason',
      type: 'counter',
      values: Object.entries(refusals.counts()).map(([reason, value]) => ({ labels: { reason }, value })),
    },
    one('store_corrupt_total', 'counter', 'Rows found not to be what was written', corrupt),
    one('store_writes_total', 'counter', 'Writes that the disk has acknowledged', writes),
    one('store_batches_total', 'counter', 'Batches that they were joined into', batches),
    ...Object.entries(network.metrics()).map(([name, value]) =>
      one(`network_${name}`, 'untyped', `The network's own figure ${name}`, value),
    ),
    {
      name: 'process_resident_memory_bytes',
      help: 'Memory of the process',
      type: 'gauge',
      values: [{ value: process.memoryUsage.rss() }],
    },
    {
      name: 'process_cpu_seconds_total',
      help: 'Time of the processor',
      type: 'counter',
      values: [{ value: (user + system) / 1e6 }],
    },
  ]);
}
