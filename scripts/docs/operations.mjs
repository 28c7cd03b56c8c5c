import { z } from 'zod';
import { nameOf } from '../../dist/node/api/operation.js';
import { OPERATIONS } from '../../dist/node/api/operations.js';

/** The operation table as JSON Schemas, for the pages and OpenAPI. */

/** @returns {{key: string, row: object, name: string, input: object, output: object}[]} in the order of the table */
export function operations() {
  return Object.entries(OPERATIONS).map(([key, row]) => ({
    key,
    row,
    name: nameOf(row),
    // What the server takes: no field that the row does not have.
    input: { ...schemaOf(row.input), additionalProperties: false },
    output: schemaOf(row.output),
  }));
}

/** Open at the end: what a later version adds is no mistake. */
function schemaOf(schema) {
  const { $schema: _, ...body } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
  return withoutSafeBounds(body);
}

/** Bounds of 2^53 - 1 say only that a number is whole; left out, they distract from the real ones. */
function withoutSafeBounds(schema) {
  if (Array.isArray(schema)) return schema.map(withoutSafeBounds);
  if (typeof schema !== 'object' || schema === null) return schema;
  const kept = Object.entries(schema).filter(([, value]) => Math.abs(value) !== Number.MAX_SAFE_INTEGER);
  return Object.fromEntries(kept.map(([key, value]) => [key, withoutSafeBounds(value)]));
}
