import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Jobs, type Job } from '../../../node/keep/jobs.js';

const MOST = 160;
const job = (listing: string, seller: string, more: Partial<Job> = {}): Job => ({
  listing,
  seller,
  due: 0,
  tries: 0,
  wanted: false,
  hints: [],
  ...more,
});
const all = { now: 0, most: 1_000, isFree: () => true };

describe('jobs that wait', () => {
  it('are those of everybody, however many one seller has', () => {
    const jobs = new Jobs(MOST);
    for (let at = 0; at < 1_000; at++) jobs.add(job(`flood-${at}`, 'flood', { wanted: at % 7 === 0 }));
    expect(jobs.size).toBe(MOST);
    for (let at = 0; at < 50; at++) expect(jobs.add(job(`honest-${at}`, `seller-${at}`))).toBe(true);
    expect(jobs.size).toBe(MOST);
    expect(jobs.add(job('more', 'flood'))).toBe(false);
    // And nobody waits for the flood: it is in turn like everybody.
    expect(jobs.take('wanted', { ...all, most: 3 })?.seller).toBe('flood');
    jobs.add(job('another', 'seller-7', { wanted: true }));
    expect(jobs.take('wanted', { ...all, most: 3 })?.seller).toBe('seller-7');
    expect(jobs.take('wanted', { ...all, most: 3 })?.seller).toBe('flood');
  });

  it('that somebody asked for take the place of those that nobody did', () => {
    const jobs = new Jobs(MOST);
    for (let at = 0; at < MOST; at++) jobs.add(job(`${at}`, `seller-${at}`));
    expect(jobs.add(job('unasked', 'another'))).toBe(false);
    expect(jobs.add(job('asked', 'another', { wanted: true }))).toBe(true);
    expect(jobs.size).toBe(MOST);
    expect(jobs.take('wanted', all)?.jobs.map(({ listing }) => listing)).toEqual(['asked']);
  });

  it('keep what is most urgent of those of one listing, and its tries', () => {
    const jobs = new Jobs(MOST);
    jobs.add(job('one', 'seller', { due: 50, tries: 2 }));
    jobs.add(job('one', 'seller', { due: 10, wanted: true, hints: ['peer'] }));
    jobs.add(job('one', 'seller', { due: 90 }));
    expect(jobs.take('wanted', all)).toBeUndefined();
    const taken = jobs.take('wanted', { ...all, now: 10 });
    expect(taken?.jobs).toEqual([job('one', 'seller', { due: 10, tries: 2, wanted: true, hints: ['peer'] })]);
    expect(jobs.size).toBe(0);
  });

  it('that are soon due go with those that are', () => {
    const jobs = new Jobs(MOST);
    jobs.add(job('soon', 'seller', { due: 4_000 }));
    jobs.add(job('late', 'seller', { due: 60_000 }));
    expect(jobs.take('unasked', all)).toBeUndefined();
    jobs.add(job('now', 'seller'));
    expect(jobs.take('unasked', all)?.jobs.map(({ listing }) => listing)).toEqual(['now', 'soon']);
    expect(jobs.has('late')).toBe(true);
  });

  it('are as many as were added and not taken, whatever happens', () => {
    const step = fc.record({
      listing: fc.integer({ min: 0, max: 40 }),
      wanted: fc.boolean(),
      take: fc.constantFrom(undefined, 'wanted' as const, 'unasked' as const),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const jobs = new Jobs(1_000);
        const waiting = new Set<string>();
        for (const { listing, wanted, take } of steps) {
          if (take === undefined) {
            jobs.add(job(`${listing}`, `seller-${listing % 5}`, { wanted }));
            waiting.add(`${listing}`);
          } else {
            for (const one of jobs.take(take, { ...all, most: 3 })?.jobs ?? [])
              expect(waiting.delete(one.listing)).toBe(true);
          }
          expect(jobs.size).toBe(waiting.size);
          for (const one of waiting) expect(jobs.has(one)).toBe(true);
        }
      }),
    );
  });
});
