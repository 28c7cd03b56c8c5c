#!/usr/bin/env node
// Writes docs/schemas/ and docs/reference/: what is said in the sources, for those who do not read them.
//
//   npm run build && node scripts/docs.mjs
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { openApi } from '../dist/node/api/openapi.js';
import { KINDS } from '../dist/protocol/index.js';
import { apiPage } from './docs/api-page.mjs';
import { cddl } from './docs/cddl.mjs';
import { cliPage } from './docs/cli-page.mjs';
import { fieldComments } from './docs/field-comments.mjs';
import { jsonSchemaOf } from './docs/json-schema.mjs';
import { operations } from './docs/operations.mjs';
import { errorsPage, recordsPage, tradeStatesPage } from './docs/protocol-pages.mjs';
import { isMain, ROOT, writeFiles } from './lib/files.mjs';

export const SCHEMAS = 'docs/schemas';
export const REFERENCE = 'docs/reference';

/** All generated pages and schemas: path from the root of the repository → content. The same at every run. */
export function docFiles() {
  const comments = fieldComments();
  const schemas = Object.fromEntries(Object.keys(KINDS).map((kind) => [kind, jsonSchemaOf(kind, comments)]));
  const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  const table = operations();
  return new Map([
    ...Object.entries(schemas).map(([kind, schema]) => [`${SCHEMAS}/${kind}.schema.json`, json(schema)]),
    [`${SCHEMAS}/niaga.cddl`, cddl(schemas)],
    [`${REFERENCE}/errors.md`, errorsPage()],
    [`${REFERENCE}/records.md`, recordsPage(schemas)],
    [`${REFERENCE}/trade-states.md`, tradeStatesPage()],
    [`${REFERENCE}/cli.md`, cliPage(table)],
    [`${REFERENCE}/api.md`, apiPage(table)],
    [`${REFERENCE}/openapi.json`, json(openApi(version))],
  ]);
}

function json(value) {
  return `${JSON.stringify(value, null, 2)}\n`;
}

if (isMain(import.meta.url)) await writeFiles(docFiles(), [SCHEMAS, REFERENCE]);
