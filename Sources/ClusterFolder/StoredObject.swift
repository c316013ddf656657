import EgressModel
import EgressPorts
import Glibc
import JSONText
import KubeObjects

/// What a new version of an object becomes in the folder, which plays the API server: it keeps `uid` and
/// `creationTimestamp`, and counts `generation` up when the spec, or one of our annotations, changed.
struct StoredObject {
    var json: JSONValue
    var applied: AppliedObject

    init(applying document: KubeDocument, over old: KubeDocument?) {
        var metadata = document.json["metadata"]?.objectValue ?? JSONObject()
        let change: AppliedObject.Change
        let generation: Int64
        if let old {
            let stored = old.json["metadata"]?.objectValue ?? JSONObject()
            let before = stored["generation"]?.integerValue(as: Int64.self) ?? 0
            generation = Self.intent(of: document.json) == Self.intent(of: old.json) ? before : max(before, 0) + 1
            metadata["uid"] = .string(old.effectiveUID)
            metadata["creationTimestamp"] = stored["creationTimestamp"].flatMap { $0.isNull ? nil : $0 }
        } else {
            generation = 1
            metadata["uid"] = metadata["uid"]?.stringValue.flatMap { $0.isEmpty ? nil : .string($0) } ?? .string(Self.randomUID())
            metadata["creationTimestamp"] = .string(Self.now())
        }
        metadata["generation"] = .integer(generation)
        var object = document.json.objectValue ?? JSONObject()
        object["metadata"] = .object(metadata)
        if let status = old?.json["status"] { object["status"] = status }
        json = .object(object)
        switch old {
        case nil: change = .created
        case let old?: change = Self.sameContent(json, old.json) ? .unchanged : .configured
        }
        applied = AppliedObject(
            object: document.reference, change: change, uid: metadata["uid"]?.stringValue ?? "", generation: generation)
    }

    /// What a user asks for: everything but metadata and status, and our annotations.
    private static func intent(of json: JSONValue) -> JSONValue {
        var object = json.objectValue ?? JSONObject()
        let annotations = json["metadata"]?["annotations"]?.objectValue ?? JSONObject()
        let ours = annotations.members.filter { $0.key.hasPrefix(EgressAnnotation.prefix) }.map { ($0.key, $0.value) }
        object["status"] = nil
        object["metadata"] = .object(JSONObject(ours))
        return .object(object)
    }

    /// Fields that the folder adds by itself don't make a change.
    private static func sameContent(_ new: JSONValue, _ old: JSONValue) -> Bool {
        func without(_ json: JSONValue) -> JSONValue {
            var object = json.objectValue ?? JSONObject()
            var metadata = json["metadata"]?.objectValue ?? JSONObject()
            for key in ["uid", "creationTimestamp", "generation"] { metadata[key] = nil }
            object["metadata"] = .object(metadata)
            return .object(object)
        }
        return without(new) == without(old)
    }

    /// RFC 9562, version 4.
    private static func randomUID() -> String {
        var bytes = (0..<16).map { _ in UInt8.random(in: .min ... .max) }
        bytes[6] = bytes[6] & 0x0F | 0x40
        bytes[8] = bytes[8] & 0x3F | 0x80
        let digits = bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }
        return [0..<4, 4..<6, 6..<8, 8..<10, 10..<16].map { digits[$0].joined() }.joined(separator: "-")
    }

    private static func now() -> String {
        var seconds = time(nil)
        var parts = tm()
        gmtime_r(&seconds, &parts)
        func two(_ number: Int32) -> String { (number < 10 ? "0" : "") + String(number) }
        return
            "\(parts.tm_year + 1900)-\(two(parts.tm_mon + 1))-\(two(parts.tm_mday))T\(two(parts.tm_hour)):\(two(parts.tm_min)):\(two(parts.tm_sec))Z"
    }
}
