import { ERRORS } from '../../protocol/errors.js';
import { EVENT_TYPES } from '../events/types.js';
import { DEFAULT_HOST, DEFAULT_PORT } from './address.js';
import { EVENT_DATA } from './event-data.js';
import { NDJSON } from './ndjson.js';
import { SCOPES, type Operation } from './operation.js';
import { OPERATIONS } from './operations.js';
import { PROBLEM_JSON } from './problem.js';
import { PREFIX } from './routes.js';
import { nodeOperationSchemas, schemaOf, type JsonSchema, type OperationSchemas } from './schemas.js';

const documents = new Map<string, JsonSchema>();

/** The local API as OpenAPI 3.1, made from the operation table. */
export function openApi(version: string): JsonSchema {
  let document = documents.get(version);
  if (document === undefined) documents.set(version, (document = make(version)));
  return document;
}

const TAGS: Readonly<Record<string, string>> = {
  node: 'The node itself, and what has no group of its own',
  listing: 'Own listings, and others’',
  trade: 'Trades and their steps',
  watch: 'Searches that are kept',
  inbox: 'What waits for the trader',
  chat: 'Messages between traders',
  file: 'Files that came',
  picture: 'Pictures of listings',
  arbiter: 'Arbiters',
  trader: 'Other traders',
  identity: 'The trader’s words and devices',
  block: 'Block lists',
  evidence: 'What sellers signed that cannot be true',
  token: 'Who else may use the API',
  webhook: 'Events that are brought to other programs',
  search: 'Finding listings',
};

function make(version: string): JsonSchema {
  const operations = nodeOperationSchemas();
  return {
    openapi: '3.1.0',
    info: {
      title: 'Niaga',
      version,
      summary: 'The local API of a peer-to-peer trading node.',
      description: ABOUT,
      license: { name: 'MIT OR Apache-2.0', identifier: 'MIT OR Apache-2.0' },
    },
    servers: [{ url: `http://${DEFAULT_HOST}:${DEFAULT_PORT}` }],
    security: [{ token: [] }],
    tags: [...new Set(['node', ...operations.map(tagOf)])].map((name) => ({ name, description: TAGS[name] ?? name })),
    paths: {
      ...Object.fromEntries(operations.map((each) => [PREFIX + each.name, { post: operationObject(each) }])),
      ...ownPaths(),
    },
    components: {
      securitySchemes: { token: { type: 'http', scheme: 'bearer' } },
      schemas: { Error: errorSchema(), Problem: problemSchema(), Event: eventSchema(operations) },
      parameters: { IdempotencyKey: idempotencyKey() },
      responses: {
        Problem: {
          description: 'What was wrong.',
          content: { [PROBLEM_JSON]: { schema: { $ref: '#/components/schemas/Problem' } } },
        },
      },
    },
  };
}

const ABOUT = `**Where and who.** A running node keeps the file \`api.json\` in its home, in the folder of its network: \`HOME/main/api.json\`, with
\`{"url": "http://127.0.0.1:4180", "token": "…", "pid": …, "trader": "…"}\`. Only the owner's account can read it, each start makes the token anew, and the
file goes when the node stops. Send \`Authorization: Bearer TOKEN\`. Programs get tokens of their own: niaga token create.

**Answers.** JSON. A stream is \`application/x-ndjson\`: a line of JSON for each output. Refusals are problem documents (RFC 9457) with a stable code.
Money is \`{"amount": "8500000", "currency": "IDR"}\`, in minor units as text; where it is asked for, it is text such as "85000 IDR". Times are
milliseconds since 1970 UTC.

**A trade, from one state to the next.** The buyer asks \`search\` and then \`offer\`: the trade is \`offered\`. Seller: \`trade.accept\` (or \`trade.counter\`, then it
is the buyer's turn to accept): \`accepted\`. Buyer, having paid in the usual way: \`trade.pay\`: \`paid\`. Seller, having seen the money: \`trade.confirm\`:
\`payment-confirmed\`. Seller: \`trade.ship\`: \`shipped\`. Buyer: \`trade.receive\`: \`received\`, then \`trade.approve\`: \`completed\`. Then each may \`trade.rate\`
the other. A step is on the disk when its answer comes, and reaches the other side when that is online: there an event
\`trade-changed\` tells of it (\`GET /events\`), and \`trade.show\` says what may be done next and what is due.`;

const MEDIA_TYPES = [...OPERATIONS.pictureSave.output.shape.type.options, 'application/octet-stream'];

const PROBLEMS = {
  '4XX': { $ref: '#/components/responses/Problem' },
  '5XX': { $ref: '#/components/responses/Problem' },
};

function tagOf({ row }: OperationSchemas): string {
  return row.command.length > 1 ? row.command[0] : 'node';
}

function operationObject(operation: OperationSchemas): object {
  const { key, row, input, output } = operation;
  const required = Array.isArray(input['required']) && input['required'].length > 0;
  return {
    operationId: key,
    summary: row.help,
    tags: [tagOf(operation)],
    'x-scope': row.scope,
    'x-changes': row.changes,
    'x-confirm': row.confirm,
    'x-strangers-text': row.strangersText,
    ...(row.changes && row.secret !== true ? { parameters: [{ $ref: '#/components/parameters/IdempotencyKey' }] } : {}),
    // An empty body stands for {}.
    requestBody: { required, content: { 'application/json': { schema: input } } },
    responses: { 200: answerTo(row.answer, output), ...PROBLEMS },
  };
}

function answerTo(kind: Operation['answer'], output: JsonSchema): object {
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
        content: { [NDJSON]: { schema: { description: 'One line.', anyOf: [output, failed] } } },
      };
    }
  }
}

/** What the server answers beside the rows of the table (routes.ts). */
function ownPaths(): object {
  const text = (description: string, type: string) => ({
    description,
    content: { [type]: { schema: { type: 'string' } } },
  });
  const json = (description: string, example: object) => ({
    description,
    content: { 'application/json': { schema: { type: 'object' }, example } },
  });
  const get = (operationId: string, summary: string, more: object) => ({
    get: { operationId, summary, tags: ['node'], ...more },
  });
  const open = (operationId: string, summary: string, responses: object) =>
    get(operationId, summary, { security: [], responses: { ...responses, ...PROBLEMS } });
  return {
    '/': open('welcome', 'A word of welcome, or the page', { 200: text('It.', 'text/plain') }),
    '/health': open('health', 'Whether the process answers', { 200: json('It does.', { ok: true }) }),
    '/ready': open('ready', 'Whether the node is ready', {
      200: json('It is.', { ready: true }),
      503: json('Not yet, or no more.', { ready: false }),
    }),
    '/openapi.json': open('openapi', 'This document', { 200: json('It.', { openapi: '3.1.0' }) }),
    '/session': {
      post: {
        operationId: 'session',
        summary: 'Change the code of a link that "niaga open" made into a token, once; the token ends with the node',
        tags: ['node'],
        security: [],
        requestBody: {
          required: true,
          content: {
            'application/json': {
              schema: {
                type: 'object',
                properties: { code: { type: 'string', description: 'What stands after #code= in the link' } },
                required: ['code'],
                additionalProperties: false,
              },
            },
          },
        },
        responses: { 200: { description: 'The token.', content: sessionContent() }, ...PROBLEMS },
      },
    },
    '/session/end': {
      post: {
        operationId: 'sessionEnd',
        summary: 'End the token with which this is asked: who signs out of a page',
        tags: ['node'],
        'x-scope': 'read',
        responses: {
          200: json('Whether it has ended: the token of api.json ends with the node only.', { ended: true }),
          ...PROBLEMS,
        },
      },
    },
    '/media/{picture}': get('media', 'A picture that is on this node, as a browser shows it', {
      'x-scope': 'read',
      description:
        'What the bytes are is found by taking them apart; what does not draw the picture is left out. Anything that is no picture comes as bytes to save (application/octet-stream, as an attachment). Nobody is asked for what is not here: see picture.list.',
      parameters: [{ name: 'picture', in: 'path', required: true, description: 'Its id', schema: { type: 'string' } }],
      responses: {
        200: {
          description: 'The picture.',
          content: Object.fromEntries(MEDIA_TYPES.map((type) => [type, { schema: { type: 'string' } }])),
        },
        ...PROBLEMS,
      },
    }),
    '/metrics': get('metrics', 'Figures of this node in the text format of Prometheus', {
      'x-scope': 'read',
      responses: { 200: text('The figures.', 'text/plain'), ...PROBLEMS },
    }),
    '/events': get('listen', 'Events as they come, as server-sent events', {
      'x-scope': 'read',
      description:
        'The id of each is its number: who comes back with Last-Event-ID goes on after it and misses nothing. The first event has an id alone: where the log stands. Lines that begin with a colon say only that the connection lives.',
      parameters: [
        {
          name: 'Last-Event-ID',
          in: 'header',
          description: 'Only events with a higher number; comes before `after`',
          schema: { type: 'integer', minimum: 0 },
        },
        {
          name: 'after',
          in: 'query',
          description: 'Only events with a higher number; those to come unless said',
          schema: { type: 'integer', minimum: 0 },
        },
        {
          name: 'type',
          in: 'query',
          description: 'Only events of these types, and gaps in which one of them may have been',
          schema: { type: 'array', items: { type: 'string', enum: EVENT_TYPES } },
        },
      ],
      responses: {
        200: {
          description: 'In the data of each: an event, as the operation `events` gives it.',
          content: { 'text/event-stream': { schema: { $ref: '#/components/schemas/Event' } } },
        },
        ...PROBLEMS,
      },
    }),
  };
}

function sessionContent(): object {
  const properties = {
    name: { type: 'string' },
    token: { type: 'string', description: 'For the header Authorization: Bearer TOKEN' },
    scopes: { type: 'array', items: { type: 'string', enum: SCOPES } },
    created: { type: 'integer' },
    page: { type: 'boolean' },
  };
  return { 'application/json': { schema: { type: 'object', properties, required: Object.keys(properties) } } };
}

function idempotencyKey(): object {
  return {
    name: 'Idempotency-Key',
    in: 'header',
    description:
      'Does the request once: sent again within a day with the same key and the same body, it gets the same answer (with Idempotency-Replayed: true). With another body it is refused (IDEMPOTENCY_MISMATCH), while the first one runs too (IDEMPOTENCY_BUSY). A new random UUID for each request is good.',
    schema: { type: 'string', minLength: 1, maxLength: 200 },
  };
}

/** Of the stream `events`: what one of its lines is, with what each type of event tells. */
function eventSchema(operations: readonly OperationSchemas[]): JsonSchema {
  const event = operations.find(({ key }) => key === 'events')?.output ?? {};
  const anyOf = Object.entries(EVENT_DATA).map(([type, schema]) => {
    const { description, ...data } = schemaOf(schema);
    return { description, properties: { type: { const: type }, data } };
  });
  return { ...event, anyOf };
}

const ERROR_FIELDS = {
  code: { type: 'string', enum: Object.keys(ERRORS) },
  message: { type: 'string', description: 'What was wrong' },
  where: { type: 'string', description: 'In which field, line or path' },
  next: { type: 'string', description: 'What to do next' },
  details: { type: 'object', description: 'Figures for programs' },
};

function errorSchema(): object {
  return { type: 'object', properties: ERROR_FIELDS, required: ['code', 'message'] };
}

/** RFC 9457, with our own fields beside the standard ones. */
function problemSchema(): object {
  const properties = {
    type: { type: 'string', format: 'uri', description: 'urn:niaga:error:CODE' },
    title: { type: 'string', description: 'What the code means' },
    status: { type: 'integer' },
    detail: { type: 'string', description: 'The message' },
    ...ERROR_FIELDS,
  };
  return { type: 'object', properties, required: ['type', 'title', 'status', 'detail', 'code', 'message'] };
}
