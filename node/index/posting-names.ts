import { shardKey, shardOf } from '../../protocol/search/posting-keys.js';
import type { Posting } from './placement.js';
import type { ShardBits } from './shard-bits.js';
import { MAX_KEY_LENGTH, MAX_KEYS_PER_CARD } from './wire.js';

/** The names that a posting is held under, and of one that changes others those of before its keys were split. */
export function postingNames(
  { keys, listing, changes }: Posting,
  shardBits: ShardBits,
): { names: string[]; earlier: string[] } {
  const names: string[] = [];
  const earlier: string[] = [];
  for (const key of keys) {
    const bits = shardBits.of(key);
    const name = shardKey(key, shardOf(listing, bits));
    // No node takes a longer one; under the others it can be found.
    if (name.length > MAX_KEY_LENGTH || names.length === MAX_KEYS_PER_CARD) continue;
    names.push(name);
    for (let before = 0; before < bits && changes === true; before++)
      earlier.push(shardKey(key, shardOf(listing, before)));
  }
  return { names, earlier };
}
