public import EgressPlan
public import JSONText

/// `{"v":1,"id":7,"method":"plan.apply","params":{…}}`: what a client asks. Without an id there is no answer.
public struct HelperRequest: Sendable, Hashable {
    public static let version = 1

    /// 0 to 2⁵³-1.
    public var id: Int64?
    public var method: String
    /// An object; empty where the request has none.
    public var params: JSONValue

    public init(id: Int64?, method: String, params: JSONValue = [:]) {
        self.id = id
        self.method = method
        self.params = params
    }

    public init(id: Int64?, _ method: HelperMethod, params: JSONValue = [:]) {
        self.init(id: id, method: method.rawValue, params: params)
    }

    /// The line, its `\n` included.
    public var line: [UInt8] {
        var members: JSONObject = ["v": JSONValue(Self.version)]
        if let id { members["id"] = JSONValue(id) }
        members["method"] = .string(method)
        members["params"] = params
        return lineBytes(.object(members))
    }

    /// Reads a line without its `\n`.
    public init(line: [UInt8]) throws(HelperRequestFault) {
        let value: JSONValue
        do {
            value = try JSONValue(parsing: line, limits: WireLimits.requestJSON)
        } catch {
            throw HelperRequestFault(id: nil, endsConnection: true, .brokenLine(error))
        }
        let id = value["id"].flatMap { $0.integerValue(as: Int64.self) }.flatMap { Self.ids.contains($0) ? $0 : nil }
        do throws(JSONFieldError) {
            try self.init(JSONReader(value), id: id)
        } catch {
            let isQuiet = value.objectValue.map { $0["id"]?.isNull ?? true } ?? false
            throw HelperRequestFault(id: id, endsConnection: false, isAnswered: !isQuiet, .badRequest(error))
        }
        let limit = HelperMethod(rawValue: method)?.lineLimit ?? WireLimits.line
        guard line.count <= limit else {
            throw HelperRequestFault(id: id, endsConnection: true, .lineTooLong(limit: limit))
        }
    }

    static let ids = 0...Int64(WireLimits.exactNumbers - 1)

    private init(_ reader: JSONReader, id: Int64?) throws(JSONFieldError) {
        let version = try reader.required("v").int()
        guard version == Self.version else {
            throw JSONFieldError(path: JSONPath([.key("v")]), "is \(version), but this helper speaks version \(Self.version)")
        }
        if try reader.optional("id") != nil, id == nil {
            throw JSONFieldError(path: JSONPath([.key("id")]), "must be an integer from 0 to \(Self.ids.upperBound)")
        }
        self.id = id
        method = try reader.required("method").string()
        params = try reader.optional("params")?.value ?? [:]
        guard case .object = params else {
            throw JSONFieldError(path: JSONPath([.key("params")]), "must be an object, not \(params.kindName)")
        }
    }
}

/// Why a line is not a request, and what it costs.
public struct HelperRequestFault: Error, Sendable, Hashable {
    /// Where the line had one that could be read.
    public var id: Int64?
    /// The stream can't be trusted further: broken JSON, bad UTF-8, too deep, too long.
    public var endsConnection: Bool
    /// False for a request without an id: it gets no answer.
    public var isAnswered: Bool
    public var error: HelperError

    init(id: Int64?, endsConnection: Bool, isAnswered: Bool = true, _ error: HelperError) {
        self.id = id
        self.isAnswered = isAnswered
        self.endsConnection = endsConnection
        self.error = error
    }
}

/// One line of JSON with its `\n`.
func lineBytes(_ value: JSONValue) -> [UInt8] {
    var bytes = Array(value.text().utf8)
    bytes.append(UInt8(ascii: "\n"))
    return bytes
}
