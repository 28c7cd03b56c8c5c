import type { Committed, Role } from '../../protocol/trade/index.js';
import type { PrivateView } from '../api/rows/private.js';
import { deliveryOf } from '../chat/view.js';
import type { SentState } from '../mail/index.js';
import type { PrivateRow } from './table.js';

/** Whom a value was sent to, and how far its parcels are. */
interface Sent {
  readonly to: Role;
  readonly states: readonly (SentState | undefined)[];
}

/** @param role the reader's own */
export function privateToView(
  { what, by, due }: Committed,
  row: PrivateRow | undefined,
  role: Role,
  sent: readonly Sent[],
): PrivateView {
  const isText = what === 'address' || what === 'phone' || what === 'code';
  return {
    what,
    of: by,
    status: statusOf(row, by === role, due),
    ...(isText && row?.value !== undefined ? { value: new TextDecoder().decode(row.value) } : {}),
    ...(row?.file === undefined
      ? {}
      : {
          file: {
            file: row.file.cid.toString(),
            name: row.file.name,
            size: row.file.size,
            here: row.value !== undefined,
          },
        }),
    ...(sent.length === 0 ? {} : { sent: sent.map(({ to, states }) => ({ to, delivery: deliveryOf(states).state })) }),
  };
}

function statusOf(row: PrivateRow | undefined, own: boolean, due: boolean): PrivateView['status'] {
  if (row?.forgotten !== undefined) return 'forgotten';
  if (row?.value !== undefined) return 'here';
  if (own) return 'lost';
  return due ? 'awaited' : 'withheld';
}
