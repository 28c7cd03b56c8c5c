/**
 * A Niaga node in a program of your own.
 *
 * ```ts
 * import { createNode } from 'niaga';
 *
 * const node = await createNode({ home: './data', name: 'Warung Sari' });
 * for await (const line of node.publish({ items: [{ value: { sku: 'kopi-1', title: 'Kopi Gayo 250 g', price: '85000 IDR' } }] })) {
 *   console.log(line.status, line.listing);
 * }
 * const { hits, coverage } = await node.search({ words: ['kopi', 'gayo'] });
 * console.log(hits.length, coverage.verdict);
 * await node.stop();
 * ```
 *
 * @packageDocumentation
 */
import './polyfill.js';

export { createNode } from './node.js';
export type { NiagaNode } from './node.js';
export type { NodeOptions } from './options.js';
export type { OperationOptions } from './operations.js';
export { DEFAULT_NETWORK } from './options.js';
export { createClient } from './api/client.js';
export type { CallOptions, Client, ClientOptions } from './api/client.js';
export { OPERATIONS } from './api/operations.js';
export type { Answer, Input, NodeOperationKey, Output, Page } from './api/handlers.js';
export type * from './api/trade-views.js';
export type * from './api/views.js';
export { ERRORS, isNiagaError, NiagaError } from '../protocol/errors.js';
export type { ErrorBody, ErrorCode } from '../protocol/errors.js';
