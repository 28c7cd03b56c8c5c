import { z } from 'zod';

/** One field of an operation's input as the command line sees it. */
export interface Field {
  readonly name: string;
  readonly kind: 'text' | 'number' | 'flag' | 'choice' | 'list';
  readonly help: string;
  /** Whether it must be given. */
  readonly required: boolean;
  /** What holds when it is not given; undefined: nothing. */
  readonly fallback: unknown;
  /** Of a `choice`. */
  readonly choices: readonly string[];
}

/** The fields of an input schema. @throws Error for a schema that has no form on a command line */
export function fieldsOf(input: z.ZodObject): Field[] {
  const shape: Readonly<Record<string, z.core.$ZodType>> = input.shape;
  return Object.entries(shape).map(([name, schema]) => fieldOf(name, schema));
}

function fieldOf(name: string, schema: z.core.$ZodType): Field {
  let inner: unknown = schema;
  let help = '';
  let required = true;
  let fallback: unknown;
  for (;;) {
    if (inner instanceof z.ZodType) help ||= inner.description ?? '';
    if (inner instanceof z.ZodOptional) {
      required = false;
      inner = inner.unwrap();
    } else if (inner instanceof z.ZodDefault) {
      required = false;
      fallback = inner.def.defaultValue;
      inner = inner.unwrap();
    } else {
      break;
    }
  }
  const field = { name, help, required, fallback, choices: [] };
  if (inner instanceof z.ZodString) return { ...field, kind: 'text' };
  if (inner instanceof z.ZodNumber) return { ...field, kind: 'number' };
  if (inner instanceof z.ZodBoolean) return { ...field, kind: 'flag' };
  if (inner instanceof z.ZodEnum) return { ...field, kind: 'choice', choices: inner.options.map(String) };
  if (inner instanceof z.ZodArray && (inner.element instanceof z.ZodString || inner.element instanceof z.ZodEnum)) {
    return { ...field, kind: 'list', required: required && !inner.safeParse([]).success };
  }
  throw new Error(`field "${name}" has no form on a command line`);
}

/** `minPrice` → `min-price` */
export function flagName(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

const DECIMAL = /^-?\d+(\.\d+)?$/;

/** The value that a typed word stands for. What is no number is kept as typed, for the schema to refuse. */
export function valueOf(field: Field, word: string): unknown {
  return field.kind === 'number' && DECIMAL.test(word) ? Number(word) : word;
}
