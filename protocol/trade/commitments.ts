import type { CID } from 'multiformats/cid';
import { keyOf } from './log.js';
import { isSide, otherSide, roleIn, type Role, type Side } from './roles.js';
import { arbiterIn } from './judge.js';
import { messagesOf, type TradeState } from './state.js';
import type { TradePayload } from './schema.js';

/** What a log may commit to without saying it (private.ts). */
export const PRIVATE_KINDS = ['address', 'phone', 'code', 'proof', 'attachment', 'key'] as const;
export type PrivateKind = (typeof PRIVATE_KINDS)[number];

/** A commitment in a log. */
export interface Committed {
  readonly what: PrivateKind;
  readonly commitment: Uint8Array;
  /** The first message that names it. */
  readonly message: CID;
  /** Whose it is: the author of that message. */
  readonly by: Role;
  /** Who needs the value. */
  readonly to: readonly Role[];
  /** Whether they need it now: an address once there is a contract, a key once the money was seen, a code never before it is shown. */
  readonly due: boolean;
}

type Named = Pick<Committed, 'what' | 'commitment'>;

/** All commitments of a log, in its order, each once. */
export function commitmentsOf(state: TradeState): readonly Committed[] {
  const found = new Map<string, Committed>();
  const released = new Set(state.delivery.released.map(keyOf));
  const agreed = state.agreement?.terms.delivery;
  const hasArbiter = arbiterIn(state) !== undefined;
  for (const { id, payload } of messagesOf(state)) {
    const by = roleIn(state.parties, payload.trader, arbiterIn(state));
    if (by === undefined) continue;
    for (const { what, commitment } of namedIn(payload)) {
      const name = `${what} ${keyOfBytes(commitment)}`;
      if (found.has(name)) continue;
      const due = isDue(what, { isReleased: released.has(keyOf(id)), isAgreed: isSame(agreed, what, commitment) });
      found.set(name, { what, commitment, message: id, by, to: needing(what, by, hasArbiter), due });
    }
  }
  return [...found.values()];
}

function namedIn(payload: TradePayload): Named[] {
  switch (payload.kind) {
    case 'offer':
    case 'counter':
      return contacts(payload.terms.delivery ?? {});
    case 'accept':
      return contacts(payload);
    case 'paid':
    case 'refunded':
      return payload.proof === undefined ? [] : [{ what: 'proof', commitment: payload.proof }];
    case 'dispute':
    case 'statement':
      return (payload.attachments ?? []).map((commitment) => ({ what: 'attachment', commitment }));
    case 'shipped':
      return (payload.content ?? []).map(({ key }) => ({ what: 'key', commitment: key }));
    default:
      return [];
  }
}

const CONTACTS = ['address', 'phone', 'code'] as const;
type Contacts = Partial<Record<(typeof CONTACTS)[number], Uint8Array | undefined>>;

function contacts(named: Contacts): Named[] {
  return CONTACTS.flatMap((what) => {
    const commitment = named[what];
    return commitment === undefined ? [] : [{ what, commitment }];
  });
}

function isSame(agreed: Contacts | undefined, what: PrivateKind, commitment: Uint8Array): boolean {
  const known = what === 'address' || what === 'phone' ? agreed?.[what] : undefined;
  return known !== undefined && keyOfBytes(known) === keyOfBytes(commitment);
}

function isDue(what: PrivateKind, { isReleased, isAgreed }: { isReleased: boolean; isAgreed: boolean }): boolean {
  switch (what) {
    case 'address':
    case 'phone':
      return isAgreed;
    case 'code':
      return false;
    case 'key':
      return isReleased;
    case 'proof':
    case 'attachment':
      return true;
  }
}

function needing(what: PrivateKind, by: Role, hasArbiter: boolean): readonly Role[] {
  const sides: readonly Side[] = isSide(by) ? [otherSide(by)] : ['buyer', 'seller'];
  return what === 'attachment' && hasArbiter && by !== 'arbiter' ? [...sides, 'arbiter'] : sides;
}

function keyOfBytes(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
