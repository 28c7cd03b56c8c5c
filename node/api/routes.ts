import type { NodeOperationKey } from './handlers.js';
import { nameOf, type Operation, type Scope } from './operation.js';
import { OPERATIONS } from './operations.js';

/** Where the operations are. */
export const PREFIX = '/v1/';

/** One way to ask the API for something. */
export interface Route {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  /** What a token must allow; null: no token is needed. */
  readonly scope: Scope | null;
  /** The row of the table that answers; absent: the server itself. */
  readonly key?: NodeOperationKey;
}

/** Answered by the server itself. The tests of the gate go through all of them. */
const OWN = [
  { method: 'GET', path: '/', scope: null },
  { method: 'GET', path: '/health', scope: null },
  { method: 'GET', path: '/ready', scope: null },
  { method: 'GET', path: '/openapi.json', scope: null },
  { method: 'POST', path: '/session', scope: null },
  // No page works with a token that cannot read.
  { method: 'POST', path: '/session/end', scope: 'read' },
  { method: 'GET', path: '/metrics', scope: 'read' },
  { method: 'GET', path: '/events', scope: OPERATIONS.events.scope },
  { method: 'GET', path: '/media/{picture}', scope: OPERATIONS.pictureSave.scope },
] as const satisfies readonly Route[];

export type OwnPath = (typeof OWN)[number]['path'];

const keys = Object.keys(OPERATIONS) as (keyof typeof OPERATIONS)[];

/** Everything that the API answers. */
export const ROUTES: readonly Route[] = [
  ...OWN,
  ...keys.filter(isOfNode).map((key): Route => {
    const row: Operation = OPERATIONS[key];
    return { method: 'POST', path: PREFIX + nameOf(row), scope: row.scope, key };
  }),
];

function isOfNode(key: keyof typeof OPERATIONS): key is NodeOperationKey {
  return OPERATIONS[key].runs === 'node';
}

export const OWN_ROUTES: readonly (Route & { readonly path: OwnPath })[] = OWN;
