import { compareBytes } from '../../../protocol/ids.js';

/** What decides which of two records in one slot is newer. */
export interface Version {
  readonly seq: number;
  readonly device: Uint8Array;
  /** Of the record's id. */
  readonly digest: Uint8Array;
}

/** The order of `compareVersions` (protocol/record.ts), of digests instead of ids: all ids of records begin alike. */
export function compareHeld(a: Version, b: Version): number {
  return a.seq - b.seq || compareBytes(a.device, b.device) || compareBytes(a.digest, b.digest);
}
