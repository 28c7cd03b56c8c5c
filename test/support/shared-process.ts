import { afterAll, vi } from 'vitest';

/** Files that share a process leave their clocks to nobody (vitest itself takes back what `vi.spyOn` has changed). */
afterAll(() => void vi.useRealTimers());
