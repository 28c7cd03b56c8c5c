import fc from 'fast-check';

/**
 * The inputs of properties: the same on every run of `npm test`, so that whether a change passes depends on the change and a failure
 * comes again. `npm run fuzz` draws others, as many rounds as wanted.
 */
const DEFAULT_SEED = 20_261_122;

export const SEED = Number(process.env['NIAGA_FUZZ_SEED'] ?? DEFAULT_SEED);

fc.configureGlobal({ seed: SEED });
