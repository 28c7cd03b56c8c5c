import { z } from 'zod';
import { KINDS, RULES, TRADE_SCHEMAS } from '../../dist/protocol/index.js';

/**
 * The payload of each kind as JSON Schema (draft 2020-12), over its DAG-JSON form. It says what can be said there; what
 * holds between fields, and what text may not contain, stands in the comments.
 */

const TEXTS =
  'Text has no control characters but tab and line feed, no characters that turn the reading direction, and no lone surrogates; its length is counted in UTF-16 units.';

/** DAG-JSON of a byte string: base64 without padding. */
function bytesForm(pattern, description) {
  return {
    description,
    type: 'object',
    properties: {
      '/': {
        type: 'object',
        properties: { bytes: { type: 'string', pattern } },
        required: ['bytes'],
        additionalProperties: false,
      },
    },
    required: ['/'],
    additionalProperties: false,
  };
}

/** What zod cannot know: our own types, by the id in their metadata. */
const DEFINITIONS = {
  cid: {
    description: 'The id of a record (codec dag-cbor) or blob (raw): a CIDv1 with a sha2-256 of 32 bytes, in base32.',
    type: 'object',
    properties: { '/': { type: 'string', pattern: '^b[a-z2-7]{58}$' } },
    required: ['/'],
    additionalProperties: false,
  },
  bytes: bytesForm('^[A-Za-z0-9+/]*$', 'Bytes: a whole envelope.'),
  salt: bytesForm('^[A-Za-z0-9+/]{22,43}$', '16 to 32 random bytes.'),
  bytes16: bytesForm('^[A-Za-z0-9+/]{22}$', '16 bytes.'),
  bytes32: bytesForm('^[A-Za-z0-9+/]{43}$', '32 bytes: an Ed25519 or X25519 public key, or a hash.'),
};
const CURRENCY = {
  description: 'An ISO 4217 code that the protocol knows, or issuer:unit.',
  pattern: '^([A-Z]{3}|z6Mk[1-9A-HJ-NP-Za-km-z]{44}:[a-z0-9][a-z0-9-]{0,31})$',
};

/** The name of one of our own types, by its metadata or that of what it was refined from. */
function customName(schema) {
  for (let one = schema; one !== undefined; one = one._zod.parent) {
    const id = z.globalRegistry.get(one)?.id;
    if (id !== undefined) return id;
  }
  return schema.safeParse(new Uint8Array()).success ? 'bytes' : undefined;
}

/** A slot's beginning is checked by a function, which only answers questions: which beginnings does it take? */
function slotPattern(schema) {
  const takes = (prefix) => schema.safeParse(`${prefix}/x`).success;
  const prefixes = ['listing', 'card'].filter(takes);
  return takes('other') || prefixes.length === 0
    ? undefined
    : `^${prefixes.length === 1 ? prefixes[0] : `(${prefixes.join('|')})`}/.`;
}

/** @param comments as {@link import('./field-comments.mjs').fieldComments} gives them */
export function jsonSchemaOf(kind, comments) {
  const definitions = new Map();
  const override = ({ zodSchema, jsonSchema }) => {
    const pattern = zodSchema._zod.def.type === 'string' ? slotPattern(zodSchema) : undefined;
    if (pattern !== undefined) jsonSchema.pattern = pattern;
    const name = zodSchema._zod.def.type === 'custom' ? customName(zodSchema) : z.globalRegistry.get(zodSchema)?.id;
    if (name === undefined) return;
    definitions.set(name, DEFINITIONS[name] ?? { ...jsonSchema, ...(name === 'currency' ? CURRENCY : {}) });
    for (const key of Object.keys(jsonSchema)) delete jsonSchema[key];
    jsonSchema.$ref = `#/$defs/${name}`;
  };
  // Without zod's own definitions: there two schemas may not have one name, and ours of 32 bytes are made where they stand.
  const options = { unrepresentable: 'any', metadata: z.registry(), override };
  const { $schema, ...body } = z.toJSONSchema(KINDS[kind].schema, options);
  const schema = {
    $schema,
    $id: `urn:niaga:schema:${kind}`,
    title: kind,
    description: commentAt(kind, [], comments) || RULES[kind].help,
    $comment: `The payload in DAG-JSON. At most ${KINDS[kind].maxBytes} bytes as DAG-CBOR. ${TEXTS}`,
    ...body,
    $defs: Object.fromEntries([...definitions].sort(([a], [b]) => (a < b ? -1 : 1))),
  };
  describeFields(schema, (path) => commentAt(kind, path, comments));
  return schema;
}

/** Where the sources say what a kind is. */
function sourceOf(kind) {
  if (Object.hasOwn(TRADE_SCHEMAS, kind)) return ['TRADE_SCHEMAS', [kind]];
  return [`${kind.replaceAll(/-(.)/g, (_, letter) => letter.toUpperCase())}Schema`, []];
}

function commentAt(kind, path, comments) {
  const [name, before] = sourceOf(kind);
  return comments.at(name, [...before, ...path]);
}

/** Adds to every property the comment of its field. */
function describeFields(schema, commentOf, path = []) {
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    const inner = [...path, name];
    if (Object.keys(property).length === 0) throw new Error(`${inner.join('.')} has no form in JSON Schema`);
    const comment = commentOf(inner);
    if (comment !== '' && property.description === undefined) property.description = comment;
    describeFields(innerOf(property), commentOf, inner);
  }
}

/** The schema of an object inside of lists and alternatives. */
function innerOf(schema) {
  if (schema.items !== undefined && schema.items !== false) return innerOf(schema.items);
  return schema.anyOf?.find((one) => one.properties !== undefined) ?? schema;
}
