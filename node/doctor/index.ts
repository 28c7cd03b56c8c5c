/**
 * Whether a node is well, and what to do where it is not.
 *
 * ```ts
 * const { findings } = await doctorHandlers(services, version).doctor({ repair: false });
 * for (const { check, verdict, found, next } of findings) console.log(verdict, check, found, next);
 * ```
 *
 * @packageDocumentation
 */
import type { DoctorView, Finding } from '../api/rows/doctor.js';
import type { Services } from '../services.js';
import { checkClock } from './clock.js';
import { checkDisk, checkFiles } from './home.js';
import { checkIdentity } from './identity.js';
import { machine } from './machine.js';
import { checkMessages, checkPeers, checkReachability } from './network.js';
import { checkOwnPorts } from './ports.js';
import { checkIntegrity } from './store.js';

type DoctorDeps = Pick<
  Services,
  'home' | 'store' | 'network' | 'mail' | 'devices' | 'trades' | 'index' | 'catalog' | 'refusals' | 'now'
>;

/** What a running node does for `niaga doctor`. */
export function doctorHandlers(services: DoctorDeps, version: string) {
  const { home, store, network, mail, devices, now } = services;
  const doctor = async ({ repair }: { repair: boolean }): Promise<DoctorView> => {
    const findings: Finding[] = [
      checkIdentity(await devices.view(), now()),
      await checkFiles(home, repair),
      await checkDisk(home),
      await checkIntegrity(store, repair),
      await checkClock(network, now),
      await checkOwnPorts(network.addresses()),
      checkPeers(network),
      checkReachability(network),
      checkMessages(mail, now()),
    ];
    return { findings, ...machine(version), running: true, figures: figuresOf(services) };
  };
  return { doctor };
}

/** Numbers only: they are shown to whoever helps. */
function figuresOf({ store, network, trades, index, catalog, refusals, mail }: DoctorDeps): Record<string, number> {
  const { open, ended, outbox } = trades.counts();
  const prefixed = (prefix: string, counts: Readonly<Record<string, number>>) =>
    Object.fromEntries(Object.entries(counts).map(([name, count]) => [`${prefix}_${name}`, count]));
  return {
    listings: catalog.count(),
    cards: index.count(),
    trades_open: open,
    trades_ended: ended,
    outbox,
    letters: mail.kept().letters,
    memory_bytes: process.memoryUsage().rss,
    ...prefixed('rows', Object.fromEntries((store.integrity?.tables ?? []).map(({ table, found }) => [table, found]))),
    ...prefixed('network', network.metrics()),
    ...prefixed('refused', refusals.counts()),
  };
}
