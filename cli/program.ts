import { Argument, Command, Option, type CommanderError } from 'commander';
import { checkInput } from '../node/api/input.js';
import type { Operation } from '../node/api/operation.js';
import { OPERATIONS, type OperationKey } from '../node/api/operations.js';
import { NiagaError } from '../protocol/errors.js';
import { DEFAULT_NETWORK } from '../node/options.js';
import type { GlobalOptions } from './context.js';
import { fieldsOf, flagName, valueOf, type Field } from './fields.js';
import { FORMS } from './forms.js';
import { commandAt, markWords, unmark } from './dashed-words.js';

/** What was asked for on the command line. */
export interface Invocation extends GlobalOptions {
  readonly key: OperationKey;
  /** Checked by the form's or row's schema, defaults filled in. */
  readonly input: unknown;
  /** `trade show` */
  readonly command: string;
  /** Names of the fields that were typed: what is not has its default. */
  readonly given: readonly string[];
  /** Of a list: show it again whenever it changes. */
  readonly watch: boolean;
}

/** Where commander may write by itself: help and version. */
export interface ProgramOutput {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
}

const ROWS = Object.entries(OPERATIONS) as [OperationKey, Operation][];
const ALL_KEYS = ROWS.filter(([, row]) => row.typedAs === undefined).map(([key]) => key);

/** What the words say under which several commands stand. */
const GROUPS: Readonly<Record<string, string>> = {
  listing: 'Look at listings and take own ones back',
  picture: 'Put up pictures of listings, and see those of others',
  trade: 'Agree on trades and carry them out',
  chat: 'Write to traders and read what they wrote',
  file: 'Keep files that came',
  arbiter: 'Rule, or find who does, where the sides of a trade do not agree',
  trader: 'Look at traders',
  identity: 'Keep the trader’s words and devices',
  block: 'See nothing of some traders',
  webhook: 'Send events to programs of yours',
  token: 'Let programs and phones use this node',
  export: 'Write what is yours for other programs',
  log: 'Say how much a running node logs',
  config: 'Say what niaga start is to do',
  evidence: 'Show what sellers signed that cannot be true',
};

const GLOBAL_HEADING = 'Global options:';
const globalOptions = (): Option[] =>
  [
    new Option('--home <dir>', 'The data folder; else NIAGA_HOME, else the platform’s own'),
    new Option('--network <name>', `The network to trade in (default: ${DEFAULT_NETWORK})`),
    new Option('--json', 'Print JSON, one line for each output'),
    new Option('--jsonl', 'Print JSON, of a list one line for each item'),
    new Option('--quiet', 'Print data and errors only'),
  ].map((option) => option.helpGroup(GLOBAL_HEADING));

/**
 * The command line, made from the operation table.
 * @param chosen is called with what the words ask for, once they are parsed
 * @param keys the rows to make commands of
 */
export function createProgram(
  version: string,
  output: ProgramOutput,
  chosen: (invocation: Invocation) => void,
  keys: readonly OperationKey[] = ALL_KEYS,
): Command {
  const program = withGlobals(prepare(new Command('niaga'), output))
    .description('A peer-to-peer trading node: publish, find, agree, settle.')
    .helpCommand('help [command]', 'Print the help of a command')
    .version(version, '-V, --version', 'Print the version');
  for (const key of keys) {
    const row: Operation = OPERATIONS[key];
    const [name, group] = row.command.toReversed() as [string, string?];
    const parent = group === undefined ? program : groupOf(program, group, output);
    parent.addCommand(createCommand(key, row, name, output, chosen));
  }
  return program;
}

function groupOf(program: Command, name: string, output: ProgramOutput): Command {
  const existing = program.commands.find((command) => command.name() === name);
  if (existing !== undefined) return existing;
  const group = withGlobals(prepare(new Command(name), output))
    .description(GROUPS[name] ?? '')
    .helpCommand(false);
  program.addCommand(group);
  return group;
}

/** What all commands have in common. */
function prepare(command: Command, { out, err }: ProgramOutput): Command {
  return (
    command
      // An option belongs to the command after which it stands: in `offer X --note --json` the last word is the note.
      .enablePositionalOptions()
      .addHelpOption(new Option('-h, --help', 'Print this help').helpGroup(GLOBAL_HEADING))
      .configureOutput({ writeOut: out, writeErr: err, outputError: () => undefined })
      .exitOverride((error) => {
        throw usageError(error, command);
      })
  );
}

function withGlobals(command: Command): Command {
  for (const option of globalOptions()) command.addOption(option);
  return command;
}

function createCommand(
  key: OperationKey,
  row: Operation,
  name: string,
  output: ProgramOutput,
  chosen: (invocation: Invocation) => void,
): Command {
  const { input, positional } = FORMS[key] ?? row;
  const fields = new Map(fieldsOf(input).map((field) => [field.name, field]));
  const words = positional.map((each) => fields.get(each)).filter((field) => field !== undefined);
  const options = [...fields.values()].filter((field) => !positional.includes(field.name));
  const command = prepare(new Command(name), output)
    // Commander would name the choices a second time.
    .configureHelp({ argumentDescription: ({ description }) => description })
    .description(row.help)
    .addHelpText('after', `\nExample:\n  ${row.example}`);
  for (const field of words) command.addArgument(argumentOf(field));
  for (const field of options) command.addOption(optionOf(field, row.command.join(' ')));
  if (row.answer === 'page')
    command.addOption(new Option('--watch', 'Show it again whenever it changes, until Ctrl-C'));
  withGlobals(command).action((...args: unknown[]) => {
    const path = row.command.join(' ');
    const raw = { ...typedWords(words, args), ...typedOptions(options, command) };
    const given = Object.keys(raw);
    const watch = command.getOptionValue('watch') === true && row.answer === 'page';
    const global = globalsOf(command);
    chosen({ key, command: path, given, watch, ...global, input: checked({ ...row, input }, raw, words, path) });
  });
  return command;
}

function argumentOf(field: Field): Argument {
  const name = field.kind === 'list' ? `${field.name}...` : field.name;
  const help = field.kind === 'choice' ? `${field.help}: ${field.choices.join(', ')}` : field.help;
  const argument = new Argument(field.required ? `<${name}>` : `[${name}]`, help);
  // Named for the completions only: what is none is refused by the schema, in the words of every other field.
  argument.argChoices = [...field.choices];
  return argument;
}

function optionOf(field: Field, path: string): Option {
  const flag = `--${flagName(field.name)}`;
  const help = field.fallback === undefined ? field.help : `${field.help} (default: ${JSON.stringify(field.fallback)})`;
  switch (field.kind) {
    case 'flag':
      // What is on by default can only be turned off.
      return field.fallback === true
        ? new Option(
            `--no-${flagName(field.name)}`,
            `Do not ${field.help.charAt(0).toLowerCase()}${field.help.slice(1)}`,
          )
        : new Option(flag, field.help);
    case 'choice':
      return new Option(`${flag} <word>`, `${help}: ${field.choices.join(', ')}`).argParser(once(flag, path));
    case 'list':
      return new Option(`${flag} <text>`, field.help).argParser((word: string, sofar: string[] = []) => [
        ...sofar,
        word,
      ]);
    case 'number':
      return new Option(`${flag} <n>`, help).argParser(once(flag, path));
    case 'text':
      return new Option(`${flag} <text>`, help).argParser(once(flag, path));
  }
}

/** What has one value is not given two, of which one would count silently. */
function once(flag: string, path: string): (word: string, before?: string) => string {
  return (word, before) => {
    if (before === undefined) return word;
    const [first, second] = [before, word].map((each) => `"${unmark(each).slice(0, 60)}"`);
    throw new NiagaError('USAGE', `${flag} takes one value, and was given ${first} and ${second}.`, {
      where: flag,
      next: `niaga ${path} --help`,
    });
  };
}

type Raw = Record<string, unknown>;

function typedWords(words: readonly Field[], given: readonly unknown[]): Raw {
  const raw: Raw = {};
  words.forEach((field, index) => {
    const value = given[index];
    if (Array.isArray(value)) raw[field.name] = (value as string[]).map(unmark);
    else if (typeof value === 'string') raw[field.name] = valueOf(field, unmark(value));
  });
  return raw;
}

function typedOptions(options: readonly Field[], command: Command): Raw {
  const raw: Raw = {};
  for (const field of options) {
    // What can only be turned off is on for commander before anything is typed.
    if (command.getOptionValueSource(field.name) !== 'cli') continue;
    const value: unknown = command.getOptionValue(field.name);
    if (typeof value === 'string') raw[field.name] = valueOf(field, unmark(value));
    else if (value !== undefined) raw[field.name] = value;
  }
  return raw;
}

function checked(row: Operation, raw: Raw, words: readonly Field[], path: string): unknown {
  const result = checkInput(row, raw);
  if ('input' in result) return result.input;
  const name = String(result.problem.path[0] ?? '');
  const label = words.some((field) => field.name === name) ? `<${name}>` : `--${flagName(name)}`;
  const value = raw[name];
  const given = typeof value === 'string' || typeof value === 'number' ? `, not "${String(value).slice(0, 60)}"` : '';
  throw new NiagaError('USAGE', `${label} ${result.problem.problem}${given}.`, {
    where: label,
    next: `niaga ${path} --help`,
  });
}

/** They may stand before or after the command; what stands last counts. */
function globalsOf(command: Command): GlobalOptions {
  const pick = (name: string): unknown => {
    for (let each: Command | null = command; each !== null; each = each.parent) {
      const value: unknown = each.getOptionValue(name);
      if (value !== undefined) return value;
    }
    return undefined;
  };
  const home = pick('home');
  const network = pick('network');
  return {
    home: typeof home === 'string' ? unmark(home) : undefined,
    network: typeof network === 'string' ? network : DEFAULT_NETWORK,
    json: pick('json') === true || pick('jsonl') === true,
    lines: pick('jsonl') === true,
    quiet: pick('quiet') === true,
  };
}

/** Help and version end the program without error; everything else that commander refuses is a mistake in the words. */
function usageError(error: CommanderError, command: Command): Error {
  if (error.exitCode === 0) return error;
  const path: string[] = [];
  for (let each: Command | null = command; each !== null; each = each.parent) path.unshift(each.name());
  const missing = error.code === 'commander.help';
  const text = missing ? `"${path.join(' ')}" needs a command` : unmark(error.message.replace(/^error: /, ''));
  const sentence = text.replace(/\s*\n\s*/g, ' ').replace(/[.\s]*$/, '.');
  return new NiagaError('USAGE', `${sentence.charAt(0).toUpperCase()}${sentence.slice(1)}`, {
    next: `${path.join(' ')} --help`,
  });
}

/** Parses the words of a command line. @throws NiagaError USAGE; CommanderError with exit code 0 after help or version */
export function parseWords(words: readonly string[], version: string, output: ProgramOutput): Invocation {
  let invocation: Invocation | undefined;
  const first = words[commandAt(words)];
  // Making every command takes longer than running most of them; for a word that is none, all are made to say so.
  const addressed = ALL_KEYS.filter((key) => OPERATIONS[key].command[0] === first);
  const choose = (chosen: Invocation): void => {
    invocation = chosen;
  };
  const program = createProgram(version, output, choose, addressed.length === 0 ? ALL_KEYS : addressed);
  program.parse(markWords(words), { from: 'user' });
  if (invocation === undefined) throw new NiagaError('USAGE', 'A command is missing.', { next: 'niaga --help' });
  return invocation;
}
