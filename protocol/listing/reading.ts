import { NiagaError, isNiagaError, type ErrorCode } from '../errors.js';
import { quote } from '../quote.js';
import type { Names } from './aliases.js';

/** Something that a reader of input lets pass but the writer should know. */
export interface Warning {
  readonly code: 'UNKNOWN_FIELD' | 'PRICE_ON_REQUEST';
  /** The field, as it was written. */
  readonly where: string;
  readonly message: string;
}

/** One thing wrong with the input. */
export interface Problem {
  readonly code: ErrorCode;
  readonly where: string;
  readonly message: string;
}

/** A field that was given: its name as written (with the path to it) and its value, never null or undefined. */
export interface Field {
  readonly where: string;
  readonly value: unknown;
  /** Not from the line but from the caller's defaults. */
  readonly isDefault?: boolean;
}

/** So many problems or warnings are kept of one line; a file of another kind would give thousands. */
const MAX_KEPT = 20;

/** What comes up while one line is read: the problems, the warnings, and the texts that become blobs. */
export class Reading {
  readonly warnings: Warning[] = [];
  readonly blobs: Uint8Array[] = [];
  readonly #problems: Problem[] = [];
  readonly #strict: boolean;

  constructor(options: { strict: boolean }) {
    this.#strict = options.strict;
  }

  /** Notes a problem; returns undefined, as every reader does for a field that has no usable value. */
  problem(code: ErrorCode, where: string, message: string): undefined {
    if (this.#problems.length < MAX_KEPT) this.#problems.push({ code, where, message });
  }

  invalid(field: Field, rest: string): undefined {
    return this.problem('INPUT_INVALID', field.where, `${field.where} is ${quote(field.value)}; ${rest}.`);
  }

  missing(where: string, rest = 'is missing'): undefined {
    return this.problem('INPUT_MISSING', where, `${where} ${rest}.`);
  }

  warn(code: Warning['code'], where: string, message: string): void {
    if (this.warnings.length < MAX_KEPT) this.warnings.push({ code, where, message });
  }

  /** Runs what throws NiagaError and keeps the error as a problem of that field. */
  attempt<T>(where: string, run: () => T): T | undefined {
    try {
      return run();
    } catch (error) {
      if (!isNiagaError(error)) throw error;
      return this.problem(error.code, where, `${where}: ${error.message}`);
    }
  }

  /** The fields of an object under their names on the wire; unknown ones are warned of, or refused when strict. */
  fields(object: object, names: Names, path = ''): Map<string, Field> {
    const known = new Map<string, Field>();
    const entries = Object.entries(object) as [string, unknown][];
    // The name on the wire wins over its aliases, whatever their order.
    const isCanonical = ([name]: [string, unknown]) => names.get(name.toLowerCase()) === name;
    for (const [name, value] of [...entries.filter(isCanonical), ...entries.filter((entry) => !isCanonical(entry))]) {
      const canonical = names.get(name.toLowerCase());
      if (canonical === undefined) this.#unknown(path, name, 'is not a field that Niaga knows');
      else if (value === null || value === undefined) continue;
      else if (known.has(canonical))
        this.#unknown(path, name, `says the same as ${known.get(canonical)?.where ?? canonical}`);
      else known.set(canonical, { where: path + name, value });
    }
    return known;
  }

  #unknown(path: string, name: string, why: string): void {
    const where = path + quote(name).slice(1, -1);
    if (this.#strict) this.problem('INPUT_UNKNOWN_FIELD', where, `${where} ${why}.`);
    else this.warn('UNKNOWN_FIELD', where, `${where} ${why}; it was left out.`);
  }

  /** @throws NiagaError with the first problem as its own and all of them in `details.problems`, if there was any. */
  settle(): void {
    const [first] = this.#problems;
    if (first === undefined) return;
    throw new NiagaError(first.code, first.message, { where: first.where, details: { problems: [...this.#problems] } });
  }
}

export function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
