import { createBoundedCache } from '../bounded-cache.js';
import type { Summary } from '../catalog/card.js';
import { CUT } from '../catalog/summary.js';
import { ABSENT_REACH, analyse, type Token } from './analysis.js';
import { FIELD, MAX_POSTED_TERMS, termsOf, type CardIndex, type TermEntry } from './index-terms.js';

/** How many of the last words of a cut text may have been other words: the cut one, and those that it could be joined with. */
const BLURRED = ABSENT_REACH + 2;
/** How many of the last category levels are indexed (index-terms.ts). */
const CATEGORY_LEVELS = 2;
/** Brands and category levels whose terms are remembered, at some 300 bytes each. */
const NAMES = 2_000;

/** What of a card tells whether its index can be that of its listing. */
export interface Indexed {
  readonly summary: Pick<Summary, 'title' | 'brand' | 'category'>;
  readonly index: CardIndex;
}

/**
 * True for a card whose index cannot be that of its listing, whatever the listing says beside what the card shows of it: it
 * claims a word for its title, brand or category that is not there, or leaves out a word of its title while it has others that
 * come after. An index may be short, for it is cut from its end; it may not be another thing's. False is no proof that the
 * index is true: that only the listing shows (`isIndexOf`).
 */
export function cardContradicts({ summary, index }: Indexed): boolean {
  const terms = termsOf(index);
  const title = analyse(summary.title);
  return (
    leavesTitleOut(title, isCut(summary.title), terms) ||
    (!isCut(summary.title) && claims(terms, FIELD.TITLE, [new Set(title.map(({ term }) => term))])) ||
    claimsOf(terms, FIELD.BRAND, summary.brand === undefined ? [] : [summary.brand]) ||
    // Of a long path the summary keeps the last levels only, so that a single one may have had another before it.
    (summary.category.length !== 1 && claimsOf(terms, FIELD.CATEGORY, summary.category.slice(-CATEGORY_LEVELS)))
  );
}

type Terms = ReadonlyMap<string, TermEntry>;

/** The index is filled from the title's first word on: without one of its words nothing behind that can stand there. */
function leavesTitleOut(title: readonly Token[], cut: boolean, terms: Terms): boolean {
  let present = 0;
  for (const term of certainTerms(title, cut)) {
    const entry = terms.get(term);
    if (entry === undefined) return terms.size > present;
    if ((entry.fields & FIELD.TITLE) === 0) return true;
    present++;
  }
  return false;
}

/** The different terms of a title, in order, that are the same however the listing's own title goes on. */
function certainTerms(title: readonly Token[], cut: boolean): string[] {
  const last = title.at(-1)?.position ?? 0;
  const end = cut ? last - BLURRED : last;
  const certain = title.filter(({ stop, position }) => !stop && position <= end).map(({ term }) => term);
  return [...new Set(certain)].slice(0, MAX_POSTED_TERMS);
}

/** Whether a term stands there as of a field that does not have it. */
function claims(terms: Terms, field: number, real: readonly ReadonlySet<string>[]): boolean {
  for (const [term, { fields }] of terms) if ((fields & field) !== 0 && !real.some((one) => one.has(term))) return true;
  return false;
}

/** The same for texts; what was cut off could have been any word. */
function claimsOf(terms: Terms, field: number, texts: readonly string[]): boolean {
  return !texts.some(isCut) && claims(terms, field, texts.map(termsOfName));
}

/** Catalogues have few brands and categories. */
const names = createBoundedCache<ReadonlySet<string>>(NAMES);

function termsOfName(text: string): ReadonlySet<string> {
  const known = names.get(text);
  if (known !== undefined) return known;
  const found = new Set(analyse(text).map(({ term }) => term));
  names.set(text, found);
  return found;
}

function isCut(text: string): boolean {
  return text.endsWith(CUT);
}
