/// Completion of the name `kubectl-egress` in a shell. Each script asks `kubectl-egress __complete` and reads cobra's
/// protocol: a line a word, a tab before its description, `:N` last.
enum ShellScript: String, CaseIterable, Sendable {
    case bash
    case zsh
    case fish

    var text: String {
        switch self {
        case .bash: Self.bashText
        case .zsh: Self.zshText
        case .fish: Self.fishText
        }
    }

    private static let bashText = #"""
        # bash completion of kubectl-egress; made by `kubectl-egress completion bash`.
        # SPDX-License-Identifier: Apache-2.0
        __kubectl_egress() {
            local line directive=0 word=${COMP_WORDS[COMP_CWORD]} out
            local -a words=("${COMP_WORDS[@]:1:COMP_CWORD}") found=()
            # bash splits at = and :, which the answer doesn't know of.
            out=$("${COMP_WORDS[0]}" __completeNoDesc "${words[@]}" 2>/dev/null) || return
            while IFS= read -r line; do
                case $line in
                    :*[0-9]) directive=${line#:} ;;
                    _activeHelp_*) ;;
                    *) [[ $line == "$word"* ]] && found+=("$line") ;;
                esac
            done <<<"$out"
            COMPREPLY=()
            if ((directive & 8)); then
                local extensions
                extensions=$(IFS='|'; printf '%s' "$out" | sed -e '/^:/d' | paste -sd '|' -)
                compopt -o filenames 2>/dev/null
                mapfile -t COMPREPLY < <(compgen -d -- "$word"; compgen -f -- "$word" | grep -E "\.($extensions)\$")
            elif ((directive & 16)); then
                compopt -o filenames 2>/dev/null
                mapfile -t COMPREPLY < <(compgen -d -- "$word")
            elif ((${#found[@]})); then
                COMPREPLY=("${found[@]}")
            elif ! ((directive & 4)); then
                compopt -o default 2>/dev/null
            fi
            if ((directive & 2)); then compopt -o nospace 2>/dev/null; fi
        }
        complete -F __kubectl_egress kubectl-egress

        """#

    private static let zshText = #"""
        #compdef kubectl-egress
        # zsh completion of kubectl-egress; made by `kubectl-egress completion zsh`.
        # SPDX-License-Identifier: Apache-2.0
        _kubectl-egress() {
            local line directive=0 out
            local -a found extensions
            out=$("${words[1]}" __complete "${(@)words[2,CURRENT]}" 2>/dev/null) || return
            while IFS= read -r line; do
                case $line in
                    :<->) directive=${line#:} ;;
                    _activeHelp_*) compadd -x "${line#_activeHelp_ }" ;;
                    *)
                        extensions+=("*.${line%%$'\t'*}")
                        line=${line//:/\\:}
                        found+=("${line/$'\t'/:}")
                        ;;
                esac
            done <<<"$out"
            if ((directive & 8)); then
                _files -g "(${(j:|:)extensions})"
            elif ((directive & 16)); then
                _files -/
            elif ((${#found})); then
                _describe -t words 'word' found
            elif ! ((directive & 4)); then
                _files
            fi
        }
        if [ "$funcstack[1]" = "_kubectl-egress" ]; then
            _kubectl-egress "$@"
        else
            compdef _kubectl-egress kubectl-egress
        fi

        """#

    private static let fishText = #"""
        # fish completion of kubectl-egress; made by `kubectl-egress completion fish`.
        # SPDX-License-Identifier: Apache-2.0
        function __kubectl_egress_words
            set -l words (commandline -opc) (commandline -ct)
            set -l out ($words[1] __complete $words[2..-1] 2>/dev/null)
            or return
            set -l directive (string match -r '^:[0-9]+$' -- $out[-1] | string sub -s 2)
            test -n "$directive"; or set directive 0
            if test (math "bitand($directive, 24)") -ne 0
                __fish_complete_path (commandline -ct)
            else
                string match -v -r '^(:[0-9]+|_activeHelp_.*)$' -- $out
            end
        end
        complete -c kubectl-egress -f -a '(__kubectl_egress_words)'

        """#
}
