import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { ROOT } from '../lib/files.mjs';

/**
 * What the fields of records mean, from where it is said: the doc comments in the sources of protocol/. So reference and
 * schemas repeat nothing.
 */

/** @typedef {{comment: string, fields: Map<string, Node>, parts: string[]}} Node */

/** The comments of all schemas: finds a field by the name of its schema and the path to it. */
export function fieldComments(folder = join(ROOT, 'protocol')) {
  const schemas = new Map();
  for (const entry of readdirSync(folder, { withFileTypes: true, recursive: true })) {
    if (!entry.isFile() || !entry.name.endsWith('.ts')) continue;
    const path = join(entry.parentPath, entry.name);
    const source = ts.createSourceFile(path, readFileSync(path, 'utf8'), ts.ScriptTarget.Latest, true);
    for (const statement of source.statements) {
      if (!ts.isVariableStatement(statement)) continue;
      for (const { name, initializer } of statement.declarationList.declarations) {
        if (!ts.isIdentifier(name) || initializer === undefined) continue;
        schemas.set(name.text, nodeOf(initializer, commentOf(statement)));
      }
    }
  }
  return {
    /** The comment at `path` under the schema `name`; empty where there is none. */
    at: (name, path) => resolve(schemas, [name], path)?.comment ?? '',
  };
}

/** @returns {Node} */
function nodeOf(expression, comment) {
  const node = { comment, fields: new Map(), parts: [] };
  visit(expression, node);
  return node;
}

/** Object literals give fields; names of other schemas, wherever they stand, are where to look for the rest. */
function visit(expression, node) {
  if (ts.isObjectLiteralExpression(expression)) {
    for (const property of expression.properties) {
      if (ts.isSpreadAssignment(property)) visit(property.expression, node);
      if (!ts.isPropertyAssignment(property)) continue;
      const name = property.name.getText().replace(/^['"]|['"]$/g, '');
      node.fields.set(name, nodeOf(property.initializer, commentOf(property)));
    }
    return;
  }
  if (ts.isIdentifier(expression)) node.parts.push(expression.text);
  if (ts.isPropertyAccessExpression(expression)) {
    visit(expression.expression, node);
    return;
  }
  if (ts.isFunctionLike(expression)) return;
  ts.forEachChild(expression, (child) => visit(child, node));
}

/** @returns {Node | undefined} */
function resolve(schemas, names, path) {
  for (const name of names) {
    const found = inside(schemas, schemas.get(name), path);
    if (found !== undefined) return found;
  }
  return undefined;
}

function inside(schemas, node, path) {
  if (node === undefined) return undefined;
  const [name, ...rest] = path;
  if (name === undefined) return node;
  const field = node.fields.get(name);
  if (field !== undefined) return inside(schemas, field, rest);
  return resolve(
    schemas,
    node.parts.filter((part) => schemas.has(part) && schemas.get(part) !== node),
    path,
  );
}

/** The text of a doc comment as one line, without what only reads well in the source. */
function commentOf(node) {
  const [jsDoc] = ts.getJSDocCommentsAndTags(node).filter(ts.isJSDoc);
  const text = typeof jsDoc?.comment === 'string' ? jsDoc.comment : ts.getTextOfJSDocComment(jsDoc?.comment);
  return (text ?? '')
    .replace(/\s+/g, ' ')
    .replace(/\{@link ([^}]+)\}/g, '`$1`')
    .replace(/ \(DESIGN section \d+\)/g, '')
    .trim();
}
