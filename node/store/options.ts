import { NiagaError } from '../../protocol/errors.js';
import { DEFAULT_CACHE_BYTES, DEFAULT_MAX_BATCH_BYTES } from './constants.js';
import type { StoreOptions } from './index.js';
import { MIGRATIONS } from './migrations.js';

export type CheckedOptions = { readonly [K in keyof StoreOptions]-?: NonNullable<StoreOptions[K]> };

/** Fills in the defaults. @throws NiagaError INTERNAL for a key that is not known or a value that cannot be */
export function checkOptions(options: StoreOptions = {}): CheckedOptions {
  const {
    checkOnStart = true,
    maxBatchBytes = DEFAULT_MAX_BATCH_BYTES,
    cacheBytes = DEFAULT_CACHE_BYTES,
    migrations = MIGRATIONS,
    ...unknown
  } = options;
  const [stranger] = Object.keys(unknown);
  if (stranger !== undefined) throw invalid(stranger, 'is not an option of the store');
  if (!Number.isSafeInteger(maxBatchBytes) || maxBatchBytes < 1)
    throw invalid('maxBatchBytes', 'must be a positive integer');
  if (!Number.isSafeInteger(cacheBytes) || cacheBytes < 0)
    throw invalid('cacheBytes', 'must be an integer of 0 or more');
  migrations.forEach(({ version }, i) => {
    if (version !== i + 1) throw invalid('migrations', 'must have the versions 1, 2, 3, … in order');
  });
  return { checkOnStart, maxBatchBytes, cacheBytes, migrations };
}

function invalid(option: string, problem: string): NiagaError {
  return new NiagaError('INTERNAL', `${option} ${problem}`, { where: `store options: ${option}` });
}
