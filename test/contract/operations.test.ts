import type { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { fieldsOf } from '../../cli/fields.js';
import { FORMS } from '../../cli/forms.js';
import { createProgram } from '../../cli/program.js';
import { nameOf, type Operation } from '../../node/api/operation.js';
import { OPERATIONS, type OperationKey } from '../../node/api/operations.js';

/** Every command has them. */
const GLOBAL = new Set(['--home', '--network', '--json', '--jsonl', '--quiet']);
/** Names, options and help that people and scripts rely on. A change here belongs into UPGRADING.md. */
const PINNED: Readonly<Record<OperationKey, readonly [usage: string, help: string]>> = {
  init: ['init [--name <text>]', 'Make the identity: a trader’s root key and this machine’s device key'],
  start: [
    'start [--listen <text>] [--bootstrap <text>] [--api <text>] [--lan <text>] [--tls-cert <text>] [--tls-key <text>] [--no-mdns] [--keep-media] [--no-read-receipts] [--log-level <word>] [--detach]',
    'Run the node until Ctrl-C',
  ],
  stop: ['stop', 'Stop the node that runs on this home'],
  status: ['status', 'Who and where the node is, and what it holds'],
  peers: [
    'peers [--limit <n>] [--after <text>] [--watch]',
    'List the nodes that this one knows, in the order of their places in the key space',
  ],
  publish: [
    'publish <files...> [--format <word>] [--strict] [--restock]',
    'Publish listings from files; each waits two minutes at most for enough nodes to hold it',
  ],
  listingList: ['listing list [--limit <n>] [--after <text>] [--watch]', 'List own listings'],
  listingShow: ['listing show <listing>', 'Show one listing, own or another’s'],
  listingRemove: ['listing remove <listing>', 'Take an own listing back'],
  pictureAdd: [
    'picture add <file>',
    'Put a picture on this node for a listing to name; where and with what it was taken is taken out of it',
  ],
  pictureList: [
    'picture list <listing> [--fetch]',
    'List the pictures of a listing; those of others are fetched only with --fetch',
  ],
  pictureSave: [
    'picture save <picture> [--out <text>] [--force]',
    'Save a picture that is on this node, without anything that does not draw it',
  ],
  search: [
    'search [words...] [--min-price <text>] [--max-price <text>] [--currency <text>] [--category <text>] [--kind <word>] [--condition <word>] [--place <text>] [--ships-to <text>] [--in-stock] [--seller <text>] [--sort <word>] [--per-seller <n>] [--facets] [--explain] [--limit <n>] [--after <text>] [--timeout-ms <n>] [--stream]',
    'Find listings in the whole network',
  ],
  searchStream: ['search --stream', 'The same, the best so far first, as answers come in'],
  watch: [
    'watch [words...] [--min-price <text>] [--max-price <text>] [--currency <text>] [--category <text>] [--kind <word>] [--condition <word>] [--place <text>] [--ships-to <text>] [--in-stock] [--seller <text>]',
    'Keep a search, asked every 15 minutes: new matches, price drops, back in stock come as events',
  ],
  watchList: ['watch list [--limit <n>] [--after <text>] [--watch]', 'List watches, the newest first'],
  watchRemove: ['watch remove <watch>', 'End a watch'],
  events: [
    'events [--after <n>] [--follow] [--type <text>]',
    'Show what happened at this node, and what happens while it is followed',
  ],
  offer: [
    'offer <listing> [--variant <text>] [--quantity <n>] [--price <text>] [--also <text>] [--delivery <word>] [--milestone <text>] [--hours <n>] [--arbiter <text>] [--note <text>] [--address <text>] [--phone <text>] [--code]',
    'Offer to buy a listing, or several of one seller',
  ],
  tradeList: ['trade list [--limit <n>] [--after <text>] [--watch]', 'List trades, the newest first'],
  tradeShow: ['trade show <trade> [--language <word>]', 'Show one trade with its messages'],
  tradeAccept: ['trade accept <trade> [--address <text>] [--phone <text>] [--code]', 'Accept the other side’s offer'],
  tradeCounter: [
    'trade counter <trade> [--quantity <n>] [--price <text>] [--line <text>] [--shipping <text>] [--delivery <word>] [--milestone <text>] [--hours <n>] [--arbiter <text>] [--subject-to-stock] [--note <text>] [--address <text>] [--phone <text>] [--code]',
    'Answer an offer with other terms',
  ],
  tradeDecline: ['trade decline <trade> [--reason <text>]', 'Decline the other side’s offer'],
  tradeWithdraw: ['trade withdraw <trade>', 'Take the own open offer back'],
  tradeCancel: [
    'trade cancel <trade> [--reason <text>]',
    'Cancel: alone before payment and shipment, afterwards only together',
  ],
  tradePay: [
    'trade pay <trade> [--amount <text>] [--reference <text>] [--proof <text>]',
    'Buyer: say that the payment is on its way',
  ],
  tradeConfirm: ['trade confirm <trade> [--amount <text>]', 'Seller: confirm that the payment has arrived'],
  tradeShip: [
    'trade ship <trade> [--parts <text>] [--tracking <text>] [--carrier <text>] [--note <text>] [--code <text>] [--content <text>]',
    'Seller: say that the goods are on their way',
  ],
  tradeReceive: [
    'trade receive <trade> [--parts <text>] [--note <text>]',
    'Buyer: say that goods have arrived; now you inspect them',
  ],
  tradeApprove: ['trade approve <trade> [--note <text>]', 'Buyer: say that all has arrived and is as agreed'],
  tradeRemedy: [
    'trade remedy <trade> [--refund <text>] [--return <text>] [--replace <text>] [--omit <text>] [--reason <text>]',
    'Propose to mend what went wrong: a refund, goods returned, replaced or left out',
  ],
  tradeRemedyAccept: ['trade remedy-accept <trade>', 'Agree to the remedy that the other side proposes'],
  tradeRemedyDecline: [
    'trade remedy-decline <trade> [--reason <text>]',
    'Refuse the remedy that the other side proposes',
  ],
  tradeReturn: [
    'trade return <trade> [--parts <text>] [--tracking <text>] [--carrier <text>] [--note <text>] [--seen]',
    'Buyer: say that goods go back; seller, with --seen: that they came',
  ],
  tradeRefund: [
    'trade refund <trade> [--amount <text>] [--reference <text>] [--seen]',
    'Seller: say that money went back; buyer, with --seen: that it came',
  ],
  tradeDispute: [
    'trade dispute <trade> [--reason <text>] [--refund <text>] [--return <text>] [--replace <text>] [--omit <text>] [--file <text>]',
    'Dispute: deadlines stand still, and the arbiter, where there is one, may rule',
  ],
  tradeDisputeWithdraw: ['trade dispute-withdraw <trade> [--reason <text>]', 'Take the own dispute back'],
  tradeStatement: [
    'trade statement <trade> <text> [--file <text>]',
    'Say something to a dispute, for both sides and the arbiter',
  ],
  tradeConsent: [
    'trade consent <trade> [--note <text>]',
    'Arbiter: agree to be the arbiter of a contract that names you',
  ],
  tradeRule: [
    'trade rule <trade> [--refund <text>] [--return <text>] [--replace <text>] [--omit <text>] [--reason <text>]',
    'Arbiter: decide a dispute; what you name is owed, the rest stays as agreed',
  ],
  tradeRate: ['trade rate <trade> <stars> [--text <text>]', 'Rate the other side once the trade has ended'],
  tradeReply: ['trade reply <trade> <text>', 'Reply, once, to what the other side has rated'],
  tradeExport: [
    'trade export <trade> [--language <word>] [--chat] [--values] [--out <text>] [--force]',
    'Write the evidence of a trade into one file that anybody can verify',
  ],
  inbox: [
    'inbox [--limit <n>] [--after <text>] [--watch]',
    'What waits for you: trades in which you are next, unread messages, what could not be delivered',
  ],
  inboxClear: ['inbox clear [item]', 'Take out of the inbox what the other side has refused: you know it'],
  tradeDisclose: [
    'trade disclose <trade> [--what <text>]',
    'Give the arbiter what the trade keeps private: address, phone number, proofs',
  ],
  tradeForget: [
    'trade forget <trade> [--chat]',
    'Delete what was private in a trade that is over, keys of digital goods too: save those first',
  ],
  tradeInvoice: [
    'trade invoice <trade> [--out <text>] [--force]',
    'Write the contract of a trade as an invoice for bookkeeping, UBL 2.1 XML',
  ],
  chatSend: [
    'chat send <with> [text...] [--to <word>] [--file <text>]',
    'Write to the other side of a trade, or to a trader: sealed, and delivered while they sleep',
  ],
  chatShow: [
    'chat show <with> [--to <word>] [--limit <n>] [--after <text>] [--watch]',
    'Show the messages about a trade, or all with a trader, the newest first; they count as read then',
  ],
  chatList: [
    'chat list [--limit <n>] [--after <text>] [--watch]',
    'List conversations, the one with the newest message first',
  ],
  fileSave: [
    'file save <with> <file> [--to <word>] [--out <text>] [--force]',
    'Save a file that came with a message, or that a trade keeps private',
  ],
  arbiterOffer: [
    'arbiter offer [--fee <text>] [--share <n>] [--language <text>] [--terms <text>] [--close]',
    'Offer to be an arbiter: contracts that name you on these terms get your consent by themselves',
  ],
  arbiterList: [
    'arbiter list [traders...] [--limit <n>] [--after <text>] [--watch]',
    'List arbiters with fee, languages and terms: those whom the network knows of, or these traders',
  ],
  traderShow: ['trader show <trader>', 'Show what a trader says of itself: name, mailboxes and shared block list'],
  traderRatings: [
    'trader ratings <trader> [--limit <n>]',
    'Show how others rated a trader after trades; a trader can hide what it does not like',
  ],
  identityWords: [
    'identity words [--show] [--confirm]',
    'Show the 24 words of the root key once, and take the key off this machine',
  ],
  identityDevices: [
    'identity devices',
    'List this trader’s devices: which is this one, which writes, which were revoked',
  ],
  identityAdd: [
    'identity add [text] [--label <text>]',
    'Make another machine a device of this trader: ask there, answer here, finish there',
  ],
  identityRevoke: [
    'identity revoke <device> [--reason <text>]',
    'Take a lost machine’s permission back: nothing that it signs counts any more',
  ],
  identityPass: ['identity pass <device>', 'Let another device of this trader write from now on'],
  identityTake: [
    'identity take',
    'Write on this machine from now on, where the one that does is lost or its time is over',
  ],
  identityRestore: [
    'identity restore [--label <text>]',
    'Bring a trader back on a new machine, from its 24 words on standard input',
  ],
  blockAdd: [
    'block add <trader> [--reason <text>]',
    'Block a trader: no hits, no cards kept here, no offers from there',
  ],
  blockRemove: ['block remove <trader>', 'Take a trader off the own block list'],
  blockList: ['block list', 'Show the own block list and the lists subscribed to'],
  blockShare: ['block share', 'Publish the own block list, now and after each change, for others to subscribe to'],
  blockSubscribe: ['block subscribe <trader>', 'Block whom another trader blocks, as their list changes'],
  blockUnsubscribe: ['block unsubscribe <trader>', 'Stop using another trader’s block list'],
  evidenceList: [
    'evidence list [--limit <n>] [--after <text>] [--watch]',
    'List listings whose cards were found false here, the newest first',
  ],
  evidenceExport: [
    'evidence export <listing> [--out <text>] [--force]',
    'Write the evidence about a false card into one file that anybody can verify',
  ],
  webhookAdd: [
    'webhook add <url> [--type <text>] [--secret-file <text>]',
    'Send events to a program of yours, signed, each until it has arrived',
  ],
  webhookList: [
    'webhook list [--limit <n>] [--after <text>] [--watch]',
    'List webhooks, and whether what is sent arrives',
  ],
  webhookRemove: ['webhook remove <webhook>', 'Send nothing there any more, not even what waits'],
  open: ['open [--scope <text>]', 'Make a link that opens the page in a browser on this machine, once'],
  pair: [
    'pair [name] [--scope <text>]',
    'Make a link, and its QR code, that opens the page on a phone, once, with a token of its own',
  ],
  tokenCreate: [
    'token create <name> [--scope <text>] [--days <n>]',
    'Make a token for a program or a phone; it is shown this once',
  ],
  tokenList: [
    'token list [--limit <n>] [--after <text>] [--watch]',
    'List tokens: their names and what they allow, never the tokens themselves',
  ],
  tokenRevoke: ['token revoke <name>', 'End a token, and what runs in its name'],
  backup: [
    'backup <file> [--passphrase-file <text>] [--force]',
    'Write one sealed file with all that this home holds, while the node runs',
  ],
  backupCheck: [
    'backup check <file> [--passphrase-file <text>]',
    'Read a backup to its end and say what it holds: needs no node and no home',
  ],
  restore: [
    'restore <file> [--label <text>] [--passphrase-file <text>]',
    'Make a home from a backup, as a new device that writes from now on',
  ],
  doctor: [
    'doctor [--repair] [--bundle <text>] [--force]',
    'Look whether all is well: clock, ports, peers, disk, integrity, messages that are stuck',
  ],
  logList: ['log list', 'List how much the running node logs of each of its parts'],
  logSet: [
    'log set <level> [--area <text>]',
    'Log more or less from now on, until the node ends; for good: niaga config set log-level',
  ],
  configGet: ['config get <key>', 'Show one setting and where it comes from'],
  configSet: ['config set <key> [value...]', 'Write a setting into the file of this home; without a value take it out'],
  configList: ['config list [--origin]', 'List all settings'],
  exportListings: [
    'export listings <file> [--format <word>] [--base <text>] [--force]',
    'Write own listings into a file for other programs, or for niaga publish',
  ],
  exportTrades: ['export trades <file> [--force]', 'Write all trades into a CSV file for bookkeeping'],
  exportEverything: [
    'export everything <folder>',
    'Write listings with pictures, and trades with evidence, chat and private values, into a new folder',
  ],
  mcp: [
    'mcp [--scope <text>] [--per-trade <text>] [--per-day <text>]',
    'Give an agent the operations of this node as tools: MCP over standard input and output',
  ],
  shell: ['shell', 'Type commands one after the other, with history and completion'],
  completion: ['completion <shell>', 'Print what makes a shell complete commands, options and their choices'],
  man: ['man', 'Print the manual page'],
  verify: ['verify <file>', 'Check an evidence file: needs no node, no home, no network'],
};

const GLOBALS = ['--home <dir>', '--network <name>', '--json', '--jsonl', '--quiet'];
const rows = Object.entries(OPERATIONS) as [OperationKey, Operation][];
/** Those that are commands of their own. */
const typed = rows.filter(([, { typedAs }]) => typedAs === undefined);
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
  if (row.typedAs !== undefined) return row.typedAs;
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
    // A command that takes words or options of its own may have others below it: `watch WORDS` and `watch list`.
    const takes = (command: Command): boolean =>
      command.registeredArguments.length > 0 || command.options.some(({ long }) => !GLOBAL.has(long ?? ''));
    const leaves = (command: Command): string[] => {
      const below = command.commands.flatMap((each) =>
        leaves(each).map((name) => (command === program ? name : `${command.name()}.${name}`)),
      );
      return below.length === 0 || (command !== program && takes(command)) ? [command.name(), ...below] : below;
    };
    expect(leaves(program).sort()).toEqual(typed.map(([, row]) => nameOf(row)).sort());
    for (const group of program.commands) expect(group.description(), group.name()).not.toBe('');
  });

  it('has one name for each row, the key being the same in one word', () => {
    for (const [key, row] of rows) {
      const [first = '', ...more] = row.command.flatMap((word) => word.split('-'));
      expect(first + more.map((word) => word[0]?.toUpperCase() + word.slice(1)).join('')).toBe(key);
    }
  });

  it.each(rows)('says of %s all that help needs', (_, row) => {
    expect(row.help).toMatch(/^[A-Z][^\n]{0,99}[^.\n]$/);
    expect(row.example).toMatch(new RegExp(`^niaga ${row.typedAs ?? row.command.join(' ')}`));
    const { input, positional } = FORMS[keyOf(row)] ?? row;
    for (const field of fieldsOf(input)) expect(field.help, field.name).toMatch(/^\S.*[^.]$/);
    for (const name of positional) expect(Object.keys(input.shape)).toContain(name);
    for (const name of row.positional) expect(Object.keys(row.input.shape)).toContain(name);
  });

  it.each(typed)('takes the global options after %s', (_, row) => {
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
