import { z } from 'zod';
import { operation, type Operation } from '../operation.js';
import { reading } from './bases.js';

const local = { ...reading, runs: 'local' } as const;

/** What a shell and its reader need to know of the commands. */
export const SHELL_OPERATIONS = {
  shell: operation({
    ...local,
    command: ['shell'],
    help: 'Type commands one after the other, with history and completion',
    input: z.object({}),
    output: z.object({}),
    scope: 'admin',
    changes: true,
    example: 'niaga shell',
  }),
  completion: operation({
    ...local,
    command: ['completion'],
    help: 'Print what makes a shell complete commands, options and their choices',
    input: z.object({ shell: z.enum(['bash', 'zsh', 'fish']).describe('The shell') }),
    output: z.object({ script: z.string() }),
    positional: ['shell'],
    example: 'niaga completion bash > ~/.local/share/bash-completion/completions/niaga',
  }),
  man: operation({
    ...local,
    command: ['man'],
    help: 'Print the manual page',
    input: z.object({}),
    output: z.object({ page: z.string() }),
    example: 'niaga man > ~/.local/share/man/man1/niaga.1',
  }),
} as const satisfies Record<string, Operation>;
