// The figures of a run as charts.
import { lineChart } from './svg.mjs';

const KIB = 1024;
const nodes = { label: 'nodes in the network', log: true, from: 1_000, to: 1_000_000 };
const byNodes = (results, value) => results.map((result) => [result.nodes, value(result)]);

/** File name and text of each chart. @param results by ascending size */
export function charts(results, subtitle) {
  const line = (name, value) => ({ name, points: byNodes(results, value) });
  const chart = (title, y, series, x = nodes) => lineChart({ title, subtitle, x, y, series });
  return {
    'hops.svg': chart('Steps of a look-up', { label: 'steps', from: 0 }, [
      line('the longest of all', ({ routing }) => routing.ours.mostHops),
      line('mean', ({ routing }) => routing.ours.hops),
    ]),
    'neighbours.svg': chart('Of the five nodes nearest to a key a look-up finds', { label: 'share', from: 0, to: 1 }, [
      line('as we set kad-dht up', ({ routing }) => routing.ours.rightNodes),
      line('30 % of the nodes dead', ({ routing }) => routing.dead.rightNodes),
      line('by its defaults', ({ routing }) => routing.defaults.rightNodes),
    ]),
    'messages.svg': chart('Messages', { label: 'messages, both ways', log: true }, [
      line('publish: look-ups', ({ publishing }) => publishing.routingMessages),
      line('publish: cards', ({ publishing }) => publishing.indexMessages),
      line('search: look-ups after', ({ titles }) => titles.first.routingMessages),
      line('search: asking', ({ titles }) => titles.first.indexMessages),
      line('search again: asking', ({ titles }) => titles.again.indexMessages),
    ]),
    'bytes.svg': chart('KiB on the wire', { label: 'KiB, both ways', log: true }, [
      line('publish: look-ups', ({ publishing }) => publishing.routingBytes / KIB),
      line('publish: cards', ({ publishing }) => publishing.indexBytes / KIB),
      line('search: look-ups after', ({ titles }) => titles.first.routingBytes / KIB),
      line('search: asking', ({ titles }) => titles.first.indexBytes / KIB),
      line('search again: asking', ({ titles }) => titles.again.indexBytes / KIB),
    ]),
    'storage.svg': chart('Cards kept at a node, for each 1,000 listings', { label: 'cards', log: true }, [
      line('fullest node', (result) => (1_000 * result.storage.cards.most) / result.listings),
      line('99 of 100 have less', (result) => (1_000 * result.storage.cards.p99) / result.listings),
      line('mean', (result) => (1_000 * result.storage.cards.mean) / result.listings),
    ]),
    'load.svg': lineChart({
      title: 'Requests at each node for 1,000 searches, the busiest first',
      subtitle: `${subtitle}; words drawn by Zipf's law`,
      x: { label: 'node, by rank', log: true },
      y: { label: 'requests', log: true },
      series: results.map((result) => ({
        name: `${result.nodes.toLocaleString('en-US')} nodes`,
        points: curve(result.load),
      })),
    }),
    'relevance.svg': chart(
      'Relevance: the network’s share of what one machine reaches',
      { label: 'share', from: 0, to: 1.2 },
      [
        line('nDCG@10, first', ({ relevance }) => relevance.first.ratio),
        line('nDCG@10, again', ({ relevance }) => relevance.again.ratio),
        line('recall@50, first', ({ relevance }) => relevance.first.recallRatio),
        line('recall@50, again', ({ relevance }) => relevance.again.recallRatio),
      ],
    ),
    'churn.svg': lineChart({
      title: 'Known items found in the first answer after nodes have died',
      subtitle,
      x: {
        label: 'share of the nodes that died at once',
        from: 0,
        to: 0.5,
        format: (value) => `${Math.round(value * 100)} %`,
      },
      y: { label: 'found', from: 0, to: 1 },
      series: results
        .filter(({ churn }) => churn.length > 0)
        .flatMap((result) => [
          { name: `${result.nodes.toLocaleString('en-US')}: new words`, points: found(result, 'first') },
          { name: `${result.nodes.toLocaleString('en-US')}: asked before`, points: found(result, 'again') },
        ]),
    }),
  };
}

function found({ titles, churn }, which) {
  return [[0, titles[which].found], ...churn.map((one) => [one.share, one[which].found])];
}

/** Points of a rank curve: all of the first, then ever fewer. */
function curve({ curve: requests, searches }) {
  const points = [];
  for (let rank = 1; rank <= requests.length; rank = Math.max(rank + 1, Math.floor(rank * 1.15)))
    points.push([rank, (1_000 * requests[rank - 1]) / searches]);
  return points;
}
