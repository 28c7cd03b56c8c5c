import type { ErrorCode } from '../../protocol/errors.js';

/** Refusals of a parcel that no further try can change: what was judged is the parcel itself. All others may pass. */
export const FINAL_CODES: ReadonlySet<string> = new Set<ErrorCode>([
  'RECORD_MALFORMED',
  'RECORD_TOO_LARGE',
  'RECORD_SIGNATURE',
  'RECORD_NETWORK',
  'RECORD_KIND',
  'RECORD_SCHEMA',
  'RECORD_CRITICAL',
  'DELEGATION_MISSING',
  'DELEGATION_MISMATCH',
  'DELEGATION_EXPIRED',
  'DELEGATION_CAPABILITY',
  'DELEGATION_REVOKED',
]);
