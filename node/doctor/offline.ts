import { stat } from 'node:fs/promises';
import { isNiagaError } from '../../protocol/errors.js';
import type { DoctorView, Finding } from '../api/rows/doctor.js';
import type { Home } from '../home/index.js';
import { hasIdentity } from '../identity/index.js';
import { createStore } from '../store/index.js';
import { ownVersion } from '../version.js';
import { checkDisk, checkFiles } from './home.js';
import { machine } from './machine.js';
import { checkFreePorts } from './ports.js';
import { checkIntegrity } from './store.js';

/** What can be looked at while no node runs. @throws NiagaError HOME_UNUSABLE, HOME_NEWER */
export async function examineHome(home: Home, { repair }: { readonly repair: boolean }): Promise<DoctorView> {
  const findings: Finding[] = [
    await identity(home),
    await checkFiles(home, repair),
    await checkDisk(home),
    await integrity(home, repair),
    await checkFreePorts(),
    { check: 'peers', verdict: 'warn', found: 'No node runs on this home.', next: 'niaga start' },
  ];
  return { findings, ...machine(ownVersion()), running: false, figures: {} };
}

async function identity(home: Home): Promise<Finding> {
  if (await hasIdentity(home)) return { check: 'identity', verdict: 'ok', found: 'There is an identity.' };
  const next = 'niaga init, niaga identity restore, or niaga restore FILE';
  return { check: 'identity', verdict: 'warn', found: 'There is no identity yet.', next };
}

async function integrity({ storeFolder }: Home, repair: boolean): Promise<Finding> {
  const exists = await stat(storeFolder).then(
    () => true,
    () => false,
  );
  if (!exists) return { check: 'integrity', verdict: 'ok', found: 'There is nothing in the store yet.' };
  try {
    await using store = createStore({ path: storeFolder, options: { checkOnStart: false } });
    await store.start();
    return await checkIntegrity(store, repair);
  } catch (error) {
    if (!isNiagaError(error)) throw error;
    const { message, next } = error;
    return { check: 'integrity', verdict: 'fail', found: `${message}.`, ...(next === undefined ? {} : { next }) };
  }
}
