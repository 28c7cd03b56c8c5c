import { Raw, canonicalEntries, map } from '../lib/raw-cbor.mjs';

/** Small changes to a payload, by the path of a field. */

/** Sets a field, also one in an inner object. A {@link Raw} value makes the objects around it raw. */
export function edit(path, value) {
  return (payload) => replaced(payload, path.split('.'), () => value);
}

export function without(path) {
  return (payload) => replaced(payload, path.split('.'), () => undefined);
}

function replaced(object, [name, ...rest], value) {
  const inner = rest.length === 0 ? value() : replaced(object[name], rest, value);
  const all = Object.entries({ ...object, [name]: inner }).filter(([, field]) => field !== undefined);
  const raw = inner instanceof Raw || (Array.isArray(inner) && inner.some((one) => one instanceof Raw));
  return raw ? map(canonicalEntries(Object.fromEntries(all))) : Object.fromEntries(all);
}

/** Rows of `[description, change, code]` as invalid cases; the code is RECORD_SCHEMA unless said. */
export function changed(rows) {
  return rows.map(([description, change, code = 'RECORD_SCHEMA']) => ({ description, change, code }));
}
