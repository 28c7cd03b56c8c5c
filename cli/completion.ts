import type { CommandNode } from './command-tree.js';

type Tree = readonly CommandNode[];

/** What makes the shell complete: only names and help of the table stand in it, nothing is run while somebody types. */
export function completionScript(shell: 'bash' | 'zsh' | 'fish', tree: Tree): string {
  switch (shell) {
    case 'bash':
      return bash(tree);
    case 'zsh':
      return zsh(tree);
    case 'fish':
      return fish(tree);
  }
}

/** Words that lead from one command to one below it, as a shell's `case` has them. */
const steps = (tree: Tree): string[] => tree.flatMap(({ path }) => (path === '' ? [] : [quoted(path)]));

const nextOf = ({ words, options, choices }: CommandNode): string[] => [
  ...words.map(({ name }) => name),
  ...choices,
  ...options.map(({ flag }) => flag),
  '--help',
];

/**
 * What the next word of a line may be, for a shell of our own.
 * @param words those before it
 */
export function completionsAfter(tree: Tree, words: readonly string[]): string[] {
  const known = new Map(tree.map((node) => [node.path, node]));
  const path = words.reduce((at, word) => {
    const step = at === '' ? word : `${at} ${word}`;
    return known.has(step) ? step : at;
  }, '');
  const node = known.get(path);
  if (node === undefined) return [];
  const option = node.options.find(({ flag }) => flag === words.at(-1));
  if (option?.value !== undefined) return [...option.choices];
  return nextOf(node);
}

const chosen = (tree: Tree) =>
  tree.flatMap(({ path, options }) =>
    options.filter(({ choices }) => choices.length > 0).map((option) => ({ path, ...option })),
  );

function bash(tree: Tree): string {
  return `# Completes niaga in bash: ~/.local/share/bash-completion/completions/niaga
_niaga() {
  local at="" word words="" i
  for ((i = 1; i < COMP_CWORD; i++)); do
    word="\${COMP_WORDS[i]}"
    case "\${at:+$at }$word" in
      ${steps(tree).join(' | ')}) at="\${at:+$at }$word" ;;
    esac
  done
  case "$at \${COMP_WORDS[COMP_CWORD - 1]}" in
${chosen(tree)
  .map(({ path, flag, choices }) => `    ${quoted(`${path} ${flag}`)}) words=${quoted(choices.join(' '))} ;;`)
  .join('\n')}
  esac
  if [[ -z $words ]]; then
    case "$at" in
${tree.map((node) => `      ${quoted(node.path)}) words=${quoted(nextOf(node).join(' '))} ;;`).join('\n')}
    esac
  fi
  COMPREPLY=($(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _niaga niaga
`;
}

function zsh(tree: Tree): string {
  const described = (name: string, help: string) => quoted(`${name.replaceAll(':', '\\:')}:${help}`);
  const entries = ({ words, options, choices }: CommandNode): string =>
    [
      ...words.map(({ name, help }) => described(name, help)),
      ...choices.map((name) => described(name, '')),
      ...options.map(({ flag, help }) => described(flag, help)),
    ].join(' ');
  return `#compdef niaga
# Completes niaga in zsh: a file named _niaga in a folder of $fpath.
_niaga() {
  local at="" word i
  local -a found
  for ((i = 2; i < CURRENT; i++)); do
    word="\${words[i]}"
    case "\${at:+$at }$word" in
      ${steps(tree)
        .map((step) => `(${step})`)
        .join('|')
        .replaceAll(')|(', '|')}) at="\${at:+$at }$word" ;;
    esac
  done
  case "$at \${words[CURRENT - 1]}" in
${chosen(tree)
  .map(({ path, flag, choices }) => `    ${quoted(`${path} ${flag}`)}) found=(${choices.join(' ')}) ;;`)
  .join('\n')}
  esac
  if (( \${#found} == 0 )); then
    case "$at" in
${tree.map((node) => `      ${quoted(node.path)}) found=(${entries(node)}) ;;`).join('\n')}
    esac
  fi
  _describe niaga found || _files
}
compdef _niaga niaga
`;
}

function fish(tree: Tree): string {
  const lines = tree.flatMap(({ path, words, options, choices }) => {
    const when = `-n ${fishQuoted(`__niaga_at ${fishQuoted(path)}`)}`;
    return [
      ...words.map(({ name, help }) => `complete -c niaga ${when} -a ${name} -d ${fishQuoted(help)}`),
      ...choices.map((name) => `complete -c niaga ${when} -a ${name}`),
      ...options.map((option) => {
        const value =
          option.choices.length > 0 ? ` -x -a ${fishQuoted(option.choices.join(' '))}` : option.value ? ' -r' : '';
        return `complete -c niaga ${when} -l ${option.flag.slice(2)}${value} -d ${fishQuoted(option.help)}`;
      }),
    ];
  });
  return `# Completes niaga in fish: ~/.config/fish/completions/niaga.fish
function __niaga_at
  set -l at
  for word in (commandline -opc)[2..-1]
    switch (string join ' ' $at $word)
      case ${steps(tree).join(' ')}
        set at $at $word
    end
  end
  test (string join ' ' $at) = "$argv[1]"
end
${lines.join('\n')}
`;
}

/** Between single quotes nothing means anything to a shell. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

function fishQuoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}
