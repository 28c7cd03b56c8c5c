import type { Finding } from '../api/rows/doctor.js';
import type { Store } from '../store/index.js';

/** Whether the store holds what was written, and nothing else. */
export async function checkIntegrity(store: Pick<Store, 'check' | 'acceptDamage'>, repair: boolean): Promise<Finding> {
  const { ok, problems, rows, files } = await store.check();
  if (ok) return { check: 'integrity', verdict: 'ok', found: `All ${rows} rows are what was written.` };
  const found = problems.join(' ');
  if (files.damaged.length > 0) {
    return {
      check: 'integrity',
      verdict: 'fail',
      found,
      next: 'Stop the node and start it again: damaged files are mended then.',
    };
  }
  if (!repair) {
    const next = 'Restore a backup, or give up what cannot be read: niaga doctor --repair';
    return { check: 'integrity', verdict: 'fail', found, next };
  }
  const after = await store.acceptDamage();
  return {
    check: 'integrity',
    verdict: after.ok ? 'warn' : 'fail',
    found: `${found} What could not be read was given up; ${after.rows} rows are sound.`,
    next: 'What other nodes have of it comes back by itself; compare with a backup what does not.',
    repaired: after.ok,
  };
}
