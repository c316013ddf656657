// SPDX-License-Identifier: Apache-2.0
import EgressModel
import EgressPlan
import JSONText

extension PluginAnswer {
    private static let mostAddresses = 64

    /// Reads what a module answered; whatever isn't as `egress_plugin.h` says is `plugin_failed`, with the field.
    init(module: String, version: String, answer: String) throws(HelperError) {
        func failed(_ message: String) -> HelperError {
            HelperError(code: "plugin_failed", message: "\(module) answered what can't be used: \(message)")
        }
        let value: JSONValue
        do throws(JSONError) {
            value = try JSONValue(parsing: answer, limits: JSONLimits(depth: 16, bytes: Exchange.longestText))
        } catch {
            throw failed(printable("\(error)"))
        }
        do throws(JSONFieldError) {
            self = try Self.read(JSONReader(value), version: version)
        } catch {
            throw failed(printable("\(error)"))
        }
    }

    private static func read(_ answer: JSONReader, version: String) throws(JSONFieldError) -> PluginAnswer {
        let claim = try answer.optional("claim")
        let claims = try claim?.bool() ?? false
        let interface = try answer.optional("interface")?.text("a name of an interface") { name in
            (1...127).contains(name.utf8.count) && !name.utf8.contains { $0 <= 32 || $0 == UInt8(ascii: "/") } ? name : nil
        }
        let valid = try answer.optional("validSeconds")
        let seconds = try valid?.integer(as: Int64.self)
        if let valid, let seconds, seconds < 1 { throw JSONFieldError(path: valid.path, "must be at least 1") }
        if let claim, claims, interface == nil {
            throw JSONFieldError(path: claim.path, "is true without an interface to put the addresses on")
        }
        return PluginAnswer(
            version: version, ipv4: try addresses(answer, "ipv4", .ipv4), ipv6: try addresses(answer, "ipv6", .ipv6), interface: interface,
            claim: claims, validSeconds: seconds)
    }

    private static func addresses(_ answer: JSONReader, _ key: String, _ family: IPFamily) throws(JSONFieldError) -> [IPAddress] {
        guard let list = try answer.optional(key) else { return [] }
        let elements = try list.array()
        guard elements.count <= mostAddresses else { throw JSONFieldError(path: list.path, "has more than \(mostAddresses) addresses") }
        return try elements.map { element throws(JSONFieldError) in
            try element.text("an \(key) address that packets can leave with") { text in
                IPAddress(text).flatMap { $0.family == family && $0.isGlobal ? $0 : nil }
            }
        }
    }
}
