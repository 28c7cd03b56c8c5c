import { equalBytes } from '../ids.js';

/** The sides of a trade. */
export const ROLES = ['buyer', 'seller'] as const;
export type Role = (typeof ROLES)[number];

/** The traders' root keys, 32 bytes each. */
export type Parties = Readonly<Record<Role, Uint8Array>>;

export function roleIn(parties: Parties, trader: Uint8Array): Role | undefined {
  return ROLES.find((role) => equalBytes(parties[role], trader));
}

export function otherRole(role: Role): Role {
  return role === 'buyer' ? 'seller' : 'buyer';
}
