/** How far ahead of the reader's clock a record's `created` may lie. Phones are minutes off, not hours. */
export const CLOCK_SKEW = 10 * 60 * 1000;
