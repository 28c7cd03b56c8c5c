import { z } from 'zod';
import { CLOCK_SKEW } from '../clock.js';
import { headerShape } from '../header.js';
import { compareBytes, equalBytes } from '../ids.js';
import { cidSchema, keySchema, seqSchema, timeSchema } from '../schema.js';
import { standsSchema } from './stands.js';

/**
 * The writer's lease: of a trader's devices only `holder` signs stock and steps of trades (DESIGN section 4). Signed by the
 * holder of before, who hands it over; by any other device once it is over; or by the root when its holder is lost.
 */
export const writerSchema = z.looseObject({
  ...headerShape,
  kind: z.literal('writer'),
  /** Of two the higher counts. It is a second since 1970; one that lies a day ahead of the reader's clock counts from the root alone. */
  epoch: seqSchema,
  /** The key of the device that writes. */
  holder: keySchema,
  /** When another device may take it without being handed it. */
  expires: timeSchema,
  /** The lease before this one, as far as its author knew one. */
  previous: cidSchema.optional(),
  /**
   * For each trade the newest messages that its author knew, open ones first where there is no room for all. What other
   * devices of the trader than `holder` signed counts in it where it is one of these or comes before one, or before a
   * message of `holder`; nothing else of them does.
   */
  stands: standsSchema,
});
export type Writer = z.infer<typeof writerSchema>;

/**
 * How far ahead of the reader's clock a device's lease may lie: own machines of which one takes its local time for UTC still agree on who
 * writes, and whoever steals one gains no more than that.
 */
export const LEASE_SKEW = 24 * 60 * 60 * 1000;

/** How long a lease lasts unless it is renewed: a shop that is shut for a holiday does not lose it. */
export const WRITER_LIFETIME = 30 * 24 * 60 * 60 * 1000;

/**
 * The epoch after `previous`. Not only one more: the root, which may not know the newest lease, gets a higher one by taking
 * the time, in seconds.
 */
export function nextEpoch(previous: Pick<Writer, 'epoch'> | undefined, now: number): number {
  return Math.max((previous?.epoch ?? 0) + 1, Math.floor(now / 1000));
}

/**
 * Why a lease that has just come does not count by its reader's clock; undefined: it does. An epoch is a second, and a device may give its
 * lease none that lies further ahead than {@link LEASE_SKEW}: with the highest number there is, whoever steals a machine would keep the
 * lease for good. The root's own is not bounded, for the root is the trader: whatever a device has signed, the root's next lease counts
 * more.
 */
export function epochObjection({ payload }: Pick<Lease, 'payload'>, now: number): string | undefined {
  if (equalBytes(payload.trader, payload.device) || payload.epoch * 1000 <= now + LEASE_SKEW) return undefined;
  return 'its epoch lies ahead of the clock, and only the root signs such a one';
}

interface Lease {
  readonly id: { readonly bytes: Uint8Array };
  readonly payload: Pick<Writer, 'epoch' | 'trader' | 'device' | 'holder' | 'expires' | 'created' | 'previous'>;
}

/** Which of two leases of a trader counts: by epoch, the root's before a device's, the longer one, then by id. */
export function compareLeases(a: Lease, b: Lease): number {
  const byRoot = ({ payload }: Lease): number => Number(equalBytes(payload.trader, payload.device));
  return (
    a.payload.epoch - b.payload.epoch ||
    byRoot(a) - byRoot(b) ||
    a.payload.expires - b.payload.expires ||
    compareBytes(a.id.bytes, b.id.bytes)
  );
}

/**
 * Why a lease may not follow the one that counts until now; undefined: it may. What is not known of the leases between them
 * cannot be held against it.
 */
export function leaseObjection(lease: Lease, before: Lease | undefined): string | undefined {
  const { payload } = lease;
  const byRoot = equalBytes(payload.trader, payload.device);
  if (byRoot || before === undefined) return undefined;
  const isNext = payload.previous !== undefined && equalBytes(payload.previous.bytes, before.id.bytes);
  const renews = payload.epoch === before.payload.epoch;
  if (renews) {
    const same = equalBytes(payload.device, before.payload.holder) && equalBytes(payload.holder, before.payload.holder);
    return same ? undefined : 'only its holder renews a lease';
  }
  if (!isNext) return undefined;
  if (equalBytes(payload.device, before.payload.holder)) return undefined;
  if (payload.created > before.payload.expires + CLOCK_SKEW) return undefined;
  return 'neither the holder nor the root has handed it over, and it was not over';
}
