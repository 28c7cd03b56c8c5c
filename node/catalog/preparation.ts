import { listingSlot, type Listing } from '../../protocol/catalog/card.js';
import { isNiagaError, NiagaError } from '../../protocol/errors.js';
import { blobId, recordId } from '../../protocol/ids.js';
import { readItem } from '../../protocol/listing/input.js';
import { quote } from '../../protocol/quote.js';
import { signRecord, type SignedRecord } from '../../protocol/record.js';
import type { PublishedView } from '../api/views.js';
import type { Identity } from '../identity/index.js';
import type { Posting } from '../index/index.js';
import type { Pictures } from '../pictures/index.js';
import type { Table } from '../store/index.js';
import type { PublishItem } from './index.js';
import type { OwnCards } from './own-cards.js';
import { variantRows } from './levels.js';
import type { Row, RowBatch, Rows, VariantRow } from './rows.js';
import type { Stock } from './stock.js';
import type { Versions } from './versions.js';

export interface PreparationDeps {
  readonly identity: Identity;
  readonly rows: Rows;
  readonly cards: OwnCards;
  readonly stock: Stock;
  readonly versions: Versions;
  readonly blobs: Table<Uint8Array>;
  readonly pictures?: Pick<Pictures, 'name'> | undefined;
  readonly now: () => number;
}

/** What became of one item: its answer, all but how widely it is held. */
export interface Prepared {
  readonly view: Omit<PublishedView, 'replicas' | 'quorum'>;
  /** Undefined for an invalid one. */
  readonly slot?: string;
  /** Of the record that was signed for it, where one was; and that record, ready to be brought out. */
  readonly seq?: number;
  readonly posting?: Posting | undefined;
}

/** Checks and signs one item; its changes are added to the batch. Nothing of an invalid item is left behind. */
export function prepare(
  { line, value }: PublishItem,
  { strict, restock, batch }: { strict: boolean; restock: boolean; batch: RowBatch },
  { identity, rows, cards, stock, versions, blobs: texts, pictures, now }: PreparationDeps,
): Prepared {
  try {
    const { item, bytes, blobs, warnings } = readItem(value, { strict });
    if (item.validThrough !== undefined && item.validThrough <= now()) {
      throw new NiagaError('INPUT_INVALID', 'validThrough lies in the past: nobody would be shown the listing.', {
        where: 'validThrough',
      });
    }
    const slot = listingSlot(item.sku);
    const content = recordId(bytes).toString();
    const before = rows.get(slot);
    // What was sold since counts on, unless the seller now states another number than before.
    const restated = restock || before === undefined || before.removed || before.stated !== item.inventoryLevel;
    const level = restated ? item.inventoryLevel : before.level;
    const variants = variantRows(item, restock || before?.removed === true ? undefined : before);
    const { writes, missing } = pictures?.name(item.image ?? []) ?? { writes: [], missing: [] };
    batch.add(...writes);
    const notes = withWarnings([
      ...warnings,
      ...soldSince({ stated: item.inventoryLevel, level }),
      ...variants.flatMap(soldSince),
      ...notHere(missing.length),
    ]);
    const stands = before !== undefined && !before.removed && before.content === content;
    if (stands && (!restock || hasLevels(before, level, variants))) {
      return { slot, view: { line, sku: item.sku, listing: rows.idOf(slot), status: 'unchanged', ...notes } };
    }
    const record: SignedRecord<Listing> = signRecord('listing', { slot, seq: (before?.seq ?? 0) + 1, item }, identity, {
      network: identity.network,
      created: now(),
    });
    const seq = (before?.cardSeq ?? 0) + 1;
    const made = cards.make(record, { before, seq, available: stock.availableOf(slot, level, variants) });
    const version = record.id.toString();
    batch.add(...made.writes, versions.put(record));
    batch.add(...blobs.map((blob) => texts.put(blobId(blob).toString(), blob)));
    batch.put(slot, {
      ...(before ?? FIRST),
      version,
      seq: record.payload.seq,
      removed: false,
      content,
      stated: item.inventoryLevel,
      level,
      variants,
      ...made.fields,
    });
    const status = before === undefined || before.removed ? 'published' : 'updated';
    const all = withWarnings([...(notes.warnings ?? []), ...notFoundBy(made.left)]);
    const view = { line, sku: item.sku, listing: rows.idOf(slot), status, ...all } as const;
    return { slot, view, seq, posting: made.posting };
  } catch (error) {
    if (!isNiagaError(error)) throw error;
    return { view: { line, sku: skuOf(value), listing: null, status: 'invalid', error: error.toJSON() } };
  }
}

/** A first card fills in all of these. */
const FIRST = { validUntil: 0, delegation: '' } as const;

type Warnings = NonNullable<PublishedView['warnings']>;

function hasLevels(before: Row, level: number | null, variants: readonly VariantRow[]): boolean {
  return before.level === level && variants.every((one) => levelOf(before, one.sku) === one.level);
}

function levelOf({ variants = [] }: Row, sku: string): number | null | undefined {
  return variants.find((one) => one.sku === sku)?.level;
}

/** A seller who restocks to the number of before has said nothing new: what was sold would stay subtracted unnoticed. */
function soldSince({ stated, level, sku }: Pick<Row, 'stated' | 'level'> & Partial<Pick<VariantRow, 'sku'>>): Warnings {
  if (stated === null || level === null || level >= stated) return [];
  const whose = sku === undefined ? '' : ` of variant ${quote(sku)}`;
  const message = `${level} of ${stated}${whose} are left, as before; to restock, state another quantity or publish it with --restock.`;
  return [{ code: 'STOCK_SHORT', where: 'quantity', message }];
}

function notHere(pictures: number): Warnings {
  if (pictures === 0) return [];
  const message = `${pictures} of its pictures are not on this node: add each with niaga picture add FILE.`;
  return [{ code: 'PICTURE_NOT_FOUND', where: 'image', message }];
}

/** Words shown of those that a card has no room for. */
const SHOWN_WORDS = 5;

function notFoundBy(words: readonly string[]): Warnings {
  if (words.length === 0) return [];
  const some = words.slice(0, SHOWN_WORDS).map(quote).join(', ');
  const message = `The card of a listing has 1 KiB and no room for ${words.length} of its words: nobody finds it by ${some}${words.length > SHOWN_WORDS ? ' and others' : ''}. Shorten the title, the categories or the attributes.`;
  return [{ code: 'CARD_FULL', where: 'title', message }];
}

function withWarnings(warnings: Warnings): { warnings?: Warnings } {
  return warnings.length === 0 ? {} : { warnings };
}

function skuOf(value: unknown): string | null {
  if (typeof value !== 'object' || value === null) return null;
  const fields = new Map<string, unknown>(Object.entries(value));
  const sku = fields.get('sku') ?? fields.get('id');
  return typeof sku === 'string' ? sku.slice(0, 128) : null;
}
