import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** One import, export from, or import(): who asks for what, and whether anything of it is there when the program runs. */
export interface Import {
  /** Path from the root of the repository. */
  readonly file: string;
  /** Path from the root with its `.ts`, or the name of a package or builtin. */
  readonly target: string;
  readonly form: 'value' | 'type' | 'dynamic';
}

/** The sources of a folder, without the packages installed there: paths from the root of the repository. */
export function sourcesIn(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name).replaceAll('\\', '/');
    if (entry.isDirectory()) return entry.name === 'node_modules' ? [] : sourcesIn(path);
    return entry.isFile() && /\.m?[tj]s$/.test(entry.name) ? [path] : [];
  });
}

export function parse(file: string): ts.SourceFile {
  return ts.createSourceFile(file, readFileSync(join(ROOT, file), 'utf8'), ts.ScriptTarget.Latest, true);
}

export function importsOf(file: string): Import[] {
  const found: Import[] = [];
  const add = (specifier: ts.Expression | undefined, form: Import['form']): void => {
    if (specifier === undefined || !ts.isStringLiteral(specifier)) return;
    found.push({ file, target: targetOf(file, specifier.text), form });
  };
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node)) add(node.moduleSpecifier, isTypeOnly(node.importClause) ? 'type' : 'value');
    if (ts.isExportDeclaration(node)) add(node.moduleSpecifier, node.isTypeOnly ? 'type' : 'value');
    if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) add(node.argument.literal, 'type');
    if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
      add(node.arguments[0], 'dynamic');
    }
    ts.forEachChild(node, visit);
  };
  visit(parse(file));
  return found;
}

export function importsIn(folder: string): Import[] {
  return sourcesIn(folder).flatMap(importsOf);
}

/** With verbatimModuleSyntax an import stays in the program unless it says `type` as a whole. */
function isTypeOnly(clause: ts.ImportClause | undefined): boolean {
  return clause?.phaseModifier === ts.SyntaxKind.TypeKeyword;
}

function targetOf(file: string, specifier: string): string {
  if (!specifier.startsWith('.')) return specifier;
  return join(dirname(file), specifier).replaceAll('\\', '/').replace(/\.js$/, '.ts');
}

/** Everything that is loaded before the first line of `file` runs: files from the root, packages, builtins. */
export function loadedBy(file: string): Set<string> {
  const loaded = new Set<string>();
  const waiting = [file];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (loaded.has(next)) continue;
    loaded.add(next);
    if (!next.endsWith('.ts')) continue;
    for (const { target, form } of importsOf(next)) if (form === 'value') waiting.push(target);
  }
  return loaded;
}

/** The package of a bare specifier: `@scope/name` or `name`. */
export function packageOf(target: string): string {
  return target
    .split('/')
    .slice(0, target.startsWith('@') ? 2 : 1)
    .join('/');
}
