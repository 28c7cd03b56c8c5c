import { readIndex } from '../../../protocol/search/index-terms.js';
import type { IndexDeps } from '../index.js';
import type { HeldSet } from './held-set.js';
import type { HeldLease } from './lease.js';
import type { Leases } from './leases.js';
import type { Opener } from './opener.js';
import { MAX_HELD_TIME } from './card.js';
import type { CardRow, EndRow } from './rows.js';

interface LoadParts {
  readonly set: HeldSet;
  readonly leases: Leases;
  readonly opener: Opener;
  /** Cards whose signature was never checked. */
  readonly onUnchecked: (listing: string) => void;
}

/** Reads what was held when the node stopped. What cannot be used any more is no reason not to start, nor worth its place. */
export async function loadHeld({ now }: IndexDeps, parts: LoadParts): Promise<void> {
  const { set, opener } = parts;
  await set.grants.load();
  for await (const [listing, row] of set.rows.cards.range()) {
    if (!kept(opener, () => loadCard(listing, row, parts))) set.rows.cardChanged(listing);
  }
  for await (const [listing, row] of set.rows.ends.range()) {
    if (!kept(opener, () => loadEnd(listing, row, parts, now()))) set.rows.endChanged(listing);
  }
  await loadLeases(parts);
  await set.splits.load();
  set.rows.add(set.grants.tidy());
  await set.rows.flush();
}

function kept(opener: Opener, load: () => boolean): boolean {
  const loaded = opener.attempt(() => ({ kept: load() }));
  return typeof loaded !== 'string' && loaded.kept;
}

function loadCard(listing: string, row: CardRow, { set, opener, onUnchecked }: LoadParts): boolean {
  const read = opener.card(row.card);
  if (read?.listing !== listing || row.names.length === 0) return false;
  const card = set.hold(read, row.names, {
    index: readIndex(read.facts.index),
    verified: row.verified,
    arrived: row.arrived,
  });
  if (row.delta !== undefined) {
    const { record, grant } = opener.kept(row.delta, 'delta');
    set.change(card, { record, grant }, row.arrived);
  }
  if (!row.verified) onUnchecked(listing);
  return true;
}

function loadEnd(
  listing: string,
  { tombstone, floor, names }: EndRow,
  { set, opener }: LoadParts,
  now: number,
): boolean {
  if (tombstone !== undefined) {
    const { record, grant } = opener.kept(tombstone, 'tombstone');
    const { seq, device, trader, created } = record.payload;
    const end = { seq, device, digest: record.id.multihash.digest, until: created + MAX_HELD_TIME, names };
    if (end.until <= now) return false;
    set.setTombstone(listing, end, { trader, bytes: tombstone, grant });
    return true;
  }
  if (floor === undefined || floor.until <= now) return false;
  set.setFloor(listing, { ...floor, names }, floor.trader);
  return true;
}

/** After the cards, which stand in them. A lease's row comes before those of its parts. */
async function loadLeases({ set, leases, opener }: LoadParts): Promise<void> {
  let lease: HeldLease | undefined;
  for await (const [key, row] of set.rows.leases.range()) {
    if ('lease' in row) lease = undefined;
    const isKept = kept(opener, () => {
      if ('lease' in row) lease = leases.restore(opener.kept(row.lease, 'lease'));
      return (
        lease !== undefined && key.startsWith(lease.key) && ('lease' in row || leases.restorePart(lease, key, row))
      );
    });
    if (!isKept) set.rows.add([set.rows.leases.del(key)]);
  }
  leases.tidy();
}
