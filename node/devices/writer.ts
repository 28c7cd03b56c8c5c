import { NiagaError } from '../../protocol/errors.js';
import { equalBytes } from '../../protocol/ids.js';
import { nextEpoch, WRITER_LIFETIME, type Writer } from '../../protocol/identity/writer.js';
import { CLOCK_SKEW, signRecord, type SignedRecord } from '../../protocol/record.js';
import type { DevicesDeps } from './index.js';
import { nameOf } from './names.js';
import { newestOf } from './stands.js';

/** What a lease says, before it is signed. */
export type LeaseDraft = Pick<Writer, 'epoch' | 'holder' | 'expires' | 'previous' | 'stands'>;

/** The writer's lease of this trader, as far as this machine knows it. */
export class WriterLease {
  readonly #deps: DevicesDeps;

  constructor(deps: DevicesDeps) {
    this.#deps = deps;
  }

  get current(): SignedRecord<Writer> | undefined {
    return this.#deps.book.writerOf(this.#deps.identity.trader);
  }

  /** Without a lease there was never a second device. */
  get isHere(): boolean {
    const { current } = this;
    return current === undefined || equalBytes(current.payload.holder, this.#deps.identity.device);
  }

  get isOver(): boolean {
    const { current } = this;
    return current !== undefined && this.#deps.now() > current.payload.expires + CLOCK_SKEW;
  }

  /** What a lease for this device would say, whoever signs it. Also trades that ended stand: the last word may still be on its way. */
  async draft(holder: Uint8Array): Promise<LeaseDraft> {
    const { logs, underWay, now } = this.#deps;
    const { current } = this;
    return {
      epoch: nextEpoch(current?.payload, now()),
      holder,
      expires: now() + WRITER_LIFETIME,
      ...(current === undefined ? {} : { previous: current.id }),
      stands: await newestOf(logs({ ended: true }), underWay()),
    };
  }

  /** A lease signed by this device: handed over, or taken when it was over. */
  async sign(holder: Uint8Array): Promise<SignedRecord<Writer>> {
    return this.#sign(await this.draft(holder));
  }

  /**
   * The same lease for longer; undefined where that is not due, another device holds it, or this one may not sign any more. Of two in one
   * epoch the root's counts: after one that the root has signed comes the next epoch, and not the time as elsewhere, so that what the root
   * signs later still counts more.
   */
  renewal(): SignedRecord<Writer> | undefined {
    const { now, identity } = this.#deps;
    const { current } = this;
    if (current === undefined || !this.isHere || now() < current.payload.expires - WRITER_LIFETIME / 2)
      return undefined;
    if (now() > identity.delegation.payload.expires) return undefined;
    const { holder, stands, device } = current.payload;
    const isRoots = equalBytes(device, identity.trader);
    const epoch = current.payload.epoch + (isRoots ? 1 : 0);
    const previous = isRoots ? current.id : current.payload.previous;
    return this.#sign({
      epoch,
      holder,
      stands,
      expires: now() + WRITER_LIFETIME,
      ...(previous === undefined ? {} : { previous }),
    });
  }

  /** @throws NiagaError WRITER_OTHER, and as {@link WriterLease.checkSigner} */
  check(): void {
    this.checkSigner();
    const { identity } = this.#deps;
    const { current } = this;
    if (current === undefined || this.isHere) return;
    const { holder, device, expires } = current.payload;
    // A machine that was stolen may name a key that is nobody's: whose word it is tells which one to revoke.
    const isPlain = [holder, identity.trader].some((one) => equalBytes(one, device));
    const word = isPlain ? '' : `, by the word of ${nameOf(device, this.#deps)}`;
    const message = `This machine reads only: ${nameOf(holder, this.#deps)} writes for this trader${word}.`;
    const end = new Date(expires).toISOString();
    throw new NiagaError('WRITER_OTHER', message, {
      next: this.isOver
        ? 'Its lease is over; take it with: niaga identity take'
        : `There: niaga identity pass ${identity.peerId}. If that machine is lost, here: niaga identity take (with the 24 words; after ${end} without them). If somebody else has a machine of yours: niaga identity revoke NAME`,
    });
  }

  /** Whether this machine may sign at all. @throws NiagaError DELEGATION_REVOKED, DELEGATION_EXPIRED */
  checkSigner(): void {
    const { book, identity, now } = this.#deps;
    if (book.isRevoked(identity.trader, identity.device)) {
      throw new NiagaError('DELEGATION_REVOKED', 'This machine was revoked by its owner: nobody takes what it signs.', {
        next: 'Make it a device again under a new key: choose another home and type niaga identity add',
      });
    }
    const { expires } = identity.delegation.payload;
    if (now() <= expires) return;
    throw new NiagaError(
      'DELEGATION_EXPIRED',
      `The permission of this machine ended ${new Date(expires).toISOString()}.`,
      {
        next: `Renew it with the 24 words: niaga identity add ${identity.peerId}`,
      },
    );
  }

  #sign(draft: LeaseDraft): SignedRecord<Writer> {
    const { identity, now } = this.#deps;
    return signRecord('writer', draft, identity, {
      network: identity.network,
      created: now(),
      inlineDelegation: true,
    });
  }
}
