import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { decode } from '../../protocol/cbor.js';
import { KINDS, type Kind } from '../../protocol/kinds.js';
import { docFiles, REFERENCE, SCHEMAS } from '../../scripts/docs.mjs';
import { toDagJson } from '../../scripts/lib/dag-json.mjs';
import { filesIn, ROOT } from '../../scripts/lib/files.mjs';
import { FOLDER, vectorFiles } from '../../scripts/vectors.mjs';
import { problemsOf } from '../support/json-schema.js';
import { bytesOf, vectors, type EnvelopeCase, type RecordFile } from '../support/vectors.js';

const kinds = Object.keys(KINDS) as Kind[];

describe.each([
  ['docs', docFiles, [SCHEMAS, REFERENCE]],
  ['vectors', vectorFiles, [FOLDER]],
] as const)('generated %s', (_, generate, folders) => {
  let files: ReadonlyMap<string, string>;
  beforeAll(() => {
    files = generate();
    // A machine on which other tests run takes long for it.
  }, 300_000);

  it('are fresh: run "npm run docs" when this fails', () => {
    const stale = [...files].filter(([path, content]) => readText(path) !== content).map(([path]) => path);
    expect(stale).toEqual([]);
  });

  it('are all that stands in their folders', async () => {
    const found = await Promise.all(folders.map(filesIn));
    expect(found.flat().sort()).toEqual([...files.keys()].sort());
  });
});

function readText(path: string): string | undefined {
  try {
    return readFileSync(join(ROOT, path), 'utf8');
  } catch {
    return undefined;
  }
}

describe.each(kinds)('the JSON Schema of a %s', (kind) => {
  const schema = JSON.parse(readText(`${SCHEMAS}/${kind}.schema.json`) ?? '{}') as Record<string, unknown>;
  const { cases } = vectors<RecordFile>(kind);

  it('accepts every valid vector', () => {
    for (const { description, payload } of cases.filter((one) => one.valid && one.payload !== undefined)) {
      expect(problemsOf(schema, payload), description).toEqual([]);
    }
  });

  it('refuses every vector that lacks a field or has true in its place', () => {
    const named = cases.filter(({ description }) => /^(no field|true as) "/.test(description));
    expect(named.length).toBeGreaterThanOrEqual(2 * (schema['required'] as string[]).length);
    for (const one of named) expect(problemsOf(schema, payloadOf(one)), one.description).not.toEqual([]);
  });
});

/** The payload of an envelope that is well-formed, whatever is wrong with what it says. */
function payloadOf({ bytes }: EnvelopeCase): unknown {
  const envelope = decode(bytesOf(bytes)) as { payload: Uint8Array };
  return toDagJson(decode(envelope.payload));
}

it('what only the protocol sees of what is wrong in a field, and no JSON Schema can say, is this', () => {
  const wrong = kinds.flatMap((kind) => {
    const schema = JSON.parse(readText(`${SCHEMAS}/${kind}.schema.json`) ?? '{}') as Record<string, unknown>;
    const cases = vectors<RecordFile>(kind).cases.filter(({ code }) => code === 'RECORD_SCHEMA');
    return cases.map((one) => ({
      kind,
      description: one.description,
      problems: problemsOf(schema, tryPayloadOf(one)),
    }));
  });
  const unseen = wrong.filter(({ problems }) => problems.length === 0);
  expect(unseen.map(({ kind, description }) => `${kind}: ${description}`)).toMatchInlineSnapshot(`
    [
      "delegation: a device key of small order",
      "delegation: a device key with a part of small order",
      "delegation: a device key that is no point",
      "delegation: a label with a bell",
      "capsule: a size that no capsule has",
      "profile: a name that turns the reading direction",
      "arbiter-offer: two fees in one currency",
      "ratings: an empty envelope",
      "ratings: an envelope of 12289 bytes",
      "listing: the slot of another sku",
      "listing: the sku of another slot",
      "listing: a title with a line break",
      "listing: a title with an escape character",
      "listing: a title with a character that turns the reading direction",
      "listing: a currency that there is not",
      "listing: a least order above the largest",
      "listing: a sku that two variants have",
      "listing: a latitude without a longitude",
      "listing: an end before the beginning",
      "chat: text that turns the reading direction",
      "chat: a file with a path",
    ]
  `);
});

/** As {@link payloadOf}; an integer of 64 bits, which JSON cannot hold, as text. */
function tryPayloadOf(one: EnvelopeCase): unknown {
  const envelope = decode(bytesOf(one.bytes)) as { payload: Uint8Array };
  const plain = (value: unknown): unknown => {
    if (typeof value === 'bigint') return value.toString();
    if (Array.isArray(value)) return value.map(plain);
    if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype) return value;
    return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, plain(field)]));
  };
  return toDagJson(plain(decode(envelope.payload)));
}
