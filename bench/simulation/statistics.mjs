// Small sums.

export const sum = (values) => values.reduce((total, value) => total + value, 0);
export const mean = (values) => (values.length === 0 ? 0 : sum(values) / values.length);

/** The value below which that share of the values lies; 0 of none. */
export function quantile(values, share) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}

export function round(value, digits = 3) {
  const factor = 10 ** digits;
  return Math.round(value * factor) / factor;
}

/** How often each value occurs. */
export function tally(values) {
  const counts = {};
  for (const value of values) counts[value] = (counts[value] ?? 0) + 1;
  return counts;
}
