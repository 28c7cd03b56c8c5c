import { NiagaError } from '../../protocol/errors.js';
import { jsonCodec } from './codec.js';
import type { Store, Write } from './index.js';
import { newerSchema, writeSchema } from './schema-file.js';

/** A change of what the tables mean, done once in each store that is older. */
export interface Migration {
  /** Of the schema after it: 1, 2, 3, … */
  readonly version: number;
  /** What it changes, for the log. */
  readonly name: string;
  /** Reads what it needs and returns all that changes. It is written in one batch, together with the new version. */
  migrate(store: Pick<Store, 'table'>): Promise<readonly Write[]>;
}

/** In order. A released one is never changed or taken away. */
export const MIGRATIONS: readonly Migration[] = [];

/** The table of the store's own affairs. */
export const META_TABLE = 'meta';
const SCHEMA_KEY = 'schema';

export interface MigrationContext {
  readonly store: Pick<Store, 'table'>;
  readonly write: (writes: readonly Write[]) => Promise<void>;
  readonly migrations: readonly Migration[];
  /** True for a store that has never been written: there is nothing to migrate. */
  readonly fresh: boolean;
  readonly path: string;
  /** Awaited before the first step of a store that is older. */
  readonly onOlder: () => Promise<void>;
  readonly onMigrated: (migration: Migration) => void;
}

/**
 * Brings a store to the newest schema, one atomic step after the other.
 * @throws NiagaError HOME_NEWER: its schema is of a newer version of Niaga.
 */
export async function migrate({
  store,
  write,
  migrations,
  fresh,
  path,
  onOlder,
  onMigrated,
}: MigrationContext): Promise<void> {
  const meta = store.table(META_TABLE, jsonCodec<{ version: number }>());
  const newest = migrations.at(-1)?.version ?? 0;
  const current = (await meta.get(SCHEMA_KEY))?.version ?? 0;
  if (current > newest) throw newerSchema(current, newest, path);
  if (fresh && newest > 0) await write([meta.put(SCHEMA_KEY, { version: newest })]);
  if (fresh || current === newest) return writeSchema(path, newest);
  await onOlder();
  for (const migration of migrations) {
    if (migration.version <= current) continue;
    const writes = await run(migration, store);
    await write([...writes, meta.put(SCHEMA_KEY, { version: migration.version })]);
    await writeSchema(path, migration.version);
    onMigrated(migration);
  }
}

async function run(migration: Migration, store: Pick<Store, 'table'>): Promise<readonly Write[]> {
  try {
    return await migration.migrate(store);
  } catch (error) {
    if (error instanceof NiagaError) throw error;
    const { version, name } = migration;
    throw new NiagaError('INTERNAL', `The step to schema ${version} of the store ("${name}") failed`, {
      next: 'Nothing of it was kept. Use the version of Niaga from before, and report this.',
      cause: error,
    });
  }
}
