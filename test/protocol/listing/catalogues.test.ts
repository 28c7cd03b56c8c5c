import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { readItem } from '../../../protocol/listing/input.js';
import { sharedPath } from '../../support/shared.js';

describe.each([
  ['catalog-esci.ndjson.gz', 6_764, 1_987],
  ['catalog-id.ndjson.gz', 1_321, 1_321],
])('%s', (name, count, priced) => {
  const path = sharedPath('data', name);

  it.skipIf(path === undefined)(`goes in whole (skipped without ../shared/data/${name})`, () => {
    const lines = gunzipSync(readFileSync(path ?? ''))
      .toString('utf8')
      .trimEnd()
      .split('\n');
    const results = lines.map((line) => readItem(JSON.parse(line)));
    expect(results.length).toBe(count);
    expect(results.filter(({ item }) => item.price !== null).length).toBe(priced);
    expect(new Set(results.map(({ item }) => item.sku)).size).toBe(count);
    // The one field of these lines that a listing has not.
    expect(new Set(results.flatMap(({ warnings }) => warnings.map(({ where }) => where)))).toEqual(new Set(['source']));
  });
});
