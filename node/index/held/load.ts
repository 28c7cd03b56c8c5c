import { readIndex } from '../../../protocol/search/index-terms.js';
import type { IndexDeps } from '../index.js';
import type { HeldSet } from './held-set.js';
import type { HeldLease } from './lease.js';
import type { Leases } from './leases.js';
import { NOBODY } from './batch.js';
import { CardNames, readName } from './names.js';
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

/**
 * Reads what was held when the node stopped. What cannot be used any more is no reason not to start, nor worth its place. What
 * only the clock speaks against stays on disk: a small computer that starts before it knows the time must not wipe what it
 * keeps for the network.
 */
export async function loadHeld({ now }: IndexDeps, parts: LoadParts): Promise<void> {
  const { set, opener } = parts;
  await set.grants.load();
  let early = false;
  const isOver = (load: () => boolean): boolean => {
    const loaded = opener.attempt(() => ({ kept: load() }));
    if (typeof loaded !== 'string') return !loaded.kept;
    early ||= loaded === 'RECORD_TIME';
    return loaded !== 'RECORD_TIME';
  };
  const cardNames = new CardNames();
  for await (const [listing, row] of set.rows.cards.range()) {
    if (isOver(() => loadCard(listing, row, parts, cardNames))) set.rows.cardChanged(listing);
  }
  for await (const [listing, row] of set.rows.ends.range()) {
    if (isOver(() => loadEnd(listing, row, parts, now()))) set.rows.endChanged(listing);
  }
  await loadLeases(parts, isOver);
  await set.splits.load();
  // The delegations of what was left on disk are named by nothing in memory.
  if (!early) set.rows.add(set.grants.tidy());
  await set.rows.flush();
}

function loadCard(
  listing: string,
  row: CardRow,
  { set, opener, onUnchecked }: LoadParts,
  cardNames: CardNames,
): boolean {
  // What the quick reader does not take, the other one says why: its time has not come by this clock, say.
  const read = opener.card(row.card) ?? opener.read(row.card, NOBODY);
  if (!('bytes' in read) || read.listing !== listing) return false;
  const index = readIndex(read.facts.index);
  // A word may have had a line break in it, which stands between the names of a row.
  const isName = cardNames.of(read, index.fields);
  const names = row.names.filter((name) => isName(readName(name)));
  if (names.length === 0) return false;
  // Before the card is held: without its delta it would be shown with a price that is no longer asked.
  const delta = row.delta === undefined ? undefined : opener.kept(row.delta, 'delta');
  const card = set.hold(read, names, { index, verified: row.verified, arrived: row.arrived });
  if (delta !== undefined) set.change(card, delta, row.arrived);
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
async function loadLeases({ set, leases, opener }: LoadParts, isOver: (load: () => boolean) => boolean): Promise<void> {
  let lease: HeldLease | undefined;
  for await (const [key, row] of set.rows.leases.range()) {
    if ('lease' in row) lease = undefined;
    const over = isOver(() => {
      if ('lease' in row) lease = leases.restore(opener.kept(row.lease, 'lease'));
      return (
        lease !== undefined && key.startsWith(lease.key) && ('lease' in row || leases.restorePart(lease, key, row))
      );
    });
    if (over) set.rows.add([set.rows.leases.del(key)]);
  }
  leases.tidy();
}
