// How much of what is measured at which size. A listing is published to some 200 nodes and a look-up asks some hundred, so
// larger networks get a part of the catalogue: all listings that were judged for some of the labelled queries.

const common = { measured: 1, churn: [] };

/** In the order in which two processes take them: the largest first. */
export const FULL = [
  {
    ...common,
    nodes: 10_000,
    queries: 6,
    sellers: 8,
    people: 6,
    lookups: 100,
    titles: 40,
    zipf: 150,
    churn: [0.3, 0.5],
  },
  {
    ...common,
    nodes: 1_000,
    queries: 12,
    sellers: 20,
    people: 10,
    lookups: 150,
    titles: 50,
    zipf: 300,
    churn: [0.3, 0.5],
  },
  { ...common, nodes: 1_000_000, queries: 2, sellers: 3, people: 4, lookups: 40, titles: 16, zipf: 60 },
  { ...common, nodes: 100_000, queries: 3, sellers: 4, people: 4, lookups: 60, titles: 20, zipf: 80 },
];

const small = { ...common, queries: 3, sellers: 4, people: 4, lookups: 50, titles: 15, zipf: 100, churn: [0.3, 0.5] };

/** For continuous integration: under two minutes. */
export const QUICK = [
  { ...small, nodes: 10_000 },
  { ...small, nodes: 1_000 },
];
