const MiB = 1024 * 1024;

/** Default of `StoreOptions.maxBatchBytes`. */
export const DEFAULT_MAX_BATCH_BYTES = 4 * MiB;

/** Default of `StoreOptions.cacheBytes`. */
export const DEFAULT_CACHE_BYTES = 4 * MiB;
