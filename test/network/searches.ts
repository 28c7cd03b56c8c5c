import { expect, vi } from 'vitest';
import type { NiagaNode } from '../../node/index.js';
import { PATIENCE } from '../support/patience.js';

/** A search ends after some seconds with what has come: a machine that stands still for so long must not decide what that is. */
export const TIME_ENOUGH = { timeoutMs: 10_000 };

type SearchInput = Parameters<NiagaNode['search']>[0];

/** Searches until as many nodes as should have answered: those that a busy machine keeps waiting are not waited for by each search. */
export function searchWhole(node: NiagaNode, input: SearchInput): ReturnType<NiagaNode['search']> {
  return vi.waitFor(async () => {
    const view = await node.search({ ...TIME_ENOUGH, ...input });
    expect(view.coverage.verdict).toBe('complete');
    return view;
  }, PATIENCE);
}
