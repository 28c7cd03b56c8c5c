import { z } from 'zod';
import { NiagaError } from '../../protocol/errors.js';
import type { Operation } from './operation.js';

/** What is wrong with one field: `problem` goes on a sentence that begins with the field's name. */
export interface InputProblem {
  readonly path: readonly PropertyKey[];
  readonly problem: string;
}

const strictInputs = new WeakMap<Operation, z.ZodObject>();

/** The input schema of a row with unknown keys refused; made once a row. */
function strictInput(row: Operation): z.ZodObject {
  let schema = strictInputs.get(row);
  if (schema === undefined) strictInputs.set(row, (schema = row.input.strict()));
  return schema;
}

/**
 * Checks an input against its row and fills in defaults. Only the first problem is told: it is the one to mend first.
 */
export function checkInput(row: Operation, value: unknown): { input: unknown } | { problem: InputProblem } {
  const result = strictInput(row).safeParse(value);
  if (result.success) return { input: result.data };
  const issue = result.error.issues[0];
  if (issue === undefined) return { problem: { path: [], problem: 'is not what it should be' } };
  if (issue.code === 'unrecognized_keys') {
    return { problem: { path: [...issue.path, issue.keys[0] ?? ''], problem: unknownField(row) } };
  }
  return { problem: { path: issue.path, problem: problemOf(issue, valueAt(value, issue.path)) } };
}

/** The checked input. @throws NiagaError USAGE with the field in `where` */
export function requireInput(row: Operation, value: unknown): unknown {
  const result = checkInput(row, value);
  if ('input' in result) return result.input;
  const { path, problem } = result.problem;
  const where = pathText(path);
  throw new NiagaError('USAGE', where === '' ? `The input ${problem}.` : `"${where}" ${problem}.`, {
    ...(where === '' ? {} : { where }),
  });
}

/** `items[3].line` */
function pathText(path: readonly PropertyKey[]): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === 'number') return `${text}[${part}]`;
    return text === '' ? String(part).slice(0, 80) : `${text}.${String(part).slice(0, 80)}`;
  }, '');
}

function unknownField(row: Operation): string {
  const known = Object.keys(row.input.shape);
  return known.length === 0 ? 'is not a field: there are none' : `is not a field; there are: ${known.join(', ')}`;
}

const KINDS: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
};

function problemOf(issue: z.core.$ZodIssue, value: unknown): string {
  switch (issue.code) {
    case 'invalid_type': {
      if (value === undefined) return 'is missing';
      const expected = 'format' in issue && issue.format === 'safeint' ? 'int' : issue.expected;
      return `must be ${KINDS[expected] ?? expected}`;
    }
    case 'too_small':
      return `must ${size(issue.origin, `${Number(issue.minimum)} or more`)}`;
    case 'too_big':
      return `must ${size(issue.origin, `at most ${Number(issue.maximum)}`)}`;
    case 'invalid_value':
      return `must be one of: ${issue.values.map(String).join(', ')}`;
    case 'invalid_format':
    case 'not_multiple_of':
    case 'unrecognized_keys':
    case 'invalid_union':
    case 'invalid_key':
    case 'invalid_element':
    case 'custom':
      return `is not right: ${issue.message}`;
  }
}

function size(origin: string, bound: string): string {
  switch (origin) {
    case 'string':
      return `have ${bound} characters`;
    case 'array':
      return `have ${bound} entries`;
    default:
      return `be ${bound}`;
  }
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  let inner = value;
  for (const key of path) {
    if (typeof inner !== 'object' || inner === null) return undefined;
    inner = (inner as Record<PropertyKey, unknown>)[key];
  }
  return inner;
}
