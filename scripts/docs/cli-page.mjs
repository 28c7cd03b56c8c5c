import { fieldsOf, flagName } from '../../dist/cli/fields.js';
import { FORMS } from '../../dist/cli/forms.js';
import { createProgram } from '../../dist/cli/program.js';
import { fieldRows } from './fields.mjs';
import { code, fence, join, page, sentence, table } from './markdown.mjs';
import { fieldTable } from './protocol-pages.mjs';

/** Commands that print the output of another: an export is read again and judged (cli/commands/export.ts). */
const PRINTS = { tradeExport: 'verify', evidenceExport: 'verify' };

/** The page about the command line, from the very program that reads it. */
export function cliPage(operations) {
  const program = createProgram('0.0.0', { out: () => undefined, err: () => undefined }, () => undefined);
  const shared = optionsOf(program).filter(({ flags }) => !flags.includes('--version'));
  const names = new Set(shared.map(({ flags }) => flags));
  const outputs = new Map(operations.map(({ key, output }) => [key, output]));
  const typed = operations.filter(({ row }) => row.typedAs === undefined);
  const commands = typed.map(({ key, row }) => ({
    key,
    row,
    output: outputs.get(PRINTS[key] ?? key),
    command: find(program, row.command),
  }));
  return page(
    'Command line',
    `Data goes to standard output, everything else to standard error. With \`--json\` every output is one line of JSON: the output fields below;
of a list one line with all of them in an array, with \`--jsonl\` a line for each. Exit codes are in [errors](errors.md).`,
    table(
      ['command', 'what it does'],
      commands.map(({ row }) => [`[${row.command.join(' ')}](#niaga-${row.command.join('-')})`, row.help]),
    ),
    '## Options of every command',
    optionTable(shared),
    ...commands.map((command) => commandBlock(command, names)),
  );
}

function find(program, words) {
  return words.reduce((group, word) => group.commands.find((command) => command.name() === word), program);
}

function commandBlock({ key, row, output, command }, shared) {
  const words = command.registeredArguments;
  const own = optionsOf(command).filter(({ flags }) => !shared.has(flags));
  const required = requiredFlags(key, row);
  const must = own.filter(({ flags }) => required.some((flag) => flags.split(' ')[0] === flag));
  const rest = own.length > must.length ? ['[options]'] : [];
  const usage = ['niaga', ...row.command, ...words.map(wordText), ...must.map(({ flags }) => flags), ...rest].join(' ');
  const given = [...words.map((word) => ({ flags: wordText(word), description: word.description })), ...own];
  return join(
    `## niaga ${row.command.join(' ')}`,
    sentence(row.help),
    fence(`${usage}\n\n# for example\n${row.example}`, 'sh'),
    given.length === 0 ? undefined : optionTable(given),
    '**Output**',
    fieldTable(fieldRows(output)) ?? 'Nothing.',
  );
}

/** Options that must be given, though they are options. */
function requiredFlags(key, row) {
  const { input, positional } = FORMS[key] ?? row;
  const fields = fieldsOf(input).filter(({ name, required }) => required && !positional.includes(name));
  return fields.map(({ name }) => `--${flagName(name)}`);
}

function optionsOf(command) {
  return command.options.map(({ flags, description }) => ({ flags, description }));
}

function optionTable(options) {
  return table(
    ['', ''],
    options.map(({ flags, description }) => [code(flags), description]),
  );
}

function wordText(word) {
  const name = `${word.name()}${word.variadic ? '…' : ''}`;
  return word.required ? `<${name}>` : `[${name}]`;
}
