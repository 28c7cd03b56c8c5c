import type { Command } from 'commander';
import { ownVersion } from '../node/version.js';
import { createProgram } from './program.js';

/** One command, or word under which others stand, as a shell or a manual sees it. */
export interface CommandNode {
  /** `trade show`; empty for the program itself. */
  readonly path: string;
  readonly help: string;
  /** The words that may follow, with what they do. */
  readonly words: readonly { readonly name: string; readonly help: string }[];
  readonly options: readonly OptionNode[];
  /** `<trade>`, `[words...]` */
  readonly positional: readonly string[];
  /** What the first word after the command may be, where there is a choice. */
  readonly choices: readonly string[];
}

interface OptionNode {
  /** `--limit` */
  readonly flag: string;
  /** `<n>`; undefined where nothing follows. */
  readonly value: string | undefined;
  readonly help: string;
  readonly choices: readonly string[];
}

/** The whole command line, from the very program that reads it; the program itself first. */
export function commandTree(): CommandNode[] {
  const program = createProgram(ownVersion(), { out: () => undefined, err: () => undefined }, () => undefined);
  return nodesOf(program, []);
}

function nodesOf(command: Command, path: readonly string[]): CommandNode[] {
  const below = command.commands.filter((each) => each.name() !== 'help');
  return [
    {
      path: path.join(' '),
      help: command.description(),
      words: below.map((each) => ({ name: each.name(), help: each.description() })),
      options: command.options.map(({ long, flags, description }) => ({
        flag: long ?? flags,
        value: /<.*>/.exec(flags)?.[0],
        help: description,
        choices: choicesIn(description, /<word>/.test(flags)),
      })),
      positional: command.registeredArguments.map((argument) => {
        const name = `${argument.name()}${argument.variadic ? '...' : ''}`;
        return argument.required ? `<${name}>` : `[${name}]`;
      }),
      choices: command.registeredArguments[0]?.argChoices ?? [],
    },
    ...below.flatMap((each) => nodesOf(each, [...path, each.name()])),
  ];
}

/** Options with a choice name it at the end of their help. */
function choicesIn(help: string, isChoice: boolean): string[] {
  const list = isChoice ? /: ([\w-]+(?:, [\w-]+)*)$/.exec(help)?.[1] : undefined;
  return list?.split(', ') ?? [];
}
