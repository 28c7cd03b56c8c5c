import type { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { fieldsOf } from '../../cli/fields.js';
import { FORMS } from '../../cli/forms.js';
import { createProgram } from '../../cli/program.js';
import { nameOf, type Operation } from '../../node/api/operation.js';
import { OPERATIONS, type OperationKey } from '../../node/api/operations.js';

/** Names, options and help that people and scripts rely on. A change here belongs into UPGRADING.md. */
const PINNED: Readonly<Record<OperationKey, readonly [usage: string, help: string]>> = {
  init: ['init [--name <text>]', 'Make the identity: a trader’s root key and this machine’s device key'],
  start: [
    'start [--listen <text>] [--bootstrap <text>] [--api <text>] [--no-mdns] [--log-level <word>]',
    'Run the node until Ctrl-C',
  ],
  status: ['status', 'Who and where the node is, and what it holds'],
  publish: [
    'publish <files...> [--format <word>] [--strict]',
    'Publish listings from files (JSON, NDJSON, CSV; .gz too; - reads standard input)',
  ],
  listingList: ['listing list [--limit <n>] [--after <text>]', 'List own listings'],
  listingShow: ['listing show <listing>', 'Show one listing, own or another’s'],
  listingRemove: ['listing remove <listing>', 'Take an own listing back'],
  search: [
    'search [words...] [--limit <n>] [--min-price <text>] [--max-price <text>] [--currency <text>] [--category <text>] [--kind <word>] [--timeout-ms <n>]',
    'Find listings in the whole network',
  ],
  offer: ['offer <listing> [--quantity <n>] [--price <text>] [--note <text>]', 'Offer to buy a listing'],
  tradeList: ['trade list [--limit <n>] [--after <text>]', 'List trades, the newest first'],
  tradeShow: ['trade show <trade>', 'Show one trade with its messages'],
  tradeAccept: ['trade accept <trade>', 'Accept the other side’s offer'],
  tradeCounter: [
    'trade counter <trade> [--quantity <n>] [--price <text>] [--note <text>]',
    'Answer an offer with other terms',
  ],
  tradeDecline: ['trade decline <trade> [--reason <text>]', 'Decline the other side’s offer'],
  tradeWithdraw: ['trade withdraw <trade>', 'Take the own open offer back'],
  tradeCancel: [
    'trade cancel <trade> [--reason <text>]',
    'Cancel: alone before payment and shipment, afterwards only together',
  ],
  tradePay: ['trade pay <trade> [--reference <text>]', 'Buyer: say that the payment is on its way'],
  tradeConfirm: ['trade confirm <trade>', 'Seller: confirm that the payment has arrived'],
  tradeShip: ['trade ship <trade> [--tracking <text>]', 'Seller: say that the goods are on their way'],
  tradeReceive: ['trade receive <trade>', 'Buyer: confirm that the goods have arrived as agreed'],
  tradeExport: [
    'trade export <trade> [--out <text>] [--force]',
    'Write the evidence of a trade into one file that anybody can verify',
  ],
  verify: ['verify <file>', 'Check an evidence file: needs no node, no home, no network'],
};

const GLOBALS = ['--home <dir>', '--network <name>', '--json', '--quiet'];
const rows = Object.entries(OPERATIONS) as [OperationKey, Operation][];
const program = createProgram('0.0.0', { out: () => undefined, err: () => undefined }, () => undefined);

function commandOf(row: Operation): Command {
  let command: Command = program;
  for (const word of row.command) {
    const found = command.commands.find((each) => each.name() === word);
    if (found === undefined) throw new Error(`there is no command ${word}`);
    command = found;
  }
  return command;
}

function usageOf(row: Operation): string {
  const command = commandOf(row);
  const words = command.registeredArguments.map((argument) => {
    const name = `${argument.name()}${argument.variadic ? '...' : ''}`;
    return argument.required ? `<${name}>` : `[${name}]`;
  });
  const options = command.options.map(({ flags }) => flags).filter((flags) => !GLOBALS.includes(flags));
  return [...row.command, ...words, ...options.map((flags) => `[${flags}]`)].join(' ');
}

describe('the operation table', () => {
  it('has exactly these commands, options and help', () => {
    expect(Object.fromEntries(rows.map(([key, row]) => [key, [usageOf(row), row.help]]))).toEqual(PINNED);
  });

  it('makes every command, and no other', () => {
    const leaves = (command: Command): string[] =>
      command.commands.length === 0
        ? [command.name()]
        : command.commands.flatMap((each) =>
            leaves(each).map((name) => (command === program ? name : `${command.name()}.${name}`)),
          );
    expect(leaves(program).sort()).toEqual(rows.map(([, row]) => nameOf(row)).sort());
    for (const group of program.commands) expect(group.description(), group.name()).not.toBe('');
  });

  it('has one name for each row, the key being the same in one word', () => {
    for (const [key, row] of rows) {
      expect(
        row.command.map((word, index) => (index === 0 ? word : word[0]?.toUpperCase() + word.slice(1))).join(''),
      ).toBe(key);
    }
  });

  it.each(rows)('says of %s all that help needs', (_, row) => {
    expect(row.help).toMatch(/^[A-Z][^\n]{0,99}[^.\n]$/);
    expect(row.example).toMatch(new RegExp(`^niaga ${row.command.join(' ')}`));
    const { input, positional } = FORMS[keyOf(row)] ?? row;
    for (const field of fieldsOf(input)) expect(field.help, field.name).toMatch(/^\S.*[^.]$/);
    for (const name of positional) expect(Object.keys(input.shape)).toContain(name);
    for (const name of row.positional) expect(Object.keys(row.input.shape)).toContain(name);
  });

  it.each(rows)('takes the global options after %s', (_, row) => {
    expect(commandOf(row).options.map(({ flags }) => flags)).toEqual(expect.arrayContaining(GLOBALS));
  });

  it('lets pages be cut and gone on with', () => {
    for (const [key, row] of rows.filter(([, { answer }]) => answer === 'page')) {
      expect(Object.keys(row.input.shape), key).toEqual(expect.arrayContaining(['limit', 'after']));
    }
  });

  it('lets nobody who may only read change anything', () => {
    for (const [key, row] of rows) if (row.changes) expect(row.scope, key).not.toBe('read');
  });
});

function keyOf(row: Operation): OperationKey {
  const found = rows.find(([, each]) => each === row);
  if (found === undefined) throw new Error('not in the table');
  return found[0];
}
