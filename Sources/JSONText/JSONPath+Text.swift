extension JSONPath {
    /// Reads what ``description`` writes. A key of digits alone in brackets is taken for an index; `nil` for what is no path.
    public init?(_ text: String) {
        var components: [Component] = []
        var rest = text[...]
        while let first = rest.first {
            if first == "[" {
                guard let end = rest.firstIndex(of: "]") else { return nil }
                let inner = rest[rest.index(after: rest.startIndex)..<end]
                components.append(Int(inner).map { .index($0) } ?? .key(String(inner)))
                rest = rest[rest.index(after: end)...]
                continue
            }
            if first == "." { rest = rest.dropFirst() }
            let key = rest.prefix { $0 != "." && $0 != "[" }
            guard !key.isEmpty, first == "." || components.isEmpty else { return nil }
            components.append(.key(String(key)))
            rest = rest.dropFirst(key.count)
        }
        self.init(components)
    }
}
