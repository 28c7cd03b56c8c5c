import type { Finding } from '../api/rows/doctor.js';
import type { DevicesView } from '../api/rows/identity.js';

const day = 24 * 60 * 60 * 1000;
const SOON = 60 * day;

/** Whether the trader would outlive this machine, and this machine may sign. */
export function checkIdentity({ devices, root, lease }: DevicesView, now: number): Finding {
  const check = 'identity';
  const here = devices.find((one) => one.here);
  if (here !== undefined && here.revoked !== null) {
    const next = 'Make it a device again in another home: niaga identity add';
    return {
      check,
      verdict: 'fail',
      found: 'This machine was revoked by its owner: nobody takes what it signs.',
      next,
    };
  }
  const expires = here?.expires ?? now;
  if (expires < now + SOON && root !== 'here') {
    const found = `The permission of this machine ends in ${Math.max(0, Math.ceil((expires - now) / day))} days.`;
    return {
      check,
      verdict: expires <= now ? 'fail' : 'warn',
      found,
      next: 'niaga identity devices says how to renew it.',
    };
  }
  if (root === 'here') {
    const found = 'The root key is still on this machine: who takes the machine has the trader.';
    return { check, verdict: 'warn', found, next: 'Write the 24 words down: niaga identity words' };
  }
  const reads = lease !== null && here?.writes === false;
  return { check, verdict: 'ok', found: reads ? 'Another machine writes for this trader.' : 'This machine may sign.' };
}
