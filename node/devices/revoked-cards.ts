import { equalBytes } from '../../protocol/ids.js';
import type { DeviceRecord } from '../identity/index.js';
import type { Index } from '../index/index.js';

/** Cards looked at before other work gets its turn. */
const SLICE = 500;

/** Keeps the cards of devices that were revoked no longer; new ones of theirs are refused as they come. */
export async function dropRevokedCards(index: Index, learnt: readonly DeviceRecord[]): Promise<void> {
  const revoked = learnt.flatMap(({ payload }) => (payload.kind === 'revocation' ? [payload] : []));
  if (revoked.length === 0) return;
  let looked = 0;
  for (const listing of [...index.listings()]) {
    const { card, delta } = index.record(listing) ?? {};
    const isVoid = [card, delta].some(
      (record) =>
        record !== undefined &&
        revoked.some(
          (one) => equalBytes(one.revoked, record.payload.device) && equalBytes(one.trader, record.payload.trader),
        ),
    );
    if (isVoid) await index.drop(listing);
    if (++looked % SLICE === 0) await new Promise((resolve) => setImmediate(resolve));
  }
}
