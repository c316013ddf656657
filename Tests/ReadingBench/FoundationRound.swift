import Foundation

/// Foundation's two ways from bytes to values.
enum FoundationRound {
    static func serialization(_ lines: [Data]) throws {
        for line in lines { _ = try JSONSerialization.jsonObject(with: line) }
    }

    static func decoder(_ lines: [Data]) throws {
        let decoder = JSONDecoder()
        for line in lines { _ = try decoder.decode(AnyJSON.self, from: line) }
    }

    static func data(_ lines: [ArraySlice<UInt8>]) -> [Data] { lines.map { Data($0) } }
}

/// Any JSON, which is what `JSONValue` holds.
private enum AnyJSON: Decodable {
    case null
    case bool(Bool)
    case integer(Int64)
    case number(Double)
    case string(String)
    case array([AnyJSON])
    case object([String: AnyJSON])

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let text = try? container.decode(String.self) {
            self = .string(text)
        } else if let members = try? container.decode([String: AnyJSON].self) {
            self = .object(members)
        } else if let elements = try? container.decode([AnyJSON].self) {
            self = .array(elements)
        } else if let number = try? container.decode(Int64.self) {
            self = .integer(number)
        } else if let number = try? container.decode(Double.self) {
            self = .number(number)
        } else if let bool = try? container.decode(Bool.self) {
            self = .bool(bool)
        } else {
            self = .null
        }
    }
}
