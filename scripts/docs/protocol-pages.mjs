import { describeMachine, ERRORS, headerSchema, KINDS, MAX_ENVELOPE_OVERHEAD } from '../../dist/protocol/index.js';
import { fieldRows } from './fields.mjs';
import { code, join, page, sentence, table } from './markdown.mjs';

/** The pages about the protocol: errors, records, the states of a trade. */

export function errorsPage() {
  const rows = Object.entries(ERRORS).map(([name, { status, exit, meaning }]) => [code(name), status, exit, meaning]);
  return page(
    'Errors',
    `Every error that people or programs see has one of these codes. Codes are stable: programs may switch on them; the sentences
beside them may change. The API answers with the HTTP status and a problem document ([API](api.md)), the command line ends with
the exit code and prints \`{"error": {code, message, where?, next?, details?}}\` on standard error with \`--json\`.`,
    table(['code', 'HTTP', 'exit', 'meaning'], rows),
    '## Exit codes',
    table(
      ['exit', 'meaning'],
      [
        [0, 'done'],
        [1, 'failed'],
        [2, 'wrong usage'],
        [3, 'no node runs, or there is no identity'],
        [4, 'not allowed'],
        [5, 'not found'],
        [6, 'locked by another process'],
        [7, 'timed out'],
        ['128 + n', 'ended by signal n'],
      ],
    ),
  );
}

/** @param schemas the JSON Schema of each kind, by kind */
export function recordsPage(schemas) {
  const header = Object.keys(headerSchema.shape);
  const [first] = Object.values(schemas);
  const headerRows = fieldRows(first).filter(({ name }) => header.includes(name) && name !== 'kind');
  return page(
    'Records',
    `Everything that nodes send and keep is a record: a payload of strict DAG-CBOR in an envelope \`{payload, signature, delegation}\`.
Its id is the CIDv1 (dag-cbor, sha2-256) of the payload bytes. Signed is the pair ("niaga/1", payload bytes), each with its length
before it as an unsigned varint. \`delegation\` is the id of the delegation of the device that signed, or the whole delegation; it
is absent where the root signs itself. Around the payload an envelope has at most ${MAX_ENVELOPE_OVERHEAD} bytes.`,
    `The same as [JSON Schema](../schemas) and [CDDL](../schemas/niaga.cddl); [test vectors](../../protocol/vectors) show each rule in bytes.
Maps are loose: fields that a reader does not know stay as they are, unless \`crit\` names them. The length of text is counted in
UTF-16 units; text has no control characters but tab and line feed, none that turn the reading direction, and no lone surrogates.`,
    '## Kinds',
    table(
      ['kind', 'payload, bytes', 'signed by', 'what it is'],
      Object.keys(schemas).map((kind) => kindRow(kind, schemas[kind])),
    ),
    '## Fields of every record',
    fieldTable([{ name: 'kind', type: 'text', required: true, description: 'One of the kinds above.' }, ...headerRows]),
    ...Object.entries(schemas).map(([kind, schema]) => {
      return join(`## ${kind}`, sentence(schema.description), fieldTable(fieldRows(schema, { skip: header })));
    }),
  );
}

function kindRow(kind, schema) {
  const { maxBytes, capability } = KINDS[kind];
  const by = capability === 'root' ? 'the root' : `a device that may ${code(capability)}`;
  return [`[${kind}](#${kind})`, maxBytes, by, schema.description];
}

export function fieldTable(rows) {
  return table(
    ['field', 'type', 'required', 'meaning'],
    rows.map(({ name, type, required, description }) => [code(name), type, required ? 'yes' : '', description]),
  );
}

export function tradeStatesPage() {
  return page('States of a trade', describeMachine().trim());
}
