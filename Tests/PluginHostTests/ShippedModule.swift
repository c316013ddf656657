// SPDX-License-Identifier: Apache-2.0
import EgressPlan
import Glibc
import PluginHost
import Synchronization
import TestKit
import Testing

/// A module of `plugins/`, built as its README says, once for all tests.
struct ShippedModule {
    let name: String
    let folder: ModuleFolder

    var file: String { folder.file("\(name).so") }
    var readme: String { get throws { try Self.text("\(name)/README.md") } }

    private static let built = Mutex<[String: ModuleFolder]>([:])

    init(_ name: String) throws {
        self.name = name
        folder = try Self.built.withLock { built in
            if let folder = built[name] { return folder }
            // The folders go with the test process.
            if built.isEmpty { atexit { ShippedModule.built.withLock { $0 = [:] } } }
            let folder = try ModuleFolder()
            let line = try Self.buildLine(name).replacing("-o \(name).so", with: "-o \(folder.file("\(name).so"))")
            try run("/bin/sh", ["-ec", "cd \(project)\n\(line)"])
            built[name] = folder
            return folder
        }
    }

    /// Has a process of its own with this configuration answer one request.
    func resolve(_ request: Request, log: LogLines? = nil) async throws -> PluginAnswer {
        try await folder.host(log: log).resolve(strategy: name, requestJSON: request.json)
    }

    /// Configurations of the README's policies, in order.
    var examples: [String] {
        get throws {
            try readme.split(separator: "\n").compactMap { line in
                let words = line.split(separator: "kubectl-egress.dev/strategy-config: ", maxSplits: 1)
                return words.count == 2 ? String(words[1].dropFirst().dropLast()) : nil
            }
        }
    }

    private static func text(_ file: String) throws -> String {
        guard let text = FileText.read("\(project)/plugins/\(file)") else { throw Failure(text: "no plugins/\(file)") }
        return text
    }

    private static func buildLine(_ name: String) throws -> String {
        let blocks = try text("\(name)/README.md").split(separator: "```\n")
        guard let line = blocks.first(where: { $0.hasPrefix("cc ") }), line.contains("-o \(name).so") else {
            throw Failure(text: "plugins/\(name)/README.md doesn't say how it is built")
        }
        return String(line)
    }
}

/// A question as the agent asks it.
struct Request {
    var config: String
    var interfaces: String = Self.node
    var annotations = "{}"
    var families = #"["ipv4","ipv6"]"#

    var json: String {
        """
        {"policy":"egress-sample","uid":"u","entry":0,"node":{"name":"node-2","labels":{},"annotations":\(annotations)},
         "interfaces":\(interfaces),"defaultRoute":{"ipv4":"eth0","ipv6":null},"families":\(families),"config":\(config)}
        """
    }

    /// With a name that is another's alternative name, an address on lo, one twice, and one that is down.
    static let interfaces: [String] = [
        #"{"name":"lo","altNames":[],"index":1,"addresses":["127.0.0.1/8","203.0.113.9/32"],"up":true}"#,
        #"{"name":"eth0","altNames":["enp1s0","to-the-world"],"index":2,"#
            + #""addresses":["192.0.2.11/24","fe80::11/64","192.0.2.11/24","192.0.2.12/24","2001:db8::11/64"],"up":true}"#,
        #"{"name":"eth1","altNames":[],"index":3,"addresses":["198.51.100.8/24"],"up":false}"#,
        #"{"name":"ens2f1","altNames":["eth0","odd\u0007"],"index":5,"addresses":["169.254.7.7/16","198.51.100.5/24"],"up":true}"#,
        #"{"name":"ens1f1","altNames":[],"index":4,"addresses":["198.51.100.4/24"],"up":true}"#,
        #"{"name":"ens0f1","altNames":[],"index":6,"addresses":["fe80::6/64"],"up":true}"#,
    ]
    static let node: String = "[\(interfaces.joined(separator: ","))]"
}

/// A configuration that a module refuses.
struct Refusal: Sendable, CustomTestStringConvertible {
    var config: String
    var words: String
    /// A schema can't say it: repeated fields, lengths in bytes, which addresses are global.
    var isBeyondSchema: Bool

    init(_ config: String, _ words: String, isBeyondSchema: Bool = false) {
        (self.config, self.words, self.isBeyondSchema) = (config, words, isBeyondSchema)
    }

    var testDescription: String { String(config.prefix(80)) }
}

func repeated(_ text: String, _ count: Int, separator: String = "") -> String {
    Array(repeating: text, count: count).joined(separator: separator)
}
