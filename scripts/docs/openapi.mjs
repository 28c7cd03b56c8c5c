import { ERRORS } from '../../dist/protocol/index.js';
import { DEFAULT_HOST, DEFAULT_PORT } from '../../dist/node/api/address.js';

/** OpenAPI 3.1 of the local API (node/api/app.ts). */
export function openApi(operations, version) {
  const ofNode = operations.filter(({ row }) => row.runs === 'node');
  return {
    openapi: '3.1.0',
    info: {
      title: 'Niaga',
      version,
      summary: 'The local API of a peer-to-peer trading node.',
      description: 'Address and token stand in api.json in the home; each start makes a new token.',
      license: { name: 'MIT OR Apache-2.0', identifier: 'MIT OR Apache-2.0' },
    },
    servers: [{ url: `http://${DEFAULT_HOST}:${DEFAULT_PORT}` }],
    security: [{ token: [] }],
    tags: [...new Set(ofNode.map(tagOf))].map((name) => ({ name })),
    paths: {
      ...Object.fromEntries(ofNode.map((operation) => [`/v1/${operation.name}`, { post: operationObject(operation) }])),
      '/health': { get: open('health', 'Whether the process answers', { 200: answer('It does.', { ok: true }) }) },
      '/ready': {
        get: open('ready', 'Whether the node is ready', {
          200: answer('It is.', { ready: true }),
          503: answer('Not yet, or no more.', { ready: false }),
        }),
      },
    },
    components: {
      securitySchemes: { token: { type: 'http', scheme: 'bearer' } },
      schemas: { Error: errorSchema(), Problem: problemSchema() },
      responses: {
        Problem: {
          description: 'What was wrong.',
          content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
        },
      },
    },
  };
}

function tagOf({ row }) {
  return row.command.length > 1 ? row.command[0] : 'node';
}

function operationObject(operation) {
  const { key, row, input, output } = operation;
  return {
    operationId: key,
    summary: row.help,
    tags: [tagOf(operation)],
    'x-scope': row.scope,
    'x-changes': row.changes,
    'x-confirm': row.confirm,
    'x-strangers-text': row.strangersText,
    // An empty body stands for {}.
    requestBody: { required: (input.required ?? []).length > 0, content: { 'application/json': { schema: input } } },
    responses: { 200: response(row.answer, output), default: { $ref: '#/components/responses/Problem' } },
  };
}

function response(kind, output) {
  switch (kind) {
    case 'one':
      return { description: 'The output.', content: { 'application/json': { schema: output } } };
    case 'page': {
      const next = { type: 'string', description: 'There are more: give this as `after`' };
      const damaged = {
        type: 'array',
        items: { $ref: '#/components/schemas/Error' },
        description: 'What of the list cannot be read from this disk: `where` is which, `next` what to do',
      };
      const schema = {
        type: 'object',
        properties: { items: { type: 'array', items: output }, next, damaged },
        required: ['items'],
      };
      return { description: 'A part of the list.', content: { 'application/json': { schema } } };
    }
    case 'stream': {
      const failed = {
        type: 'object',
        properties: { error: { $ref: '#/components/schemas/Error' } },
        required: ['error'],
        additionalProperties: false,
      };
      return {
        description:
          'A line for each output, each as soon as it is known. What goes wrong after the first is the last line.',
        content: { 'application/x-ndjson': { schema: { description: 'One line.', anyOf: [output, failed] } } },
      };
    }
    default:
      throw new Error(`no answer of the kind ${kind}`);
  }
}

function open(operationId, summary, responses) {
  return { operationId, summary, security: [], tags: ['node'], responses };
}

function answer(description, example) {
  return { description, content: { 'application/json': { schema: { type: 'object' }, example } } };
}

const ERROR_FIELDS = {
  code: { type: 'string', enum: Object.keys(ERRORS) },
  message: { type: 'string', description: 'What was wrong' },
  where: { type: 'string', description: 'In which field, line or path' },
  next: { type: 'string', description: 'What to do next' },
  details: { type: 'object', description: 'Figures for programs' },
};

function errorSchema() {
  return { type: 'object', properties: ERROR_FIELDS, required: ['code', 'message'] };
}

/** RFC 9457, with our own fields beside the standard ones. */
function problemSchema() {
  const properties = {
    type: { type: 'string', format: 'uri', description: 'urn:niaga:error:CODE' },
    title: { type: 'string', description: 'What the code means' },
    status: { type: 'integer' },
    detail: { type: 'string', description: 'The message' },
    ...ERROR_FIELDS,
  };
  return { type: 'object', properties, required: ['type', 'title', 'status', 'detail', 'code', 'message'] };
}
