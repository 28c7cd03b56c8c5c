import type { CommandNode } from './command-tree.js';

/** The manual page in man(7)'s macros: every command with its options, from the program that reads them. */
export function manPage(tree: readonly CommandNode[], version: string): string {
  const [program, ...commands] = tree;
  const shared = new Set(program?.options.map(({ flag }) => flag));
  const own = ({ options }: CommandNode) => options.filter(({ flag }) => !shared.has(flag));
  const listed = (options: CommandNode['options']): string[] =>
    options.flatMap(({ flag, value, help }) => [
      '.TP',
      `.B ${text(flag)}${value === undefined ? '' : ` ${text(value)}`}`,
      text(help),
    ]);
  return [
    `.TH NIAGA 1 "" "niaga ${version}" "Niaga"`,
    '.SH NAME',
    `niaga \\- ${text('a peer-to-peer trading node')}`,
    '.SH SYNOPSIS',
    '.B niaga',
    '.I command',
    '.RI [ words ]',
    '.RI [ options ]',
    '.SH DESCRIPTION',
    text(program?.help ?? ''),
    text('Data goes to standard output, everything else to standard error.'),
    '.SH COMMANDS',
    ...commands
      .filter(
        ({ words, positional, options }) => words.length === 0 || positional.length > 0 || options.length > shared.size,
      )
      .flatMap((command) => [
        `.SS ${text(['niaga', command.path, ...command.positional].join(' '))}`,
        text(command.help),
        ...listed(own(command)),
      ]),
    '.SH OPTIONS OF EVERY COMMAND',
    ...listed(program?.options ?? []),
    '.SH EXIT STATUS',
    text(
      '0 done, 1 failed, 2 wrong usage, 3 no node or no identity, 4 not allowed, 5 not found, 6 locked, 7 timed out.',
    ),
    '.SH ENVIRONMENT',
    '.TP',
    '.B NIAGA_HOME',
    text('The data folder, where --home does not name one.'),
    '.TP',
    '.B NIAGA_PASSPHRASE',
    text('Opens keys that are sealed, and seals new ones.'),
    '',
  ].join('\n');
}

/** A backslash begins an escape, a hyphen may be broken at, and a line that begins with a dot or quote is a request. */
function text(plain: string): string {
  const escaped = plain.replaceAll('\\', '\\e').replaceAll('-', '\\-').replaceAll('\n', ' ');
  return /^[.']/.test(escaped) ? `\\&${escaped}` : escaped;
}
