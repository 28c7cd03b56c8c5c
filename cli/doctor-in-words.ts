import type { DoctorView } from '../node/api/rows/doctor.js';
import { safeLine } from './safe-text.js';

/** A line for each check, and what to do under those that need it. */
export function doctorInWords({ findings }: DoctorView): string {
  const width = Math.max(...findings.map(({ check }) => check.length));
  return findings
    .flatMap(({ check, verdict, found, next }) => [
      `${verdict.padEnd(4)}  ${check.padEnd(width)}  ${safeLine(found)}`,
      ...(next === undefined ? [] : [`${' '.repeat(width + 8)}${safeLine(next)}`]),
    ])
    .join('\n');
}
