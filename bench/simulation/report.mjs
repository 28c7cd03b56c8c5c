// The figures of a run as tables, one a measure.

const number = (value) =>
  typeof value === 'number' ? value.toLocaleString('en-US', { maximumFractionDigits: 4 }) : value;
const kib = (bytes) => number(Math.round(bytes / 1024));
const share = (value) => value.toFixed(3);
const verdicts = (counts) => ['complete', 'partial', 'unknown'].map((name) => counts[name] ?? 0).join(' / ');

const ROUTING = { ours: 'as we do', dead: 'as we do, 30 % of the nodes dead', defaults: 'by its defaults' };

/** @param results by ascending size */
export function tables(results) {
  const search = (which) => ({
    title: which === 'first' ? 'A search for a title that was not searched for before' : 'The same search again',
    head: [
      'nodes',
      'searches',
      'found',
      'complete / partial / unknown',
      'missed, but “complete”',
      'p50 / p95 / p99 ms',
      'index: requests, messages, KiB, dials',
      'look-ups after it: number, messages, KiB',
    ],
    rows: results.map(({ nodes, titles }) => {
      const one = titles[which];
      return [
        number(nodes),
        one.searches,
        share(one.found),
        verdicts(one.verdicts),
        one.missedButComplete,
        `${one.p50} / ${one.p95} / ${one.p99}`,
        `${one.requests}, ${one.indexMessages}, ${kib(one.indexBytes)}, ${one.indexDials}`,
        `${one.lookups}, ${number(one.routingMessages)}, ${kib(one.routingBytes)}`,
      ];
    }),
  });
  return [
    {
      title: 'A look-up (random keys, nobody connected)',
      head: [
        'nodes',
        'kad-dht set up',
        'look-ups',
        'steps, mean',
        'most',
        'nodes asked',
        'p50 / p95 ms',
        'of the 5 nearest found',
      ],
      rows: results.flatMap(({ nodes, routing }) =>
        Object.entries(ROUTING).map(([which, name]) => {
          const one = routing[which];
          return [
            number(nodes),
            name,
            one.lookups,
            one.hops,
            one.mostHops,
            one.asked,
            `${number(one.p50)} / ${number(one.p95)}`,
            share(one.rightNodes),
          ];
        }),
      ),
    },
    {
      title: 'Publishing, a listing',
      head: [
        'nodes',
        'listings (measured)',
        'sellers',
        'keys',
        'listings/s of one seller: to quorum, to all copies',
        'look-ups: number, messages, KiB, dials',
        'index: requests, messages, KiB',
        'with quorum, whole',
        'fewest copies',
      ],
      rows: results.map(({ nodes, listings, sellers, publishing: one }) => [
        number(nodes),
        `${number(listings)} (${one.measured})`,
        sellers,
        one.keys,
        `${one.toQuorum}, ${one.toWhole}`,
        `${one.lookups}, ${number(one.routingMessages)}, ${kib(one.routingBytes)}, ${number(one.routingDials)}`,
        `${one.requests}, ${one.indexMessages}, ${kib(one.indexBytes)}`,
        `${share(one.quorum)}, ${share(one.whole)}`,
        one.fewestReplicas,
      ]),
    },
    search('first'),
    search('again'),
    {
      title: 'Relevance: labelled queries, the network beside one machine with all cards',
      head: [
        'nodes',
        'queries',
        'asked',
        'nDCG@10',
        'one machine',
        'ratio',
        'recall@50',
        'one machine',
        'ratio',
        'same ten',
      ],
      rows: results.flatMap(({ nodes, relevance }) =>
        ['first', 'again'].map((which) => {
          const one = relevance[which];
          return [
            number(nodes),
            one.queries,
            which,
            one.ndcg,
            one.control,
            share(one.ratio),
            one.recall,
            one.controlRecall,
            share(one.recallRatio),
            share(one.sameTop10),
          ];
        }),
      ),
    },
    {
      title: 'Storage a node',
      head: ['nodes', 'listings', 'cards: mean', 'p50', 'p99', 'most', 'KiB: mean', 'p99', 'most'],
      rows: results.map(({ nodes, listings, storage: { cards, bytes } }) => [
        number(nodes),
        number(listings),
        cards.mean,
        cards.p50,
        cards.p99,
        cards.most,
        kib(bytes.mean),
        kib(bytes.p99),
        kib(bytes.most),
      ]),
    },
    {
      title: 'Load: requests a node, words drawn by Zipf’s law',
      head: [
        'nodes',
        'searches',
        'requests',
        'nodes asked',
        'mean of these',
        'p99',
        'hottest node',
        'its share of all',
        'its requests a search',
      ],
      rows: results.map(({ nodes, load: one }) => [
        number(nodes),
        one.searches,
        number(one.requests),
        number(one.nodesAsked),
        one.mean,
        one.p99,
        one.hottest,
        `${(100 * one.hottestShare).toFixed(2)} %`,
        share(one.hottestPerSearch),
      ]),
    },
    {
      title: 'Churn: known items in the first answer after nodes have died at once',
      head: [
        'nodes',
        'died',
        'words',
        'found',
        'complete / partial / unknown',
        'p50 / p95 / p99 ms',
        'failed dials a search',
      ],
      rows: results.flatMap(({ nodes, churn }) =>
        churn.flatMap((one) =>
          ['first', 'again'].map((which) => [
            number(nodes),
            `${one.share * 100} %`,
            which === 'first' ? 'new' : 'asked before',
            share(one[which].found),
            verdicts(one[which].verdicts),
            `${one[which].p50} / ${one[which].p95} / ${one[which].p99}`,
            one[which].failedDials,
          ]),
        ),
      ),
    },
    {
      title: 'The simulation itself',
      head: ['nodes', 'nodes with services', 'events', 'seconds', 'MB'],
      rows: results.map(({ nodes, run }) => [
        number(nodes),
        number(run.nodesMade),
        number(run.events),
        run.seconds,
        number(run.megabytes),
      ]),
    },
  ].filter(({ rows }) => rows.length > 0);
}

/** As Markdown. @param depth of the headings */
export function toMarkdown(list, depth = 3) {
  return list
    .map(({ title, head, rows }) =>
      [
        `${'#'.repeat(depth)} ${title}`,
        '',
        `| ${head.join(' | ')} |`,
        `|${head.map(() => ' --- ').join('|')}|`,
        ...rows.map((row) => `| ${row.join(' | ')} |`),
      ].join('\n'),
    )
    .join('\n\n');
}
