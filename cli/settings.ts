import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { resolveHome } from '../node/home/locate.js';
import { NiagaError } from '../protocol/errors.js';
import type { SettingView } from '../node/api/rows/config.js';
import type { Context } from './context.js';
import { fieldsOf, flagName, valueOf, type Field } from './fields.js';
import { startInput } from './forms.js';

/** Settings are the options of `niaga start`, by the same names: an option comes before the environment, that before the file. */
const FIELDS: readonly Field[] = fieldsOf(startInput);
const CONFIG_FILE = 'config.json';
/** Of names that differ in more letters nobody meant the one by the other. */
const MOST_TYPOS = 3;

type StartInput = z.output<typeof startInput>;
type Where = Pick<Context, 'home' | 'network' | 'env'>;

export function configPath({ home, network, env }: Where): string {
  return join(resolveHome({ home, env }), network, CONFIG_FILE);
}

/** The field of a setting. @throws NiagaError CONFIG_INVALID for one that is none, with the nearest that is */
function fieldOf(key: string, where?: string): Field {
  const field = FIELDS.find(({ name }) => flagName(name) === key);
  if (field !== undefined) return field;
  const names = FIELDS.map(({ name }) => flagName(name));
  const [nearest] = names.map((name) => ({ name, typos: distance(name, key) })).sort((a, b) => a.typos - b.typos);
  throw new NiagaError('CONFIG_INVALID', `There is no setting "${key.slice(0, 60)}".`, {
    where: where ?? key.slice(0, 60),
    next:
      nearest !== undefined && nearest.typos <= MOST_TYPOS
        ? `Did you mean "${nearest.name}"?`
        : `There are: ${names.join(', ')}.`,
  });
}

/** @throws NiagaError CONFIG_INVALID */
function checked(field: Field, value: unknown, where: string): unknown {
  const schema: z.ZodType = startInput.shape[field.name as keyof StartInput];
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw new NiagaError('CONFIG_INVALID', `${flagName(field.name)}: ${result.error.issues[0]?.message ?? 'is wrong'}.`, {
    where,
    next: `${field.help}${field.choices.length === 0 ? '' : `: ${field.choices.join(', ')}`}`,
  });
}

/** What words stand for: of a list all of them, else the only one. @throws NiagaError CONFIG_INVALID */
function valueOfWords(field: Field, words: readonly string[], where: string): unknown {
  if (field.kind === 'list') return checked(field, words, where);
  const [word = '', ...more] = words;
  if (more.length > 0) {
    throw new NiagaError('CONFIG_INVALID', `${flagName(field.name)} has one value, not ${words.length}.`, { where });
  }
  if (field.kind === 'flag') return checked(field, word === 'true' ? true : word === 'false' ? false : word, where);
  return checked(field, valueOf(field, word), where);
}

/** What stands in the file. @throws NiagaError CONFIG_INVALID where it is not JSON, or has what is no setting */
async function readConfig(path: string): Promise<Readonly<Record<string, unknown>>> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR')) return {};
    throw error;
  }
  let parsed;
  try {
    parsed = z.record(z.string(), z.unknown()).safeParse(JSON.parse(text));
  } catch {
    parsed = undefined;
  }
  if (parsed?.success !== true) {
    const next = 'Mend it, or remove it and type niaga config set.';
    throw new NiagaError('CONFIG_INVALID', 'The file of settings is not a JSON object.', { where: path, next });
  }
  for (const [key, value] of Object.entries(parsed.data)) checked(fieldOf(key, path), value, path);
  return parsed.data;
}

/** `keepMedia` → `NIAGA_KEEP_MEDIA`; lists are separated by commas. */
function variableOf({ name }: Field): string {
  return `NIAGA_${flagName(name).replaceAll('-', '_').toUpperCase()}`;
}

/** Every setting as a node that starts now would have it, but for what is typed after `niaga start`. @throws as {@link readConfig} */
export async function settings(where: Where): Promise<(SettingView & { readonly field: Field })[]> {
  const file = await readConfig(configPath(where));
  return FIELDS.map((field) => {
    const key = flagName(field.name);
    const variable = variableOf(field);
    // An empty variable is how shells write "not set".
    const set = where.env[variable] || undefined;
    if (set !== undefined) {
      const words = field.kind === 'list' ? set.split(',').map((word) => word.trim()) : [set];
      return { field, key, value: valueOfWords(field, words, variable), origin: 'environment' as const };
    }
    if (Object.hasOwn(file, key)) return { field, key, value: file[key], origin: 'file' as const };
    return { field, key, value: field.fallback ?? null, origin: 'default' as const };
  });
}

/** What `niaga start` does: options as typed, else the settings. @param given names of the options that were typed */
export async function withSettings(input: StartInput, given: readonly string[], where: Where): Promise<StartInput> {
  const known = await settings(where);
  const others = known.filter(({ field, origin }) => origin !== 'default' && !given.includes(field.name));
  return {
    ...input,
    ...(Object.fromEntries(others.map(({ field, value }) => [field.name, value])) as Partial<StartInput>),
  };
}

/** The settings of the file after one was changed; no words take it out. @throws NiagaError CONFIG_INVALID */
export async function changedConfig(
  key: string,
  words: readonly string[],
  where: Where,
): Promise<Readonly<Record<string, unknown>>> {
  const field = fieldOf(key);
  const { [key]: _, ...others } = await readConfig(configPath(where));
  return words.length === 0 ? others : { ...others, [key]: valueOfWords(field, words, key) };
}

/** One setting. @throws NiagaError CONFIG_INVALID */
export async function setting(key: string, where: Where): Promise<SettingView> {
  const field = fieldOf(key);
  const found = (await settings(where)).find((one) => one.field === field);
  return { key, value: found?.value, origin: found?.origin };
}

/** How many letters must be put in, taken out or changed (Levenshtein). */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, at) => at);
  for (const [i, letter] of [...a].entries()) {
    let corner = i;
    row = row.reduce<number[]>((next, above, j) => {
      if (j === 0) return [i + 1];
      const cost = Math.min(above + 1, (next[j - 1] ?? 0) + 1, corner + (letter === b[j - 1] ? 0 : 1));
      corner = above;
      return [...next, cost];
    }, []);
  }
  return row[b.length] ?? a.length;
}
