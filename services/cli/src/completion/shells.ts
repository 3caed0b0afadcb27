import type { CompletionNode, Values } from './words.ts';

/** The shells that completion is written for. */
export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

/** The script that makes a shell complete `banyan`. */
export function completionScript(shell: Shell, nodes: readonly CompletionNode[]): string {
  return WRITERS[shell](nodes);
}

const CONTEXTS = 'banyan context list --names 2>/dev/null';
const WRITERS: Readonly<Record<Shell, (nodes: readonly CompletionNode[]) => string>> = { bash, zsh, fish };

/** Commands go one or two words deep: the longest path that the line begins with is the one that counts. */
function bash(nodes: readonly CompletionNode[]): string {
  return [
    '# bash completion of banyan: source <(banyan completion bash)',
    '_banyan() {',
    '  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} path= two= word',
    '  for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do',
    '    [[ $word == -* ]] && break',
    '    two="${path:+$path }$word"',
    `    case "$two" in ${nodes.filter(({ path }) => path !== '').map(({ path }) => `"${path}"`).join('|')}) path=$two ;; *) break ;; esac`,
    '  done',
    '  COMPREPLY=()',
    '  case "$path|$prev" in',
    ...nodes.flatMap(({ path, options }) => options.filter(({ values }) => values.type !== 'none').map(({ word, values }) => `    "${path}|${word}") ${bashReply(values)}; return ;;`)),
    '  esac',
    '  case "$path" in',
    ...nodes.map((node) => `    "${node.path}") if [[ $cur == -* ]]; then COMPREPLY=($(compgen -W "${node.options.map(({ word }) => word).join(' ')}" -- "$cur")); else ${node.commands.length > 0 ? bashReply({ type: 'words', words: node.commands.map(({ word }) => word) }) : bashReply(node.values)}; fi ;;`),
    '  esac',
    '}',
    'complete -o bashdefault -F _banyan banyan',
  ].join('\n');
}

function bashReply(values: Values): string {
  switch (values.type) {
    case 'words':
      return `COMPREPLY=($(compgen -W "${values.words.join(' ')}" -- "$cur"))`;
    case 'file':
      return 'COMPREPLY=($(compgen -f -- "$cur"))';
    case 'context':
      return `COMPREPLY=($(compgen -W "$(${CONTEXTS})" -- "$cur"))`;
    case 'any':
    case 'none':
      return ':';
  }
}

function zsh(nodes: readonly CompletionNode[]): string {
  const described = (items: readonly { readonly word: string; readonly meaning: string }[]): string => items.map(({ word, meaning }) => `'${word}:${meaning.replaceAll(':', ' ')}'`).join(' ');
  return [
    '#compdef banyan',
    '# zsh completion of banyan: banyan completion zsh > "${fpath[1]}/_banyan", or source <(banyan completion zsh)',
    '_banyan() {',
    '  local cur=${words[CURRENT]} prev=${words[CURRENT-1]} path_= two= word',
    '  local -a found',
    '  for word in "${(@)words[2,CURRENT-1]}"; do',
    '    [[ $word == -* ]] && break',
    '    two="${path_:+$path_ }$word"',
    `    case "$two" in ${nodes.filter(({ path }) => path !== '').map(({ path }) => `"${path}"`).join('|')}) path_=$two ;; *) break ;; esac`,
    '  done',
    '  case "$path_|$prev" in',
    ...nodes.flatMap(({ path, options }) => options.filter(({ values }) => values.type !== 'none').map(({ word, values }) => `    "${path}|${word}") ${zshReply(values)}; return ;;`)),
    '  esac',
    '  case "$path_" in',
    ...nodes.map((node) => `    "${node.path}") if [[ $cur == -* ]]; then found=(${described(node.options)}); _describe option found; else ${node.commands.length > 0 ? `found=(${described(node.commands)}); _describe command found` : zshReply(node.values)}; fi ;;`),
    '  esac',
    '}',
    'if [ "$funcstack[1]" = "_banyan" ]; then _banyan "$@"; else compdef _banyan banyan; fi',
  ].join('\n');
}

function zshReply(values: Values): string {
  switch (values.type) {
    case 'words':
      return `compadd -- ${values.words.join(' ')}`;
    case 'file':
      return '_files';
    case 'context':
      return `compadd -- $(${CONTEXTS})`;
    case 'any':
    case 'none':
      return ':';
  }
}

function fish(nodes: readonly CompletionNode[]): string {
  return [
    '# fish completion of banyan: banyan completion fish | source',
    'complete -c banyan -f',
    ...nodes.flatMap((node) => {
      const words = node.path.split(' ');
      const seen = node.path === '' ? '__fish_use_subcommand' : words.map((word) => `__fish_seen_subcommand_from ${word}`).join('; and ');
      const notYet = node.path === '' || node.commands.length === 0 ? '' : `; and not __fish_seen_subcommand_from ${node.commands.map(({ word }) => word).join(' ')}`;
      const lead = `complete -c banyan -n '${seen}${notYet}'`;
      return [
        ...node.commands.map(({ word, meaning }) => `${lead} -a ${word} -d '${meaning}'`),
        ...node.options.map(({ word, meaning, values }) => `${lead} -l ${word.slice(2)}${fishValues(values)} -d '${meaning}'`),
        ...(node.values.type === 'words' || node.values.type === 'context' ? [`${lead}${fishValues(node.values).replace(' -x', '')}`] : []),
      ];
    }),
  ].join('\n');
}

function fishValues(values: Values): string {
  switch (values.type) {
    case 'words':
      return ` -x -a '${values.words.join(' ')}'`;
    case 'file':
      return ' -r -F';
    case 'context':
      return ` -x -a '(${CONTEXTS})'`;
    case 'any':
      return ' -x';
    case 'none':
      return '';
  }
}
