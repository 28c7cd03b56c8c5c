import { equalBytes } from '../ids.js';

/** The sides of a trade. */
export const SIDES = ['buyer', 'seller'] as const;
export type Side = (typeof SIDES)[number];

/** Who may send messages in a trade: its sides, and the arbiter that its contract names. */
export const ROLES = [...SIDES, 'arbiter'] as const;
export type Role = (typeof ROLES)[number];

/** The traders' root keys, 32 bytes each. */
export type Parties = Readonly<Record<Side, Uint8Array>>;

export function sideOf(parties: Parties, trader: Uint8Array): Side | undefined {
  return SIDES.find((side) => equalBytes(parties[side], trader));
}

/** @param arbiter the key of the arbiter that the contract names, where it names one */
export function roleIn(parties: Parties, trader: Uint8Array, arbiter?: Uint8Array): Role | undefined {
  const side = sideOf(parties, trader);
  if (side !== undefined) return side;
  return arbiter !== undefined && equalBytes(arbiter, trader) ? 'arbiter' : undefined;
}

export function otherSide(side: Side): Side {
  return side === 'buyer' ? 'seller' : 'buyer';
}

export function isSide(role: Role): role is Side {
  return role !== 'arbiter';
}
