import { isNiagaError, type ErrorBody } from '../protocol/errors.js';

/** What can be read of a list, and what the disk has damaged: which one that is, and what to do. */
export interface Listed<V> {
  readonly items: V[];
  readonly damaged: readonly ErrorBody[];
}

/** Read at the same time: a disk that is asked for one after the other answers each in a turn of its own. */
const AT_ONCE = 50;

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
  const readOne = async (id: string): Promise<{ item?: V | undefined; damage?: ErrorBody }> => {
    try {
      return { item: await read(id) };
    } catch (error) {
      if (!isNiagaError(error, 'RECORD_CORRUPT')) throw error;
      return { damage: { ...error.toJSON(), where: id } };
    }
  };
  let next: string[] = [];
  const readNext = async (): Promise<void> => {
    for (const { item, damage } of await Promise.all(next.map(readOne))) {
      if (item !== undefined) items.push(item);
      if (damage !== undefined) damaged.push(damage);
    }
    next = [];
  };
  for (const id of ids) {
    if (items.length === limit) break;
    // Never more than are wanted still.
    if (next.push(id) === Math.min(limit - items.length, AT_ONCE)) await readNext();
  }
  await readNext();
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
