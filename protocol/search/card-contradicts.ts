import type { Summary } from '../catalog/card.js';
import { ABSENT_REACH, analyse } from './analysis.js';
import { FIELD, MAX_POSTED_TERMS, termsOf, type CardIndex, type TermEntry } from './index-terms.js';

/** What a summary ends a text with that did not fit into it (protocol/catalog/summary.ts). */
const CUT = '…';
/** How many of the last words of a cut text may have been other words: the cut one, and those that it could be joined with. */
const BLURRED = ABSENT_REACH + 2;
/** How many of the last category levels are indexed (index-terms.ts). */
const CATEGORY_LEVELS = 2;

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
  return (
    leavesTitleOut(summary.title, terms) ||
    claims(terms, FIELD.TITLE, [summary.title]) ||
    claims(terms, FIELD.BRAND, summary.brand === undefined ? [] : [summary.brand]) ||
    claimsCategory(summary.category, terms)
  );
}

/** The index is filled from the title's first word on: without one of its words nothing behind that can stand there. */
function leavesTitleOut(title: string, terms: ReadonlyMap<string, TermEntry>): boolean {
  let present = 0;
  for (const term of certainTerms(title).slice(0, MAX_POSTED_TERMS)) {
    const entry = terms.get(term);
    if (entry === undefined) return terms.size > present;
    if ((entry.fields & FIELD.TITLE) === 0) return true;
    present++;
  }
  return false;
}

/** Whether a term stands there as of a field that does not have it. What was cut off could have been any word. */
function claims(terms: ReadonlyMap<string, TermEntry>, field: number, texts: readonly string[]): boolean {
  if (texts.some((text) => text.endsWith(CUT))) return false;
  const real = new Set(texts.flatMap((text) => analyse(text).map(({ term }) => term)));
  for (const [term, { fields }] of terms) if ((fields & field) !== 0 && !real.has(term)) return true;
  return false;
}

/** Of a long path the summary keeps the last levels only, so that a single one may have had another before it. */
function claimsCategory(category: readonly string[], terms: ReadonlyMap<string, TermEntry>): boolean {
  return category.length !== 1 && claims(terms, FIELD.CATEGORY, category.slice(-CATEGORY_LEVELS));
}

/** The different terms of a title, in order, that are the same however the listing's own title goes on. */
function certainTerms(title: string): string[] {
  const tokens = analyse(title);
  const last = tokens.at(-1)?.position ?? 0;
  const end = title.endsWith(CUT) ? last - BLURRED : last;
  return [...new Set(tokens.filter(({ stop, position }) => !stop && position <= end).map(({ term }) => term))];
}
