public import EgressPlan
public import JSONText

/// What the helper says: `hello` first, then answers and events under the ids of requests.
public enum HelperReply: Sendable, Hashable {
    case hello(HelperHello)
    case result(id: Int64, JSONValue)
    /// Without an id where the request's could not be read.
    case failure(id: Int64?, HelperError)
    case event(id: Int64, JSONValue)
    /// The stream under this id has ended.
    case end(id: Int64)

    /// The line, its `\n` included.
    public var line: [UInt8] { lineBytes(wire) }

    var wire: JSONValue {
        let version = JSONValue(HelperRequest.version)
        switch self {
        case .hello(let hello): return ["v": version, "hello": hello.wire]
        case .result(let id, let result): return ["v": version, "id": JSONValue(id), "result": result]
        case .failure(let id, let error): return ["v": version, "id": id.map { JSONValue($0) } ?? .null, "error": error.wire]
        case .event(let id, let event): return ["v": version, "id": JSONValue(id), "event": event]
        case .end(let id): return ["v": version, "id": JSONValue(id), "end": true]
        }
    }

    /// Reads a line without its `\n`; `nil` for a kind of message that this version doesn't know.
    public static func reading(line: [UInt8]) throws(HelperError) -> HelperReply? {
        let reader: JSONReader
        do {
            reader = JSONReader(try JSONValue(parsing: line, limits: WireLimits.answerJSON))
        } catch {
            throw .brokenAnswer("\(error)")
        }
        do throws(JSONFieldError) {
            return try reading(reader)
        } catch {
            throw .brokenAnswer("\(error)")
        }
    }

    private static func reading(_ reader: JSONReader) throws(JSONFieldError) -> HelperReply? {
        let version = try reader.required("v").int()
        guard version == HelperRequest.version else {
            throw JSONFieldError(path: JSONPath([.key("v")]), "is \(version), but this program speaks version \(HelperRequest.version)")
        }
        if let hello = try reader.optional("hello") { return .hello(try HelperHello(wire: hello)) }
        let id = try reader.optional("id")?.integer(as: Int64.self)
        if let error = try reader.optional("error") { return .failure(id: id, try HelperError(wire: error)) }
        guard let id else { return nil }
        if let event = try reader.optional("event") { return .event(id: id, event.value) }
        if try reader.optional("end")?.bool() == true { return .end(id: id) }
        return reader.value["result"].map { .result(id: id, $0) }
    }
}

/// Whom a client talks to; the first line of a connection.
public struct HelperHello: Sendable, Hashable, WireValue {
    /// The helper's version.
    public var helper: String
    public var node: String
    /// `EGRESS_ABI_VERSION` of its datapath.
    public var abi: Int
    public var methods: [String]

    public init(helper: String, node: String, abi: Int, methods: [String] = HelperMethod.allCases.map(\.rawValue)) {
        self.helper = helper
        self.node = node
        self.abi = abi
        self.methods = methods
    }

    public init(wire reader: JSONReader) throws(JSONFieldError) {
        helper = try reader.required("helper").string()
        node = try reader.required("node").string()
        abi = try reader.required("abi").int()
        methods = try reader.strings("methods")
    }

    public var wire: JSONValue {
        ["helper": .string(helper), "node": .string(node), "abi": JSONValue(abi), "methods": .strings(methods)]
    }
}
