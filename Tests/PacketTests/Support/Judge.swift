import EgressModel
import FoundationEssentials
import Synchronization

/// What scapy makes of packets: something that is not us (`Tests/Judge/judge.py`, one process for all tests).
enum Judge {
    /// What it sees in a frame; `complaints` is empty when every length and checksum is right.
    struct Reading: Decodable {
        var source: String
        var destination: String
        var hops: UInt8
        /// The IP header's word for what it carries.
        var number: UInt8
        /// Echo: the identifier.
        var sourcePort: UInt16
        var destinationPort: UInt16
        var type: UInt8?
        var code: UInt8?
        var mtu: UInt32?
        var mss: Int?
        /// What an error quotes: one, or none.
        var quoted: [Reading]?
        var complaints: [String]?
    }

    private struct Refusal: Decodable { var error: String }

    private static let process = Result { try JudgeProcess() }

    /// Starts it, from a thread that has no namespaces of its own.
    static func start() throws { _ = try process.get() }

    static func frames(_ datagrams: [Datagram]) throws -> [[UInt8]] {
        try ask("build", datagrams, for: [Octets].self).map(\.bytes)
    }

    static func frame(_ datagram: Datagram) throws -> [UInt8] { try frames([datagram])[0] }

    static func read(_ frame: [UInt8]) throws -> Reading { try ask("read", [Octets(frame)], for: [Reading].self)[0] }

    /// What is wrong with lengths and checksums of these frames; for thousands of them.
    static func complaints(about frames: [[UInt8]]) throws -> [String] {
        try stride(from: 0, to: frames.count, by: 1000).flatMap { first in
            try ask("check", frames[first..<min(first + 1000, frames.count)].map { Octets($0) }, for: [String].self)
        }
    }

    /// Requests at random, always the same ones for a seed.
    struct Order: Encodable {
        var seed: Int
        var count: Int
        var source: IPAddress
        var destinations: [IPAddress]
        var macs: Octets
    }

    static func random(_ order: Order) throws -> [[UInt8]] { try ask("random", order, for: [Octets].self).map(\.bytes) }

    private struct Series: Encodable {
        var frame: Octets
        var from: UInt16
        var count: Int
    }

    /// The same packet from one source port (or identifier) after another.
    static func series(_ datagram: Datagram, from port: UInt16, count: Int) throws -> [[UInt8]] {
        try ask("series", Series(frame: Octets(frame(datagram)), from: port, count: count), for: [Octets].self).map(\.bytes)
    }

    /// What the far end answers to each of these.
    static func answers(to frames: [[UInt8]]) throws -> [[UInt8]] {
        try ask("turn", frames.map { Octets($0) }, for: [Octets].self).map(\.bytes)
    }

    private static func ask<Answer: Decodable>(_ what: String, _ items: some Encodable, for type: Answer.Type) throws -> Answer {
        let request = Array(try JSONEncoder().encode([what: AnyEncodable(items)]))
        let answer = Data(try process.get().ask(request))
        do {
            return try JSONDecoder().decode(type, from: answer)
        } catch {
            throw (try? JSONDecoder().decode(Refusal.self, from: answer)).map { JudgeError($0.error) } ?? error
        }
    }
}

private struct AnyEncodable: Encodable {
    let value: any Encodable

    init(_ value: any Encodable) { self.value = value }
    func encode(to encoder: any Encoder) throws { try value.encode(to: encoder) }
}

struct JudgeError: Error, CustomStringConvertible {
    var description: String

    init(_ description: String) { self.description = "the judge: " + description }
}
