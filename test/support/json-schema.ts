/** As much of JSON Schema (draft 2020-12) as our generated schemas use. A word that it does not know is an error. */

type Schema = Readonly<Record<string, unknown>>;

const ANNOTATIONS = new Set(['$schema', '$id', '$defs', '$comment', 'title', 'description']);

/** What is wrong with `value`, each with its path; empty when the schema accepts it. */
export function problemsOf(schema: Schema, value: unknown, root: Schema = schema, path = '$'): string[] {
  return Object.entries(schema).flatMap(([word, operand]) => {
    if (ANNOTATIONS.has(word)) return [];
    const check = CHECKS[word];
    if (check === undefined) throw new Error(`the schema uses "${word}", which this checker does not know`);
    return check(operand, value, { schema, root, path });
  });
}

interface Place {
  readonly schema: Schema;
  readonly root: Schema;
  readonly path: string;
}

type Check = (operand: never, value: unknown, place: Place) => string[];

const CHECKS: Readonly<Record<string, (operand: unknown, value: unknown, place: Place) => string[]>> = loosely({
  $ref: (name: string, value, { root, path }) => {
    const definition = (root['$defs'] as Record<string, Schema>)[name.replace('#/$defs/', '')];
    if (definition === undefined) throw new Error(`${name} is not defined`);
    return problemsOf(definition, value, root, path);
  },
  type: (type: string | string[], value, { path }) =>
    told(
      [type].flat().some((one) => typeOf(value, one) === one),
      `${path} is not of type ${[type].flat().join(' or ')}`,
    ),
  const: (constant, value, { path }) => told(value === constant, `${path} is not ${String(constant)}`),
  enum: (words: unknown[], value, { path }) => told(words.includes(value), `${path} is not one of ${words.join()}`),
  not: (inner: Schema, value, { root, path }) => told(problemsOf(inner, value, root).length > 0, `${path} may not be`),
  anyOf: (all: Schema[], value, { root, path }) =>
    told(
      all.some((one) => problemsOf(one, value, root).length === 0),
      `${path} is none of the alternatives`,
    ),
  minLength: (least: number, value, { path }) =>
    told(typeof value !== 'string' || value.length >= least, `${path} is too short`),
  maxLength: (most: number, value, { path }) =>
    told(typeof value !== 'string' || value.length <= most, `${path} is too long`),
  pattern: (pattern: string, value, { path }) =>
    told(typeof value !== 'string' || new RegExp(pattern, 'u').test(value), `${path} does not match`),
  minimum: (least: number, value, { path }) =>
    told(typeof value !== 'number' || value >= least, `${path} is too small`),
  maximum: (most: number, value, { path }) => told(typeof value !== 'number' || value <= most, `${path} is too large`),
  minItems: (least: number, value, { path }) =>
    told(!Array.isArray(value) || value.length >= least, `${path} has too few`),
  maxItems: (most: number, value, { path }) =>
    told(!Array.isArray(value) || value.length <= most, `${path} has too many`),
  prefixItems: (all: Schema[], value, { root, path }) =>
    Array.isArray(value) ? all.flatMap((one, at) => problemsOf(one, value[at], root, `${path}[${at}]`)) : [],
  items: (one: Schema | false, value, { schema, root, path }) => {
    if (!Array.isArray(value)) return [];
    const rest = value.slice((schema['prefixItems'] as unknown[] | undefined)?.length ?? 0);
    if (one === false) return told(rest.length === 0, `${path} has too many`);
    return rest.flatMap((inner, at) => problemsOf(one, inner, root, `${path}[${at}]`));
  },
  required: (names: string[], value, { path }) =>
    isMap(value) ? names.flatMap((name) => told(Object.hasOwn(value, name), `${path}.${name} is missing`)) : [],
  properties: (all: Record<string, Schema>, value, { root, path }) =>
    isMap(value)
      ? Object.entries(all).flatMap(([name, one]) =>
          Object.hasOwn(value, name) ? problemsOf(one, value[name], root, `${path}.${name}`) : [],
        )
      : [],
  propertyNames: (one: Schema, value, { root, path }) =>
    isMap(value) ? Object.keys(value).flatMap((name) => problemsOf(one, name, root, `the name ${path}.${name}`)) : [],
  additionalProperties: (one: Schema | false, value, { schema, root, path }) => {
    if (!isMap(value)) return [];
    const known = Object.keys((schema['properties'] as object | undefined) ?? {});
    const others = Object.entries(value).filter(([name]) => !known.includes(name));
    if (one === false) return others.map(([name]) => `${path}.${name} is not a field`);
    return others.flatMap(([name, inner]) => problemsOf(one, inner, root, `${path}.${name}`));
  },
});

/** Each check knows the type of its own operand; the schema, which is ours, is not checked for it. */
function loosely(checks: Readonly<Record<string, Check>>) {
  return checks as Readonly<Record<string, (operand: unknown, value: unknown, place: Place) => string[]>>;
}

function told(right: boolean, problem: string): string[] {
  return right ? [] : [problem];
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A whole number is of type `integer` where that is asked for, and of type `number` elsewhere. */
function typeOf(value: unknown, asked: string): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'number') return asked === 'integer' && Number.isInteger(value) ? 'integer' : 'number';
  return typeof value;
}
