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
