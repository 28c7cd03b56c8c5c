import { isNiagaError, type ErrorBody } from '../protocol/errors.js';

/** What can be read of a list, and what the disk has damaged: which one that is, and what to do. */
export interface Listed<V> {
  readonly items: V[];
  readonly damaged: readonly ErrorBody[];
}

/**
 * Reads so many of a list. One that is damaged takes nothing else along.
 * @param read undefined for one that is not shown
 */
export async function listed<V>(
  ids: Iterable<string>,
  limit: number,
  read: (id: string) => Promise<V | undefined>,
): Promise<Listed<V>> {
  const items: V[] = [];
  const damaged: ErrorBody[] = [];
  for (const id of ids) {
    if (items.length === limit) break;
    try {
      const item = await read(id);
      if (item !== undefined) items.push(item);
    } catch (error) {
      if (!isNiagaError(error, 'RECORD_CORRUPT')) throw error;
      damaged.push({ ...error.toJSON(), where: id });
    }
  }
  return { items, damaged };
}

/** What was read; undefined where the disk has damaged it: for whoever looks at many. */
export async function unlessDamaged<V>(read: Promise<V>): Promise<V | undefined> {
  try {
    return await read;
  } catch (error) {
    if (isNiagaError(error, 'RECORD_CORRUPT')) return undefined;
    throw error;
  }
}
