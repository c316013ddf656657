// SPDX-License-Identifier: Apache-2.0
import EgressPlan
import JSONText

/// What is said over descriptor 3 between the helper and the process that holds a module: one JSON object a line.
///
///     {"id":1,"method":"describe"}                                 {"id":1,"result":{"name":"static","version":"1"}}
///     {"id":2,"method":"resolve","config":"{}","request":"{…}"}    {"id":2,"result":{"answer":"{…}"}}
///     {"id":3,"method":"facts","facts":"{…}"}                      {"id":3,"error":{"code":"plugin_failed","message":"…"}}
///
/// An answer also has `"descriptors":n`, how many are open in the module's process, and the one to `describe` has
/// `"missing":["…"]`, what of its sandbox could not be had.
/// The module's own JSON travels as text inside: neither side has to understand it to pass it on.
enum Exchange {
    /// Of a text that a module gives or is given, NUL included.
    static let longestText = 64 << 10
    /// Of a request, which holds the node's interfaces.
    static let longestRequest = 1 << 20
    /// A byte is six characters at most (`\u001f`).
    static let longestAnswerLine = longestText * 6 + 4096
    static let longestRequestLine = longestRequest * 6 + 4096
    static let descriptor: Int32 = 3

    enum Method: String {
        case describe
        case resolve
        case facts
    }

    static func line(_ value: JSONValue) -> [UInt8] { Array(value.text().utf8) + [UInt8(ascii: "\n")] }

    static func error(_ error: HelperError) -> JSONValue {
        ["code": .string(error.code), "message": .string(error.message)]
    }
}

/// A description of a module, as it gives it.
struct ModuleDescription: Hashable {
    var name: String
    var version: String
}
