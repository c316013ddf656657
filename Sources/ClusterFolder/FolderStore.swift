import EgressModel
import EgressPorts
import Glibc
import JSONText
import KubeObjects

/// Writes objects into the files of a folder: into the lines that hold the object already, else into a file of its own.
///
/// To be used under the folder's lock.
struct FolderStore {
    let root: String
    private var documents: [KubeDocument.Identity: KubeDocument] = [:]

    init(_ files: ManifestFiles) throws {
        root = files.root
        for document in try files.read().documents { documents[document.identity] = document }
    }

    mutating func apply(_ document: KubeDocument) throws -> AppliedObject {
        let old = documents[document.identity]
        let stored = StoredObject(applying: document, over: old)
        if stored.applied.change == .unchanged { return stored.applied }
        let path: String
        if let old {
            path = old.file
            try replace(old, by: stored.json)
        } else {
            path = try freePath(for: document.reference)
            try AtomicFile.write(stored.json.yamlText, to: path)
        }
        // Lines of the file's other objects have moved.
        for document in ManifestFiles.read(path).documents { documents[document.identity] = document }
        return stored.applied
    }

    /// Refused before anything is written: an object in a list shares its lines with others.
    func checkWritable(_ document: KubeDocument) throws {
        guard let old = documents[document.identity], old.lines == nil else { return }
        guard StoredObject(applying: document, over: old).applied.change != .unchanged else { return }
        throw ClusterError(
            "\(document.reference) is inside of a list in \(old.file)",
            hint: "edit it there, or move it to a file of its own")
    }

    private func replace(_ old: KubeDocument, by json: JSONValue) throws {
        guard let range = old.lines else { return }
        let bytes = try withFile(old.file, O_RDONLY) { try readAll($0, path: old.file, limit: ManifestFiles.byteLimit) }
        var lines = bytes.split(separator: 0x0A, omittingEmptySubsequences: false)[...]
        if lines.last?.isEmpty == true { lines.removeLast() }
        let before = lines.prefix(range.lowerBound - 1)
        let chunk = lines.dropFirst(range.lowerBound - 1).prefix(range.count)
        let after = lines.dropFirst(range.upperBound - 1)
        var text = text(of: before)
        text += Self.encode(json, like: chunk, isAlone: before.isEmpty && after.isEmpty)
        text += self.text(of: after)
        try AtomicFile.write(text, to: old.file, mode: Self.mode(of: old.file))
    }

    private func text(of lines: ArraySlice<ArraySlice<UInt8>>) -> String {
        lines.map { String(decoding: $0, as: UTF8.self) + "\n" }.joined()
    }

    /// JSON stays JSON, a line stays a line, and a document of several keeps the marker before it.
    private static func encode(_ json: JSONValue, like chunk: ArraySlice<ArraySlice<UInt8>>, isAlone: Bool) -> String {
        let first = chunk.first ?? []
        if first.first(where: { $0 != 0x20 && $0 != 0x09 }) == UInt8(ascii: "{") {
            return json.text(pretty: chunk.count > 1) + "\n"
        }
        return (first.starts(with: "---".utf8) && !isAlone ? "---\n" : "") + json.yamlText
    }

    private static func mode(of path: String) -> mode_t {
        var status = stat()
        return stat(path, &status) == 0 ? status.st_mode & 0o777 : 0o644
    }

    private func freePath(for reference: ObjectReference) throws -> String {
        let stem = FolderFileName.stem(for: reference)
        for number in 1...100 {
            let path = "\(root)/\(stem)\(number == 1 ? "" : "-\(number)").yaml"
            if access(path, F_OK) != 0, errno == ENOENT { return path }
        }
        throw ClusterError("no free file name for \(reference) in \(root)")
    }
}

/// Names of the files that the folder makes.
enum FolderFileName {
    /// `ciliumegressgatewaypolicy.web`: whatever the object is called, the name has no slash and no dot in front.
    static func stem(for reference: ObjectReference) -> String {
        let parts = [reference.kind] + (reference.namespace.map { [$0] } ?? []) + [reference.name]
        let name = parts.map(safe).joined(separator: ".")
        guard name.utf8.count > 180 else { return name }
        let hash = name.utf8.reduce(UInt64(0xCBF2_9CE4_8422_2325)) { ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01B3 }
        return String(name.prefix(160)) + "-" + String(hash, radix: 16)
    }

    private static func safe(_ part: String) -> String {
        let text = part.lowercased().utf8.map { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."):
                String(Unicode.Scalar(byte))
            default: "_" + String(byte, radix: 16)
            }
        }.joined()
        return text.hasPrefix(".") ? "_" + text : text
    }
}
