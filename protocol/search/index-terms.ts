import { NiagaError } from '../errors.js';
import { analyse, MAX_TERM_BYTES } from './analysis.js';
import { COMMON_STEMS } from './common-stems.js';
import { compareUtf8, utf8Length } from './utf8.js';

/** Bits of a field mask: where in the listing a term stands. */
export const FIELD = { TITLE: 1, BRAND: 2, CATEGORY: 4, ATTRIBUTE: 8, DESCRIPTION: 16 } as const;
const ALL_FIELDS = 31;

/** Counts above this are this: a word repeated a hundred times is not more relevant, and three bits less of lie. */
export const MAX_COUNT = 15;
/** Terms of one card, of all fields. */
export const MAX_TERMS = 200;
/** Terms that are keys. Real listings have 18, at most 41; more is stuffing, and each costs ten copies in the network. */
export const MAX_POSTED_TERMS = 100;
/** Terms that only the description has (DESIGN section 5): for ranking, no keys. */
export const DESCRIPTION_TERMS = 40;
/**
 * How much of a description is read, in UTF-16 units: four times what sellers write, so that no text costs index nodes
 * more than a millisecond.
 */
const MAX_DESCRIPTION = 4_000;
/** Longer values of attributes are descriptions, in UTF-16 units. */
const MAX_ATTRIBUTE = 80;
/** What {@link indexOf} takes at most where no bound is given. A card gives its own: what its summary, header and signature leave. */
export const MAX_INDEX_BYTES = 640;
/**
 * The general levels of a category ("Home & Kitchen") fit so many listings that asking for them says nothing, and cost
 * 15 % of all postings.
 */
const CATEGORY_LEVELS = 2;

/** `[field mask, count, terms with one space between]`, in order of mask, count; terms in bytewise order. */
type IndexGroup = [fields: number, count: number, terms: string];
export type CardIndex = IndexGroup[];

/** The fields of a listing that its index is made of. */
export interface IndexedItem {
  readonly title: string;
  readonly description?: string | undefined;
  /** From the most general level to the most special. */
  readonly category?: readonly string[] | undefined;
  readonly brand?: string | undefined;
  /** Attributes by name; only short values of text that are no numbers are indexed. */
  readonly additionalProperty?: Readonly<Record<string, unknown>> | undefined;
  /** Tags. */
  readonly keywords?: readonly string[] | undefined;
}

export interface IndexOptions {
  /** Encoded length that the index may not exceed. Default: `MAX_INDEX_BYTES`. */
  readonly maxBytes?: number;
}

export interface TermEntry {
  /** OR of FIELD bits. */
  readonly fields: number;
  /** How often in all fields together, 1 to 15. */
  readonly count: number;
}

/**
 * The index of a listing, the same bytes wherever it is made. What does not fit into `maxBytes` is left out from the
 * end of this order: title, brand, category, attributes and tags (each in order of appearance, attributes by name),
 * then the telling stems of the description, then its common ones.
 */
export function indexOf(item: IndexedItem, { maxBytes = MAX_INDEX_BYTES }: IndexOptions = {}): CardIndex {
  return new ItemTerms(item).index(maxBytes);
}

/** The terms of a listing in the order in which an index is filled with them, for whoever decides how much of them there is room for. */
export class ItemTerms {
  readonly #inOrder: readonly [string, TermEntry][];
  /** Those that are keys, in that order. */
  readonly posted: readonly string[];
  /** Encoded length of the index that has just these. */
  readonly postedBytes: number;

  constructor(item: IndexedItem) {
    this.#inOrder = inOrderOfWorth(collect(item));
    const posted = this.#inOrder.filter(([, { fields }]) => isPosted(fields));
    this.posted = posted.map(([term]) => term);
    this.postedBytes = filled(posted, Number.POSITIVE_INFINITY).bytes;
  }

  index(maxBytes: number): CardIndex {
    return filled(this.#inOrder, maxBytes).index();
  }
}

function filled(terms: readonly [string, TermEntry][], maxBytes: number): IndexBuilder {
  const builder = new IndexBuilder(maxBytes);
  for (const [term, entry] of terms) if (!builder.add(term, entry)) break;
  return builder;
}

/**
 * True if `index` is what `indexOf` makes of `item` for some bound. The bound need not be known: what is left out is
 * always the end of one order, so the bound can be taken to be the length of what is there. A seller can shorten an
 * index, to nobody's loss but the seller's; adding, moving or counting up a term shows.
 */
export function isIndexOf(index: CardIndex, item: IndexedItem): boolean {
  const again = indexOf(item, { maxBytes: indexBytes(index) });
  return (
    again.length === index.length &&
    again.every((group, at) => {
      const other = index[at];
      return other !== undefined && group[0] === other[0] && group[1] === other[1] && group[2] === other[2];
    })
  );
}

/** The terms of an index with their fields and counts. */
export function termsOf(index: CardIndex): Map<string, TermEntry> {
  const found = new Map<string, TermEntry>();
  for (const [fields, count, text] of index) for (const term of text.split(' ')) found.set(term, { fields, count });
  return found;
}

/** Whether one of these terms, with one space between, is this one: what {@link termsOf} would say, without taking all of them apart. */
export function isAmong(text: string, term: string): boolean {
  for (let at = text.indexOf(term); at >= 0; at = text.indexOf(term, at + 1)) {
    const end = at + term.length;
    if ((at === 0 || text[at - 1] === ' ') && (end === text.length || text[end] === ' ')) return true;
  }
  return false;
}

/** The terms under whose keys a card is stored: all that more than the description has. In the order of the index. */
export function postedTerms(index: CardIndex): string[] {
  return index.flatMap(([fields, , text]) => (isPosted(fields) ? text.split(' ') : []));
}

export function isPosted(fields: number): boolean {
  return (fields & ~FIELD.DESCRIPTION) !== 0;
}

/**
 * The index that a stranger sent, if it has the form that `indexOf` gives: tuples in order, no term twice, bounds kept.
 * Whether it is the index of its listing only `isIndexOf` can tell.
 * @throws NiagaError RECORD_SCHEMA
 */
export function parseIndex(value: unknown): CardIndex {
  return readIndex(value).groups;
}

/** What an index says, taken apart once for those who need all of it. */
export interface ParsedIndex {
  readonly groups: CardIndex;
  /** The terms of each group. */
  readonly terms: readonly (readonly string[])[];
  /** By term its field mask. */
  readonly fields: ReadonlyMap<string, number>;
}

/** As {@link parseIndex}. @throws NiagaError RECORD_SCHEMA */
export function readIndex(value: unknown): ParsedIndex {
  if (!Array.isArray(value) || value.length > MAX_TERMS) throw refused('is no list of groups');
  const seen = new Map<string, number>();
  const lists: string[][] = [];
  let all = 0;
  let posted = 0;
  let before: IndexGroup | undefined;
  const groups: CardIndex = [];
  for (const entry of value as unknown[]) {
    const group = parseGroup(entry);
    if (before !== undefined && (before[0] - group[0] || before[1] - group[1]) >= 0)
      throw refused('has groups out of order');
    if (!TERMS.test(group[2])) throw refused('has a term of the wrong form');
    const terms = group[2].split(' ');
    // Where no unit is a surrogate or beyond, JavaScript's own order is that of the bytes.
    const plain = !BEYOND_SURROGATES.test(group[2]);
    let last: string | undefined;
    for (const term of terms) {
      if (3 * term.length > MAX_TERM_BYTES && utf8Length(term) > MAX_TERM_BYTES)
        throw refused('has a term of the wrong form');
      if (last !== undefined && (plain ? last >= term : compareUtf8(last, term) >= 0))
        throw refused('has terms out of order');
      seen.set(term, group[0]);
      last = term;
    }
    lists.push(terms);
    all += terms.length;
    if (seen.size !== all) throw refused('has a term twice');
    if (isPosted(group[0])) posted += terms.length;
    if (seen.size > MAX_TERMS || posted > MAX_POSTED_TERMS) throw refused('has too many terms');
    groups.push(group);
    before = group;
  }
  return { groups, terms: lists, fields: seen };
}

/** Terms with one space between, without controls, capitals or lone surrogates: nothing that analysis never leaves in a term. */
const TERMS = /^[^\u0000-\u0020\u007f-\u00a0A-Z\ud800-\udfff]+(?: [^\u0000-\u0020\u007f-\u00a0A-Z\ud800-\udfff]+)*$/u;
const BEYOND_SURROGATES = /[\ud800-\uffff]/;

function parseGroup(entry: unknown): IndexGroup {
  if (!Array.isArray(entry) || entry.length !== 3) throw refused('has a group that is no triple');
  const [fields, count, text] = entry as unknown[];
  if (!isInteger(fields, ALL_FIELDS) || !isInteger(count, MAX_COUNT))
    throw refused('has a field mask or count out of bounds');
  if (typeof text !== 'string' || text.length > MAX_TERMS * (MAX_TERM_BYTES + 1))
    throw refused('has terms that are no text');
  return [fields, count, text];
}

function isInteger(value: unknown, max: number): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= max;
}

function refused(what: string): NiagaError {
  return new NiagaError('RECORD_SCHEMA', `The index of the card ${what}.`, { where: 'index' });
}

interface MutableEntry {
  fields: number;
  count: number;
}

/** All terms of an item in order of appearance, field by field. */
function collect(item: IndexedItem): Map<string, MutableEntry> {
  const found = new Map<string, MutableEntry>();
  const add = (text: string, field: number) => {
    for (const { term, stop } of analyse(text)) {
      if (stop) continue;
      const entry = found.get(term);
      if (entry === undefined) found.set(term, { fields: field, count: 1 });
      else {
        entry.fields |= field;
        if (entry.count < MAX_COUNT) entry.count++;
      }
    }
  };
  add(item.title, FIELD.TITLE);
  if (item.brand !== undefined) add(item.brand, FIELD.BRAND);
  for (const level of (item.category ?? []).slice(-CATEGORY_LEVELS)) add(level, FIELD.CATEGORY);
  const attributes = Object.entries(item.additionalProperty ?? {}).sort(([a], [b]) => compareUtf8(a, b));
  for (const [, value] of attributes) if (isTelling(value)) add(value, FIELD.ATTRIBUTE);
  for (const tag of item.keywords ?? []) add(tag, FIELD.ATTRIBUTE);
  if (item.description !== undefined) add(item.description.slice(0, MAX_DESCRIPTION), FIELD.DESCRIPTION);
  return found;
}

/** Values that name something; a rating or a paragraph is no term to ask for. */
function isTelling(value: unknown): value is string {
  return typeof value === 'string' && value.length <= MAX_ATTRIBUTE && !/^[0-9.,\s]*$/.test(value);
}

/** What to keep first; never more description terms than ride along. */
function inOrderOfWorth(found: ReadonlyMap<string, TermEntry>): [string, TermEntry][] {
  const posted: [string, TermEntry][] = [];
  const telling: [string, TermEntry][] = [];
  const common: [string, TermEntry][] = [];
  for (const pair of found) {
    if (isPosted(pair[1].fields)) posted.push(pair);
    else if (COMMON_STEMS.has(pair[0]) || /^[0-9]{1,2}$/.test(pair[0])) common.push(pair);
    else telling.push(pair);
  }
  return [...posted.slice(0, MAX_POSTED_TERMS), ...[...telling, ...common].slice(0, DESCRIPTION_TERMS)].slice(
    0,
    MAX_TERMS,
  );
}

/** Encoded length of an index in DAG-CBOR. */
export function indexBytes(index: CardIndex): number {
  return index.reduce((sum, [fields, , text]) => sum + groupBytes(fields, utf8Length(text)), headBytes(index.length));
}

function groupBytes(fields: number, textBytes: number): number {
  // A triple, the mask, a count below 24, the text.
  return 1 + headBytes(fields) + 1 + headBytes(textBytes) + textBytes;
}

/** CBOR writes a length or number up to 23 into its first byte, up to 255 into one more, then two. */
function headBytes(value: number): number {
  return value < 24 ? 1 : value < 256 ? 2 : 3;
}

class IndexBuilder {
  private readonly groups = new Map<number, { fields: number; count: number; terms: string[]; bytes: number }>();
  private ofGroups = 0;

  constructor(private readonly maxBytes: number) {}

  /** Encoded length. */
  get bytes(): number {
    return this.ofGroups + headBytes(this.groups.size);
  }

  /** False, and nothing added, if the index would be longer than allowed. */
  add(term: string, { fields, count }: TermEntry): boolean {
    const key = fields * 16 + count;
    const group = this.groups.get(key);
    const before = group === undefined ? 0 : groupBytes(fields, group.bytes);
    const textBytes = group === undefined ? utf8Length(term) : group.bytes + 1 + utf8Length(term);
    const groups = this.groups.size + (group === undefined ? 1 : 0);
    const ofGroups = this.ofGroups - before + groupBytes(fields, textBytes);
    if (ofGroups + headBytes(groups) > this.maxBytes) return false;
    this.ofGroups = ofGroups;
    if (group === undefined) this.groups.set(key, { fields, count, terms: [term], bytes: textBytes });
    else {
      group.terms.push(term);
      group.bytes = textBytes;
    }
    return true;
  }

  index(): CardIndex {
    return [...this.groups]
      .sort(([a], [b]) => a - b)
      .map(([, { fields, count, terms }]) => [fields, count, inOrder(terms).join(' ')]);
  }
}

/** Where no unit is a surrogate or beyond, JavaScript's own order is that of the bytes. */
function inOrder(terms: string[]): string[] {
  return terms.some((term) => BEYOND_SURROGATES.test(term)) ? terms.sort(compareUtf8) : terms.sort();
}
