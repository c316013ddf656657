// SPDX-License-Identifier: Apache-2.0

extension FilterTable {
    /// The tables that `iptables-legacy-save` prints.
    ///
    /// - Parameter program: `iptables-legacy` or `ip6tables-legacy`, for people.
    static func saved(_ text: String, program: String) -> [FilterTable] {
        var tables: [FilterTable] = []
        for line in text.split(separator: "\n") {
            switch line.first {
            case "*": tables.append(FilterTable(place: "\(program) \(line.dropFirst())", name: String(line.dropFirst())))
            case ":": tables.withLast { $0.addChain(line.dropFirst()) }
            case "-": tables.withLast { $0.addRule(line) }
            default: break
            }
        }
        return tables
    }

    /// `FORWARD DROP [0:0]`; of a chain that is only jumped to the policy is `-`.
    private mutating func addChain(_ text: Substring) {
        let words = text.split(separator: " ")
        guard words.count >= 2 else { return }
        let hook: FilterChain.Hook? =
            switch (words[0], name) {
            case (_, "nat"): nil
            case ("FORWARD", _): .forward
            case ("PREROUTING", _): .prerouting
            case ("POSTROUTING", _): .postrouting
            default: nil
            }
        chains[String(words[0])] = FilterChain(hook: hook, dropsByPolicy: words[1] == "DROP")
    }

    /// `-A FORWARD -s 10.0.0.0/8 -m comment --comment "a -j in here" -j DROP`
    private mutating func addRule(_ line: Substring) {
        let words = unquoted(line)
        guard words.count >= 2, words[0] == "-A" else { return }
        for (option, value) in zip(words.dropFirst(2), words.dropFirst(3)) where option == "-j" || option == "-g" {
            let verdict = chains[value] == nil ? FilterVerdict(target: value) : .jump(value)
            if let verdict { chains[words[1], default: FilterChain()].verdicts.append(verdict) }
        }
    }
}

/// Words of a line, those in double quotes as a mark that is no option.
private func unquoted(_ line: Substring) -> [String] {
    var words: [String] = []
    var word = ""
    var (isQuoted, isEscaped, wasQuoted) = (false, false, false)
    for character in line {
        if isEscaped {
            isEscaped = false
        } else if isQuoted, character == "\\" {
            isEscaped = true
        } else if character == "\"" {
            (isQuoted, wasQuoted) = (!isQuoted, true)
        } else if character == " ", !isQuoted {
            words.append(wasQuoted ? "\"" : word)
            (word, wasQuoted) = ("", false)
        } else {
            word.append(character)
        }
    }
    words.append(wasQuoted ? "\"" : word)
    return words.filter { !$0.isEmpty }
}

extension [FilterTable] {
    fileprivate mutating func withLast(_ body: (inout FilterTable) -> Void) {
        guard let last = indices.last else { return }
        body(&self[last])
    }
}
