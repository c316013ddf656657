/// Looks for blocks of RFC 7468 in bytes; what is in them is OpenSSL's to read.
enum PEM {
    /// The labels of whole blocks: `CERTIFICATE`, `EC PRIVATE KEY`.
    static func labels(in bytes: [UInt8]) -> [String] {
        let lines = bytes.split(whereSeparator: { $0 == 0x0A || $0 == 0x0D })
        var labels: [String] = []
        var open: String?
        for line in lines {
            if let label = label(of: line, "-----BEGIN ") {
                open = label
            } else if let label = label(of: line, "-----END "), label == open {
                labels.append(label)
                open = nil
            }
        }
        return labels
    }

    /// In the old form of OpenSSL or in PKCS#8: reading it would ask for a passphrase on the terminal.
    static func isEncrypted(_ bytes: [UInt8]) -> Bool {
        labels(in: bytes).contains("ENCRYPTED PRIVATE KEY")
            || bytes.split(separator: 0x0A).contains {
                $0.starts(with: "Proc-Type:".utf8) && String(decoding: $0, as: UTF8.self).contains("ENCRYPTED")
            }
    }

    private static func label(of line: ArraySlice<UInt8>, _ start: String) -> String? {
        guard line.starts(with: start.utf8) else { return nil }
        let text = String(decoding: line.dropFirst(start.utf8.count), as: UTF8.self)
        guard let end = text.firstRange(of: "-----") else { return nil }
        return String(text[..<end.lowerBound])
    }
}
