/**
 * CDDL (RFC 8610) from our JSON Schemas, which are made from the same schemas that nodes check with. On the wire the
 * records are CBOR: an id is tag 42, bytes are bytes.
 */

const PRELUDE = `; The payloads of Niaga's records, in strict DAG-CBOR: definite and shortest lengths, keys sorted by length and then bytes,
; no floats, no tag but 42. Made by npm run docs.
;
; What CDDL cannot say: the length of text is counted in UTF-16 units (here as a comment), and text has no control
; characters but tab and line feed, none that turn the reading direction, and no lone surrogates.

; What is stored and sent: payload, its signature, and the delegation of the device by its id or whole.
envelope = {
  payload: bytes .cbor record,
  signature: bytes .size 64,
  ? delegation: cid / bytes .cbor envelope,
}

; CIDv1 with a zero before it: dag-cbor for a record, raw for a blob, sha2-256.
cid = #6.42(bytes .size 37)
bytes16 = bytes .size 16
bytes32 = bytes .size 32
`;

/** The fields that every kind starts with, said once. */
const HEADER = ['network', 'trader', 'device', 'created', 'crit'];

const PRELUDE_TYPES = new Set(['cid', 'bytes', 'bytes16', 'bytes32']);
const INDENT = '  ';
const MAX_COMMENT = 110;

/** @param schemas the JSON Schema of each kind, by kind */
export function cddl(schemas) {
  const shared = new Map();
  for (const { $defs } of Object.values(schemas)) {
    for (const [name, schema] of Object.entries($defs)) if (!PRELUDE_TYPES.has(name)) shared.set(name, schema);
  }
  const rules = [
    PRELUDE,
    `record =\n${Object.keys(schemas)
      .map((kind) => `  / ${kind}\n`)
      .join('')}`.replace('  / ', '  '),
    headerRule(Object.values(schemas)[0]),
    ...[...shared].map(([name, schema]) => rule(name, schema)),
    ...Object.entries(schemas).map(([kind, schema]) => rule(kind, schema)),
  ];
  return rules.join('\n');
}

function headerRule(schema) {
  const members = HEADER.map((name) => member(name, schema.properties[name], schema.required, INDENT));
  return `; What every payload starts with.\nheader = (\n${members.join('')})\n`;
}

function rule(name, schema) {
  return `${comment(schema.description, '')}${name} = ${typeOf(schema, '')}\n`;
}

function comment(text, indent) {
  if (text === undefined || text === '') return '';
  const lines = [''];
  for (const word of text.split(' ')) {
    if (lines.at(-1).length + word.length + 1 > MAX_COMMENT - indent.length) lines.push('');
    lines.push(`${lines.pop()} ${word}`);
  }
  return lines.map((line) => `${indent};${line}\n`).join('');
}

function typeOf(schema, indent) {
  if (schema.$ref !== undefined) return schema.$ref.replace('#/$defs/', '');
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum !== undefined) return schema.enum.map((word) => JSON.stringify(word)).join(' / ');
  if (schema.anyOf !== undefined) return schema.anyOf.map((one) => typeOf(one, indent)).join(' / ');
  switch (schema.type) {
    case 'string':
      return schema.pattern === undefined ? 'text' : `text .regexp ${JSON.stringify(whole(schema.pattern))}`;
    case 'integer':
      return integer(schema);
    case 'boolean':
      return 'bool';
    case 'null':
      return 'null';
    case 'array':
      return list(schema, indent);
    case 'object':
      return object(schema, indent);
    default:
      throw new Error(`no CDDL for ${JSON.stringify(schema)}`);
  }
}

/** CDDL matches the whole text (RFC 8610 section 3.8.3, by XSD), JSON Schema any part of it. */
function whole(pattern) {
  return `${pattern.startsWith('^') ? '' : '.*'}${pattern.replace(/^\^|\$$/g, '')}${pattern.endsWith('$') ? '' : '.*'}`;
}

function integer({ minimum, maximum }) {
  if (minimum === 0 && maximum === Number.MAX_SAFE_INTEGER) return `0..${maximum}`;
  return `${minimum}..${maximum}`;
}

function list({ items, prefixItems, minItems = 0, maxItems = '' }, indent) {
  if (prefixItems !== undefined) return `[${prefixItems.map((one) => typeOf(one, indent)).join(', ')}]`;
  if (maxItems === 0) return '[]';
  const inner = typeOf(items, indent);
  return `[${minItems}*${maxItems} ${items.anyOf === undefined ? inner : `(${inner})`}]`;
}

function object({ properties, required = [], propertyNames, additionalProperties }, indent) {
  if (propertyNames !== undefined) return `{* text => ${typeOf(additionalProperties, indent)}}`;
  const inner = indent + INDENT;
  const isPayload = indent === '' && HEADER.every((name) => name in properties);
  const members = Object.entries(properties).map(([name, schema]) => {
    if (!isPayload || !HEADER.includes(name)) return member(name, schema, required, inner);
    return name === HEADER[0] ? `${inner}header,\n` : '';
  });
  return `{\n${members.join('')}${inner}* text => any,\n${indent}}`;
}

function member(name, schema, required, indent) {
  // Nothing fits: the field must not be there.
  if (schema.not !== undefined) return comment(`There is no "${name}".`, indent);
  const optional = required.includes(name) ? '' : '? ';
  return `${comment(schema.description, indent)}${indent}${optional}${name}: ${typeOf(schema, indent)},${sizeOf(schema)}\n`;
}

/** The limits of a text, as a comment at the end of its line. */
function sizeOf({ type, minLength = 0, maxLength }) {
  if (type !== 'string' || maxLength === undefined) return '';
  return ` ; ${minLength} to ${maxLength} UTF-16 units`;
}
