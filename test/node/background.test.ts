import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { createBackground } from '../../node/background.js';

describe('work in the background', () => {
  it('has ended when also what it added itself has', async () => {
    const background = createBackground(() => undefined);
    const done: string[] = [];
    const second = () => sleep(5).then(() => done.push('second'));
    background.add(
      sleep(5).then(() => {
        done.push('first');
        background.add(second());
      }),
    );
    await background.ended();
    expect(done).toEqual(['first', 'second']);
  });

  it('tells its owner what it throws, and goes on', async () => {
    const failures: unknown[] = [];
    const background = createBackground((error) => failures.push(error));
    const done: string[] = [];
    background.add(Promise.reject(new Error('the disk is full')));
    background.add(sleep(5).then(() => done.push('later')));
    await background.ended();
    expect(failures).toEqual([new Error('the disk is full')]);
    expect(done).toEqual(['later']);
  });
});
