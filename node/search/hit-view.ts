import { deviceToPeerId, traderToText } from '../../protocol/ids.js';
import { moneyToJson } from '../../protocol/money.js';
import type { Statistics } from '../../protocol/search/bm25f.js';
import { FIELD } from '../../protocol/search/index-terms.js';
import { explain } from '../../protocol/search/merge.js';
import type { FacetCounts } from '../../protocol/search/facets.js';
import { bandsForPeople } from '../../protocol/search/price-bands.js';
import type { FacetsView, HitExplanation, HitView } from '../api/views.js';
import type { Harvest } from './harvest.js';
import type { Question } from './question.js';
import type { Ranked, SortKey } from './ranking.js';
import { listingVersion, standsUntil } from './version.js';

/** Scores are integers of a thousandth inside the protocol. */
const SCORE_SCALE = 1_000;
const FIELD_NAMES = [
  [FIELD.TITLE, 'title'],
  [FIELD.BRAND, 'brand'],
  [FIELD.CATEGORY, 'category'],
  [FIELD.ATTRIBUTE, 'attribute'],
  [FIELD.DESCRIPTION, 'description'],
] as const;

export interface HitContext {
  readonly question: Question;
  readonly statistics: Statistics;
  readonly explain: boolean;
  readonly leases: Pick<Harvest['leases'], 'lastSeen' | 'extendedUntil'>;
}

export function hitView(hit: Ranked, context: HitContext): HitView {
  const { id, score, version } = hit;
  const { summary, card } = version;
  const { trader, device, created } = card.record.payload;
  const signed = version.delta?.record.payload.created ?? created;
  return {
    listing: id,
    version: listingVersion(version).toString(),
    title: summary.title,
    kind: summary.kind,
    category: summary.category,
    ...(summary.brand === undefined ? {} : { brand: summary.brand }),
    price: summary.price === null ? null : moneyToJson(summary.price),
    ...(summary.unitText === undefined ? {} : { unitText: summary.unitText }),
    availability: summary.availability,
    ...(summary.itemCondition === undefined ? {} : { condition: summary.itemCondition }),
    ...(summary.place === undefined ? {} : { place: summary.place }),
    ...(summary.shipsTo === undefined ? {} : { shipsTo: summary.shipsTo }),
    seller: traderToText(trader),
    peerId: deviceToPeerId(device),
    published: created,
    validUntil: Math.max(standsUntil(version), context.leases.extendedUntil(version)),
    lastSeen: Math.max(signed, context.leases.lastSeen(version.trader) ?? 0),
    score: score / SCORE_SCALE,
    ...(context.explain ? { why: explanationOf(hit, context) } : {}),
  };
}

function explanationOf(
  { version, sortKey, feedback, capped, late = false }: Ranked,
  { question, statistics }: HitContext,
): HitExplanation {
  return {
    sort: sortKeyView(sortKey),
    terms: explain(question.query, version.index, statistics).map(({ term, idf, fields, contribution }) => ({
      term,
      // Four digits tell more than anybody compares.
      idf: Math.round(idf * 10_000) / 10_000,
      fields: FIELD_NAMES.flatMap(([bit, name]) => ((fields & bit) === 0 ? [] : [name])),
      contribution: contribution / SCORE_SCALE,
    })),
    categoryFeedback: (feedback?.category ?? 0) / SCORE_SCALE,
    titleFeedback: (feedback?.title ?? 0) / SCORE_SCALE,
    capped,
    late,
  };
}

function sortKeyView(key: SortKey): HitExplanation['sort'] {
  if (key.by !== 'price') return key;
  return { by: key.by, price: key.price === null ? null : moneyToJson(key.price), currencies: [...key.currencies] };
}

export function facetsView(counts: FacetCounts): FacetsView {
  const values = (pairs: FacetCounts['category']) => pairs.map(([value, count]) => ({ value, count }));
  const bands = bandsForPeople(counts.price.map(([currency, from, count]) => ({ currency, from, count })));
  return {
    category: values(counts.category),
    brand: values(counts.brand),
    place: values(counts.place),
    price: bands.map(({ currency, from, to, count }) => ({
      from: moneyToJson({ amount: from, currency }),
      ...(to === undefined ? {} : { to: moneyToJson({ amount: to, currency }) }),
      count,
    })),
  };
}
