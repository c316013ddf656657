import EgressPorts

extension ImpersonatedUser {
    /// The headers of a request made for somebody else (Kubernetes: user impersonation).
    ///
    /// The key of an extra value is made lower case, for names of headers have no case, and what a name may not hold is
    /// percent-encoded, `%` included.
    func headers() throws(ClusterError) -> [(name: String, value: String)] {
        guard !name.isEmpty else { return [] }
        var headers = [(name: "Impersonate-User", value: name)]
        if !uid.isEmpty { headers.append((name: "Impersonate-Uid", value: uid)) }
        headers += groups.map { (name: "Impersonate-Group", value: $0) }
        for (key, values) in extra.sorted(by: { $0.key < $1.key }) {
            headers += values.map { (name: "Impersonate-Extra-\(Self.headerName(key))", value: $0) }
        }
        for header in headers { try HeaderText.check(header.value, of: header.name) }
        return headers
    }

    private static func headerName(_ key: String) -> String {
        key.lowercased().utf8.map { byte in
            if HeaderText.isNameByte(byte), byte != UInt8(ascii: "%") { return String(Unicode.Scalar(byte)) }
            return "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
        }.joined()
    }
}

/// What an HTTP header may hold (RFC 9110 section 5).
enum HeaderText {
    /// `tchar`.
    static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
        default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
        }
    }

    /// No value may end a header and begin another one. The value itself isn't told, for it may be a secret.
    static func check(_ value: String, of header: String) throws(ClusterError) {
        guard value.utf8.allSatisfy({ ($0 >= 0x20 && $0 != 0x7F) || $0 == 0x09 }) else {
            throw ClusterError(
                "Unable to connect to the server: net/http: invalid header field value for \"\(header)\"", voice: .verbatim)
        }
    }
}
