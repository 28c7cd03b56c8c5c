import type { SignedRecord } from '../../protocol/record.js';
import type { WriterLease } from './writer.js';

/** Where nobody has answered, a lease that is over is tried to be renewed again after this. */
const AGAIN = 5_000;

interface LeaseRenewalDeps {
  readonly lease: WriterLease;
  /** Keeps the renewed lease, and tells others of it. */
  readonly learn: (renewal: SignedRecord) => Promise<unknown>;
  /** Asks the network whether another device has taken the lease; whether anybody has answered. */
  readonly ask: () => Promise<boolean>;
  /** Whether there is another device that could have. */
  readonly hasOthers: () => boolean;
}

/** Renews the lease by which this device writes: one task at a time, for whoever wants it. */
export class LeaseRenewal {
  readonly #deps: LeaseRenewalDeps;
  #running: Promise<void> | undefined;
  /** When it was tried last in vain, by `performance.now()`. */
  #failed = Number.NEGATIVE_INFINITY;

  constructor(deps: LeaseRenewalDeps) {
    this.#deps = deps;
  }

  /** Whether it is neither under way nor has just been tried in vain. */
  get mayBegin(): boolean {
    return this.#running === undefined && performance.now() - this.#failed >= AGAIN;
  }

  /** Who asks meanwhile waits for the same. @throws what keeping it throws */
  run(): Promise<void> {
    return (this.#running ??= this.#renew().finally(() => {
      this.#running = undefined;
      if (this.#deps.lease.isOver) this.#failed = performance.now();
    }));
  }

  async #renew(): Promise<void> {
    const { lease, learn, ask, hasOthers } = this.#deps;
    const renewal = lease.renewal();
    if (renewal === undefined) return;
    // One that was away for long first asks whether somebody else took it meanwhile; that nobody answers does not say that nobody has.
    if (lease.isOver && !(await ask()) && hasOthers()) return;
    if (lease.isHere) await learn(renewal);
  }
}
