import EgressModel
import JSONText

extension ObjectChecker {
    mutating func metadata() -> ObjectMetadata {
        let reader = requiredMember("metadata", of: root)
        let reference = document.reference
        checkName(reference.name, path: JSONPath([.key("metadata"), .key("name")]))
        if let namespace = member("namespace", of: reader) {
            if let text = string(namespace), reference.namespace != nil {
                checkName(text, path: namespace.path)
            } else if reference.namespace == nil, KnownKind(rawValue: document.kind) != nil {
                report(
                    .warning, .unknownField, namespace.path, "has no effect: \(document.kind) belongs to the whole cluster",
                    hint: document.kind == KnownKind.policy.rawValue ? "remove it; a namespaceSelector chooses the pods' namespaces" : nil,
                    atKey: true)
            }
        }
        let uid = string(member("uid", of: reader)).flatMap { $0.isEmpty ? nil : $0 }
        return ObjectMetadata(
            name: reference.name, namespace: reference.namespace, uid: uid ?? Self.derivedUID(of: reference),
            labels: stringMap(member("labels", of: reader)), annotations: stringMap(member("annotations", of: reader)),
            creationTimestamp: timestamp(member("creationTimestamp", of: reader)),
            generation: integer(member("generation", of: reader), as: Int64.self) ?? 0)
    }

    /// For a manifest without a uid: FNV-1a, 128 bits, over kind, namespace (empty for none) and name with a NUL between
    /// them, written as a UUID. The same everywhere, as agents on several nodes must agree on it.
    static func derivedUID(of reference: ObjectReference) -> String {
        let prime = UInt128(0x0000_0000_0100_0000) << 64 | UInt128(0x0000_0000_0000_013B)
        var hash = UInt128(0x6C62_272E_07BB_0142) << 64 | UInt128(0x62B8_2175_6295_C58D)
        for byte in [reference.kind, reference.namespace ?? "", reference.name].joined(separator: "\0").utf8 {
            hash = (hash ^ UInt128(byte)) &* prime
        }
        let digits = String(hash, radix: 16)
        let padded = Array(String(repeating: "0", count: 32 - digits.count) + digits)
        return [0..<8, 8..<12, 12..<16, 16..<20, 20..<32].map { String(padded[$0]) }.joined(separator: "-")
    }

    /// RFC 1123: what Kubernetes takes as the name of most objects.
    private mutating func checkName(_ name: String, path: JSONPath) {
        if !NameSyntax.isSubdomain(name) {
            report(
                .error, .fieldType, path, "\"\(name)\" is not a name",
                hint: "lower-case letters, digits, '-' and '.', at most 253, a letter or digit at both ends")
        }
    }

    /// Kubernetes writes `2026-11-22T10:00:00Z`; that form alone sorts by time as text.
    mutating func timestamp(_ reader: JSONReader?) -> String? {
        guard let reader, let text = string(reader) else { return nil }
        var bytes = text
        let fits = bytes.withUTF8 { Self.isTimestamp($0) }
        guard fits else {
            report(.error, .fieldType, reader.path, "\"\(text)\" is not a time", hint: "write it in UTC: 2026-11-22T10:00:00Z")
            return nil
        }
        return text
    }

    static func isTimestamp(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
        let form: StaticString = "0000-00-00T00:00:00Z"
        guard text.count == form.utf8CodeUnitCount else { return false }
        return zip(text, UnsafeBufferPointer(start: form.utf8Start, count: form.utf8CodeUnitCount)).allSatisfy { byte, expected in
            expected == UInt8(ascii: "0") ? (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) : byte == expected
        }
    }
}

/// Forms of names and labels, as Kubernetes checks them.
enum NameSyntax {
    /// Up to 253 of lower-case letters, digits, `-` and `.`; each part between dots begins and ends with a letter or digit.
    static func isSubdomain(_ text: String) -> Bool {
        var text = text
        return text.withUTF8 { isSubdomain($0) }
    }

    static func isSubdomain(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
        guard (1...253).contains(text.count) else { return false }
        var before = UInt8(ascii: ".")
        for byte in text {
            switch byte {
            case UInt8(ascii: "."): guard isLowerAlphanumeric(before) else { return false }
            case UInt8(ascii: "-"): guard before != UInt8(ascii: ".") else { return false }
            default: guard isLowerAlphanumeric(byte) else { return false }
            }
            before = byte
        }
        return isLowerAlphanumeric(before)
    }

    /// `[prefix/]name`: the prefix a subdomain, the name up to 63.
    static func isLabelKey(_ text: String) -> Bool {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard let name = parts.last, parts.count <= 2, !name.isEmpty, isLabelValue(String(name)) else { return false }
        return parts.count == 1 || isSubdomain(String(parts[0]))
    }

    static func isLabelValue(_ text: String) -> Bool {
        text.isEmpty
            || text.utf8.count <= 63
                && isBounded(text.utf8[...], by: isAlphanumeric) { isAlphanumeric($0) || "-_.".utf8.contains($0) }
    }

    private static func isBounded(
        _ text: Substring.UTF8View, by isEnd: (UInt8) -> Bool, _ isInner: (UInt8) -> Bool
    ) -> Bool {
        guard let first = text.first, let last = text.last else { return false }
        return isEnd(first) && isEnd(last) && text.allSatisfy(isInner)
    }

    private static func isLowerAlphanumeric(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        isLowerAlphanumeric(byte) || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
    }
}
