const DAY = 24 * 60 * 60 * 1000;

/** When a day ends that began with what was counted first. */
export function endOf({ since }: { readonly since: number }): number {
  return since + DAY;
}

/** What was counted today; undefined where that day is over, or the clock was set back to before it. Times in ms. */
export function today<T extends { readonly since: number }>(day: T | undefined, now: number): T | undefined {
  return day !== undefined && now >= day.since && now < endOf(day) ? day : undefined;
}
