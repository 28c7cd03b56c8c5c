import { z } from 'zod';
import type { NodeOperationKey } from './handlers.js';
import { nameOf, type Operation } from './operation.js';
import { OPERATIONS } from './operations.js';

export type JsonSchema = Readonly<Record<string, unknown>>;

/** A row of the table with its schemas as JSON Schema: for OpenAPI, the pages of the reference, and programs that call tools. */
export interface OperationSchemas {
  readonly key: string;
  readonly row: Operation;
  readonly name: string;
  readonly input: JsonSchema;
  readonly output: JsonSchema;
}

/** Of all rows, in the order of the table. @public */
export function operationSchemas(): OperationSchemas[] {
  return Object.entries(OPERATIONS).map(([key, row]: [string, Operation]) => ({
    key,
    row,
    name: nameOf(row),
    // What the server takes: no field that the row does not have.
    input: { ...schemaOf(row.input), additionalProperties: false },
    output: schemaOf(row.output),
  }));
}

/** Of the rows that a running node answers. */
export function nodeOperationSchemas(): (OperationSchemas & { readonly key: NodeOperationKey })[] {
  return operationSchemas().filter(
    (each): each is OperationSchemas & { key: NodeOperationKey } => each.row.runs === 'node',
  );
}

/** Open at the end: what a later version adds is no mistake. */
export function schemaOf(schema: z.ZodType): JsonSchema {
  const { $schema: _, ...body } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
  return withoutSafeBounds(body) as JsonSchema;
}

/** Bounds of 2^53 - 1 say only that a number is whole; left out, they distract from the real ones. */
function withoutSafeBounds(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(withoutSafeBounds);
  if (typeof schema !== 'object' || schema === null) return schema;
  const kept = Object.entries(schema).filter(([, value]) => Math.abs(Number(value)) !== Number.MAX_SAFE_INTEGER);
  return Object.fromEntries(kept.map(([key, value]) => [key, withoutSafeBounds(value)]));
}
