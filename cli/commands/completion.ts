// The scripts only hand the words to `tritter complete` and show its answer, so they need no update when
// commands change. The protocol is described in `complete.ts`. Nothing typed is ever evaluated.

/** A script for `bash`, `zsh` or `fish`; empty for another name. */
export function completionScript(shell: string): string {
  return SCRIPTS[shell] ?? "";
}

const BASH = `# bash completion for tritter: eval "$(tritter completion bash)"
_tritter() {
  local current="\${COMP_WORDS[COMP_CWORD]}" line
  [[ $current == "=" ]] && current=""
  COMPREPLY=()
  while IFS= read -r line; do
    case $line in
      :files) compopt -o filenames 2>/dev/null
        while IFS= read -r line; do COMPREPLY+=("$line"); done < <(compgen -f -- "$current") ;;
      :folders) compopt -o filenames 2>/dev/null
        while IFS= read -r line; do COMPREPLY+=("$line"); done < <(compgen -d -- "$current") ;;
      *) COMPREPLY+=("\${line%%$'\\t'*}") ;;
    esac
  done < <(tritter complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -F _tritter tritter
`;

const ZSH = `#compdef tritter
# zsh completion for tritter: eval "$(tritter completion zsh)", or this text as _tritter in a folder of $fpath
_tritter() {
  local line
  local -a items
  for line in "\${(@f)$(tritter complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}"; do
    case $line in
      '') ;;
      :files) compset -P '--*='; _files ;;
      :folders) compset -P '--*='; _files -/ ;;
      *) items+=("\${\${line%%$'\\t'*}//:/\\\\:}:\${line#*$'\\t'}") ;;
    esac
  done
  if (( $#items )); then _describe -t values tritter items; fi
}
if [[ "$funcstack[1]" == "_tritter" ]]; then
  _tritter "$@"
else
  (( $+functions[compdef] )) || { autoload -Uz compinit && compinit }
  compdef _tritter tritter
fi
`;

const FISH = `# fish completion for tritter: tritter completion fish | source
function __tritter_complete
    set -l current (commandline -ct)
    set -l words (commandline -opc) $current
    test -z "$current"; and set words (commandline -opc) ''
    for line in (tritter complete -- $words[2..-1] 2>/dev/null)
        set -l path (string replace -r -- '^--[^=]*=' '' "$current")
        set -l option (string match -r -- '^--[^=]*=' "$current")
        switch $line
            case ':files'
                for found in (__fish_complete_path "$path"); echo "$option$found"; end
            case ':folders'
                for found in (__fish_complete_directories "$path" ''); echo "$option$found"; end
            case '*'
                echo $line
        end
    end
end
complete -c tritter -f -a '(__tritter_complete)'
`;

const SCRIPTS: Readonly<Record<string, string>> = { bash: BASH, zsh: ZSH, fish: FISH };
