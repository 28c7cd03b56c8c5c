/** The operation table as JSON Schemas, for the pages: [{ key, row, name, input, output }] in the order of the table. */
export { operationSchemas as operations } from '../../dist/node/api/schemas.js';
