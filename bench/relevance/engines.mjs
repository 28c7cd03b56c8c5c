// Full-text search that developers would take from the shelf, on one machine, with everything in its hands: whole
// descriptions where our cards have 40 stems of them. As their manuals say, with their defaults.
import { readFileSync } from 'node:fs';

/** What all of them get to read of a listing. */
const FIELDS = ['title', 'description', 'category', 'brand', 'attributes'];
const WORD = /[\p{L}\p{N}]+/gu;

function documentOf({ id, title, description, category, brand, attributes }) {
  const texts = Object.values(attributes ?? {}).filter((value) => typeof value === 'string');
  return {
    id,
    title,
    description: description ?? '',
    category: category.join(' '),
    brand: brand ?? '',
    attributes: texts.join(' '),
  };
}

/** minisearch: BM25+ over its index in memory; any word matches (its default). */
function minisearch({ default: MiniSearch }) {
  return (listings, limit) => {
    const index = new MiniSearch({ fields: FIELDS });
    index.addAll(listings.map(documentOf));
    return (text) =>
      index
        .search(text)
        .slice(0, limit)
        .map(({ id }) => id);
  };
}

/** SQLite FTS5: bm25() with equal weights, Porter's stemmer; the words of the query with OR between. */
function fts5({ default: Database }) {
  return (listings, limit) => {
    const database = new Database(':memory:');
    database.exec(
      `CREATE VIRTUAL TABLE listing USING fts5(id UNINDEXED, ${FIELDS.join(', ')}, tokenize = 'porter unicode61')`,
    );
    const insert = database.prepare(
      `INSERT INTO listing VALUES (@id, ${FIELDS.map((field) => `@${field}`).join(', ')})`,
    );
    database.transaction(() => listings.forEach((listing) => insert.run(documentOf(listing))))();
    const select = database.prepare('SELECT id FROM listing WHERE listing MATCH ? ORDER BY rank LIMIT ?').pluck();
    return (text) => {
      const words = [...new Set(text.toLowerCase().match(WORD) ?? [])].map((word) => `"${word}"`);
      return words.length === 0 ? [] : select.all(words.join(' OR '), limit);
    };
  };
}

const KNOWN = [
  { name: 'minisearch', module: 'minisearch', make: minisearch },
  { name: 'SQLite FTS5, porter', module: 'better-sqlite3', make: fts5 },
];

/**
 * The engines that are installed in bench/node_modules, and the names of those that are not.
 * @returns {Promise<{engines: {name: string, open: (listings: object[], limit: number) => (text: string) => string[]}[], missing: string[]}>}
 */
export async function installedEngines() {
  const engines = [];
  const missing = [];
  for (const { name, module, make } of KNOWN) {
    try {
      const open = make(await import(module));
      engines.push({ name: `${name} (${module} ${versionOf(module)})`, open });
    } catch (error) {
      if (error.code !== 'ERR_MODULE_NOT_FOUND') throw error;
      missing.push(module);
    }
  }
  return { engines, missing };
}

function versionOf(module) {
  return JSON.parse(readFileSync(new URL(`../node_modules/${module}/package.json`, import.meta.url), 'utf8')).version;
}
