import { code } from './markdown.mjs';

/** The fields of a JSON Schema as rows of a table: `a.b` is a field in a field, `a[].b` one in each entry of a list. */

const LAST_TIME = 8_640_000_000_000_000;

/** @returns {{name: string, type: string, required: boolean, description: string}[]} */
export function fieldRows(schema, { definitions = schema.$defs ?? {}, skip = [] } = {}) {
  return Object.entries(schema.properties ?? {})
    .filter(([name]) => !skip.includes(name))
    .flatMap(([name, property]) => rowsOf(name, property, schema.required?.includes(name) === true, definitions));
}

function rowsOf(name, property, required, definitions) {
  const row = { name, type: typeText(property, definitions), required, description: property.description ?? '' };
  if (property.default !== undefined) row.description = withDefault(row.description, property.default);
  const [inner, path] = innerOf(property, name);
  const rows = fieldRows(inner, { definitions }).map((one) => ({ ...one, name: `${path}.${one.name}` }));
  return [row, ...rows];
}

function withDefault(description, value) {
  const said = `${JSON.stringify(value)} unless said`;
  return description === '' ? said : `${description.replace(/\.$/, '')}; ${said}`;
}

/** The object inside of lists and alternatives, and the path to it. Of several forms the fields of all; their type tells them apart. */
function innerOf(schema, path) {
  if (schema.type === 'array' && schema.items) return innerOf(schema.items, `${path}[]`);
  if (schema.oneOf !== undefined) return [{ properties: fieldsOfForms(schema.oneOf) }, path];
  return [schema.anyOf?.find((one) => one.properties !== undefined) ?? schema, path];
}

function fieldsOfForms(forms) {
  const fields = forms.flatMap(({ properties = {} }) => Object.entries(properties));
  return Object.fromEntries(fields.filter(([, { const: value }]) => value === undefined));
}

/** One of several forms: which fields it has, and those whose value tells it apart. */
function formText({ properties = {}, required = [] }) {
  const fields = Object.entries(properties).map(([name, { const: value }]) =>
    value === undefined ? `${name}${required.includes(name) ? '' : '?'}` : `${name}: ${JSON.stringify(value)}`,
  );
  return code(`{ ${fields.join(', ')} }`);
}

/** A type in words. */
function typeText(schema, definitions) {
  if (schema.$ref !== undefined) return nameText(schema.$ref.replace('#/$defs/', ''));
  if (schema.const !== undefined) return code(JSON.stringify(schema.const));
  if (schema.enum !== undefined) return schema.enum.map((word) => code(word)).join(', ');
  if (schema.anyOf !== undefined)
    return [...new Set(schema.anyOf.map((one) => typeText(one, definitions)))].join(' or ');
  if (schema.oneOf !== undefined) return schema.oneOf.map(formText).join(' or ');
  if (schema.not !== undefined) return 'must not be there';
  if (Array.isArray(schema.type))
    return schema.type.map((type) => typeText({ ...schema, type }, definitions)).join(' or ');
  switch (schema.type) {
    case 'string':
      return stringText(schema);
    case 'integer':
      return integerText(schema);
    case 'number':
      return 'number';
    case 'boolean':
      return 'true or false';
    case 'array':
      return listText(schema, definitions);
    case 'object':
      return schema.properties === undefined ? `map of text to ${valuesText(schema, definitions)}` : 'map';
    case 'null':
      return 'null';
    default:
      return 'anything';
  }
}

const NAMES = { cid: 'id', bytes32: '32 bytes' };

function nameText(name) {
  return NAMES[name] ?? name;
}

function stringText({ minLength = 0, maxLength, pattern }) {
  if (pattern !== undefined) return `text like ${code(pattern)}`;
  if (maxLength === undefined) return minLength > 0 ? 'text, not empty' : 'text';
  return `text (${minLength} to ${maxLength})`;
}

function integerText({ minimum, maximum }) {
  if (maximum === LAST_TIME) return 'time, ms';
  const low = minimum === undefined || minimum === -Number.MAX_SAFE_INTEGER ? undefined : minimum;
  const high = maximum === undefined || maximum === Number.MAX_SAFE_INTEGER ? undefined : maximum;
  if (low === undefined && high === undefined) return 'whole number';
  return `whole number${low === undefined ? '' : ` from ${low}`}${high === undefined ? '' : ` to ${high}`}`;
}

function listText({ items, prefixItems, minItems = 0, maxItems }, definitions) {
  if (prefixItems !== undefined) return `[${prefixItems.map((one) => typeText(one, definitions)).join('; ')}]`;
  if (maxItems === 0) return 'empty list';
  const most =
    maxItems === undefined ? (minItems > 0 ? ` (${minItems} or more)` : '') : ` (${minItems} to ${maxItems})`;
  return `list${most} of ${typeText(items, definitions)}`;
}

function valuesText({ additionalProperties }, definitions) {
  const open = additionalProperties === undefined || Object.keys(additionalProperties).length === 0;
  return open ? 'anything' : typeText(additionalProperties, definitions);
}
