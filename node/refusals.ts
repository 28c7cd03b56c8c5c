/** Counts what this node refused, by error code, since its start: forged cards, foreign records, messages out of order. */
export interface Refusals {
  readonly count: (code: string) => void;
  readonly counts: () => Record<string, number>;
}

export function createRefusals(): Refusals {
  const counts = new Map<string, number>();
  return {
    count: (code) => void counts.set(code, (counts.get(code) ?? 0) + 1),
    counts: () => Object.fromEntries([...counts].sort(([a], [b]) => (a < b ? -1 : 1))),
  };
}
