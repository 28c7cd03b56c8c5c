import type { NodeOperationKey } from '../../node/api/handlers.js';
import type { Operations } from '../../node/api/operations.js';

/**
 * The names of operations, `trade.pay`, from the operation table: as types only, so that the table with its schemas is not
 * loaded by phones.
 */
type Joined<Words extends readonly string[]> = Words extends readonly [infer First extends string, ...infer Rest]
  ? Rest extends readonly [string, ...string[]]
    ? `${First}.${Joined<Rest>}`
    : First
  : never;

type NameOfKey = { [Key in NodeOperationKey]: Joined<Operations[Key]['command']> };
type KeyOfName = { [Key in NodeOperationKey as NameOfKey[Key]]: Key };

type OperationName = keyof KeyOfName;
export type KeyNamed<Name extends OperationName> = KeyOfName[Name];
/** The names of the operations that answer in `Answer`'s way. */
export type NameAnswering<Answer extends 'one' | 'page' | 'stream'> = {
  [Name in OperationName]: Operations[KeyOfName[Name]]['answer'] extends Answer ? Name : never;
}[OperationName];
/** The names of the operations that change something. Those that answer with a secret take no key, so they are not for this page. */
export type NameChanging = {
  [Name in OperationName]: Operations[KeyOfName[Name]] extends { changes: true; secret?: never } ? Name : never;
}[OperationName];
