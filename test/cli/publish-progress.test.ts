import { describe, expect, it } from 'vitest';
import { progressText } from '../../cli/commands/publish-progress.js';

const second = 1_000;

describe('the progress of a command', () => {
  it('shows count, rate and time left where the end can be guessed', () => {
    expect(progressText({ lines: 1_000, invalid: 0, elapsed: 5 * second, total: 4_000 })).toBe(
      `[${'#'.repeat(6)}${'·'.repeat(18)}] 1000 of about 4000, 200/s, 15 s left`,
    );
    expect(progressText({ lines: 10, invalid: 2, elapsed: 10 * second, total: 10_000 })).toContain(
      '1/s, 2 h 46 min left, 2 invalid',
    );
    expect(progressText({ lines: 10, invalid: 0, elapsed: second, total: 1_000 })).toContain('1 min left');
  });

  it('shows count and rate where it cannot, and nothing impossible at the beginning or the end', () => {
    expect(progressText({ lines: 12, invalid: 0, elapsed: 2 * second, total: undefined })).toBe('12, 6/s');
    expect(progressText({ lines: 0, invalid: 0, elapsed: 0, total: 50 })).toBe(
      `[${'·'.repeat(24)}] 0 of about 50, 0/s`,
    );
    expect(progressText({ lines: 60, invalid: 0, elapsed: second, total: 50 })).toBe(
      `[${'#'.repeat(24)}] 60 of about 60, 60/s, 0 s left`,
    );
    expect(progressText({ lines: 0, invalid: 0, elapsed: second, total: 0 })).toBe('0 of about 0, 0/s');
  });
});
