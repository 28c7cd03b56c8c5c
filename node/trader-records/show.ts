import { NiagaError } from '../../protocol/errors.js';
import { parseTrader, traderToText } from '../../protocol/ids.js';
import type { TraderView } from '../api/rows/trader.js';
import type { Blocks } from '../blocks/index.js';
import type { TraderRecords } from './index.js';

/**
 * What a trader says of itself, and which block list in use here names it.
 * @throws NiagaError ID_INVALID, TRADER_NOT_FOUND, PEER_UNREACHABLE where nobody answered
 */
export async function showTrader(
  { traderRecords, blocks }: { readonly traderRecords: TraderRecords; readonly blocks: Blocks },
  text: string,
  signal: AbortSignal,
): Promise<TraderView> {
  const key = parseTrader(text, 'trader');
  const blocked = blocks.blockedBy(key);
  const options = { signal };
  const settled = await Promise.allSettled([
    traderRecords.get(key, 'profile', options),
    traderRecords.get(key, 'block-list', options),
  ]);
  signal.throwIfAborted();
  const profile = valueOf(settled[0]);
  const blockList = valueOf(settled[1]);
  if (profile === undefined && blockList === undefined && blocked === undefined) throw nothingOf(settled);
  return {
    trader: traderToText(key),
    profile:
      profile === undefined
        ? null
        : {
            name: profile.payload.item.name,
            ...(profile.payload.item.description === undefined
              ? {}
              : { description: profile.payload.item.description }),
            mailboxes: [...(profile.payload.item.mailboxes ?? [])],
            published: profile.payload.created,
          },
    blockList:
      blockList === undefined
        ? null
        : {
            ...(blockList.payload.item.name === undefined ? {} : { name: blockList.payload.item.name }),
            traders: blockList.payload.item.traders.length,
            published: blockList.payload.created,
          },
    blocked:
      blocked === undefined
        ? null
        : { list: blocked.list, ...(blocked.reason === undefined ? {} : { reason: blocked.reason }) },
  };
}

function nothingOf(settled: readonly PromiseSettledResult<unknown>[]): unknown {
  const failed = settled.find((one) => one.status === 'rejected');
  if (failed !== undefined) return failed.reason;
  return new NiagaError('TRADER_NOT_FOUND', 'No reachable node knows anything that this trader says of itself.', {
    next: 'A trader with a name has a profile: niaga init --name NAME',
  });
}

function valueOf<T>(settled: PromiseSettledResult<T>): T | undefined {
  return settled.status === 'fulfilled' ? settled.value : undefined;
}
