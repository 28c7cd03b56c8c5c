import { mergeFacets, medianFacets, type FacetCounts } from '../../protocol/search/facets.js';
import { mergeStatistics } from '../../protocol/search/merge.js';
import { termKey } from '../../protocol/search/posting-keys.js';
import type { Statistics } from '../../protocol/search/bm25f.js';
import { answersFor, saidOf, type Gathered } from './asker.js';
import type { Question } from './question.js';

/** How rare each term of a question is in the network, by what its index nodes say. */
export function statisticsOf({ query }: Question, gathered: Gathered): Statistics {
  const { asked, names } = gathered;
  const counting = names.map((_, at) =>
    gathered.superseded.has(at) ? new Set<string>() : new Set(answersFor(gathered, at).map(({ peer }) => peer)),
  );
  const answers = asked.answers.map(({ peer, keys, answer }) => {
    const counted = keys.flatMap((at, place) => (counting[at]?.has(peer) === true ? [{ at, place }] : []));
    return {
      node: peer,
      keys: counted.map(({ at }) => ({ key: names[at]?.key ?? '', shard: names[at]?.shard ?? '' })),
      cards: [],
      counts: {
        documents: answer.documents,
        df: answer.df,
        held: counted.map(({ place }) => answer.held[place] ?? 0),
      },
    };
  });
  return mergeStatistics(query, answers, termKey);
}

/** How many listings match in the network: the middle of what the copies of each list say, and all lists together. */
export function matchedIn(gathered: Gathered): number {
  return countedNames(gathered).reduce(
    (sum, at) => sum + saidOf(gathered, at, (answer, place) => answer.matched[place] ?? 0),
    0,
  );
}

/** The same for the values of facets. */
export function facetsIn(gathered: Gathered): FacetCounts {
  return mergeFacets(
    countedNames(gathered).map((at) =>
      medianFacets(answersFor(gathered, at).flatMap(({ keys, answer }) => answer.facets[keys.indexOf(at)] ?? [])),
    ),
  );
}

/** Places of the names that count: a list that was split counts by its shards. */
function countedNames({ names, superseded }: Gathered): number[] {
  return names.flatMap((_, at) => (superseded.has(at) ? [] : [at]));
}
