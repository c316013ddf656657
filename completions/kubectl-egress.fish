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
