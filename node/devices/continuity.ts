import type { DevicesView } from '../api/rows/identity.js';
import { CAPSULE_DELAY, CapsuleKeeper, type CapsuleKeeperDeps } from './capsule-keeper.js';
import { LogExchange } from './log-exchange.js';
import { Restoration, type RestorationDeps } from './restoration.js';
import { RowCopies, type RowCopiesDeps } from './row-copies.js';
import { Siblings, type SiblingsDeps } from './siblings.js';

export type ContinuityDeps = Omit<CapsuleKeeperDeps, 'delay'> &
  RestorationDeps &
  RowCopiesDeps &
  SiblingsDeps & { readonly capsuleDelay?: number | undefined };

/** What makes a trader outlive its machines: devices that are alike, the sealed list of open trades, and coming back from the words. */
export interface Continuity {
  start(): Promise<void>;
  stop(): Promise<void>;
  restore(): DevicesView['restore'];
  /** @throws NiagaError RESTORE_PENDING for a trade that may only be read yet */
  check(trade: string): Promise<void>;
  /** Resolves when another own device has read all that is here. @throws NiagaError PEER_UNREACHABLE, … */
  readBy(peer: string): Promise<void>;
  /** Own devices learn that the catalogue changed. */
  catalogueChanged(): void;
  readonly restoration: Pick<Restoration, 'listed' | 'named' | 'isKnown'>;
}

export function createContinuity(deps: ContinuityDeps): Continuity {
  const logs = new LogExchange(deps);
  const rows = new RowCopies(deps);
  const siblings = new Siblings(deps, logs, rows);
  const capsule = new CapsuleKeeper({ ...deps, delay: deps.capsuleDelay ?? CAPSULE_DELAY });
  const restoration = new Restoration(deps, logs);
  return {
    async start() {
      logs.serve();
      rows.serve();
      await restoration.start();
      siblings.start();
      capsule.start();
    },
    async stop() {
      await capsule.stop();
      await siblings.stop();
      await restoration.stop();
    },
    restore: () => restoration.view(),
    check: (trade) => restoration.check(trade),
    readBy: (peer) => siblings.readBy(peer),
    catalogueChanged: () => siblings.changed(),
    restoration,
  };
}
