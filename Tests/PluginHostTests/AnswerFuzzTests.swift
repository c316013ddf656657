// SPDX-License-Identifier: Apache-2.0
import CEgressShims
import EgressPlan
import Glibc
import JSONText
import TestKit
import TestRandom
import Testing

@testable import PluginHost

/// Whatever comes from a module's process: an answer or an error before the deadline, and never more.
@Suite struct AnswerFuzzTests {
    private static let numbers = [
        "0", "-1", "1", "2", "65", "1e400", "-1e400", "9223372036854775807", "9223372036854775808", "-9223372036854775809",
        "18446744073709551615", "1.5", "0.1e-999", String(repeating: "9", count: 400), "1e1e1", "-", "NaN",
    ]

    /// JSON text, more or less.
    private static func value(_ dice: inout SeededRandom, depth: Int = 0) -> String {
        switch Int.random(in: 0..<(depth > 5 ? 5 : 9), using: &dice) {
        case 0: return numbers.randomElement(using: &dice) ?? "0"
        case 1: return ["true", "false", "null", "tru", ""].randomElement(using: &dice) ?? ""
        case 2: return #""\#(String(repeating: "a", count: Int.random(in: 0..<300, using: &dice)))""#
        case 3:
            return [#""\ud800""#, #""\u0000""#, #""192.0.2.7""#, #""2001:db8::7""#, "\"\u{1}\"", #""127.0.0.1""#, "\""].randomElement(
                using: &dice) ?? ""
        case 4: return String(repeating: "[", count: Int.random(in: 1..<5000, using: &dice))
        case 5, 6:
            let values = (0..<Int.random(in: 0..<6, using: &dice)).map { _ in value(&dice, depth: depth + 1) }
            return "[\(values.joined(separator: ","))]"
        default:
            let keys = [
                "id", "result", "error", "code", "message", "descriptors", "answer", "ipv4", "ipv6", "interface", "claim", "validSeconds",
            ]
            let members = (0..<Int.random(in: 0..<6, using: &dice)).map { _ in
                "\"\(keys.randomElement(using: &dice) ?? "")\":\(value(&dice, depth: depth + 1))"
            }
            return "{\(members.joined(separator: ","))}"
        }
    }

    /// What the process says to question 1.
    private static func line(_ dice: inout SeededRandom) -> [UInt8] {
        var bytes: [UInt8]
        switch Int.random(in: 0..<8, using: &dice) {
        case 0: return (0..<Int.random(in: 0..<2000, using: &dice)).map { _ in UInt8.random(in: 0...255, using: &dice) }
        case 1: return Array(repeating: UInt8.random(in: 32...127, using: &dice), count: Int.random(in: 0..<600_000, using: &dice))
        case 2: bytes = Array("{\"id\":1,\"result\":\(value(&dice)),\"descriptors\":\(value(&dice))}\n".utf8)
        case 3: bytes = Array("{\"id\":1,\"error\":\(value(&dice))}\n".utf8)
        case 4: bytes = Array("{\"id\":\(value(&dice)),\"result\":{}}\n".utf8)
        case 5:
            bytes = Array("{\"id\":1,\"result\":{\"answer\":\"{}\"},\"descriptors\":\(numbers.randomElement(using: &dice) ?? "0")}\n".utf8)
        case 6: bytes = Array("{\"id\":1,\"result\":{}}\n{\"id\":1,\"result\":{}}\n".utf8)
        default: bytes = Array("\(value(&dice))\n".utf8)
        }
        switch Int.random(in: 0..<4, using: &dice) {
        case 0: bytes = Array(bytes.prefix(Int.random(in: 0...bytes.count, using: &dice)))
        case 1:
            for _ in 0..<3 where !bytes.isEmpty {
                bytes[Int.random(in: 0..<bytes.count, using: &dice)] = UInt8.random(in: 0...255, using: &dice)
            }
        default: break
        }
        return bytes
    }

    /// One end of a socket pair as the connection has it, and the other as the process has it.
    private static func pair() throws -> (ours: Int32, theirs: Int32) {
        var ends: [Int32] = [-1, -1]
        try #require(socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0, &ends) == 0)
        return (ends[0], ends[1])
    }

    @Test func `two thousand answers of a process, in pieces or whole, end before the deadline`() async throws {
        var dice = SeededRandom(seed: 20_261_122)
        var (answered, refused, broken) = (0, 0, 0)
        let start = ContinuousClock.now
        for round in 0..<2000 {
            // The pool's threads are for the other tests, too.
            await Task.yield()
            let (ours, theirs) = try Self.pair()
            let (output, printed) = try Self.pair()
            let connection = ModuleConnection(socket: ours, output: output) { _, _ in }
            close(printed)
            _ = fcntl(theirs, F_SETFL, O_NONBLOCK)
            let bytes = Self.line(&dice)
            _ = bytes.withUnsafeBytes { send(theirs, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            // Every twentieth stays open and says no more, so that only the deadline ends the wait.
            let isOpen = round.isMultiple(of: 20)
            if !isOpen { shutdown(theirs, Int32(SHUT_WR)) }
            defer { close(theirs) }
            let asked = ContinuousClock.now
            do throws(ModuleConnection.CallError) {
                _ = try connection.call(.describe, [], within: .milliseconds(40))
                answered += 1
            } catch {
                switch error {
                case .answered(let error):
                    refused += 1
                    #expect(!(error.code + error.message).unicodeScalars.contains { $0.properties.generalCategory == .control })
                case .broken(let reason):
                    broken += 1
                    #expect(!reason.reason.isEmpty && !reason.reason.unicodeScalars.contains { $0.properties.generalCategory == .control })
                }
            }
            #expect(ContinuousClock.now - asked < .seconds(20), "round \(round)")
            var watch = DescriptorWatch()
            _ = watch.see(connection.descriptors, isStart: true)
            _ = watch.see(connection.descriptors, isStart: false)
        }
        #expect(answered > 50 && refused > 50 && broken > 500, "\(answered) \(refused) \(broken)")
        #expect(ContinuousClock.now - start < .seconds(300))
    }

    @Test func `two thousand answers of a module are read or refused with a reason`() async {
        var dice = SeededRandom(seed: 7)
        var (read, refused) = (0, 0)
        for _ in 0..<2000 {
            await Task.yield()
            let interfaces = ["null", "\"eth0\"", Self.value(&dice)]
            var text = """
                {"ipv4":\(Bool.random(using: &dice) ? "[\"192.0.2.7\"]" : Self.value(&dice)),"ipv6":\(Bool.random(using: &dice) ? "[]" : Self.value(&dice)),\
                "interface":\(interfaces.randomElement(using: &dice) ?? ""),"claim":\(Bool.random(using: &dice)),\
                "validSeconds":\(Bool.random(using: &dice) ? "null" : Self.numbers.randomElement(using: &dice) ?? "")}
                """
            if Int.random(in: 0..<4, using: &dice) == 0 { text = Self.value(&dice) }
            do throws(HelperError) {
                let answer = try PluginAnswer(module: "m", version: "1", answer: text)
                #expect(answer.ipv4.count <= 64 && answer.validSeconds.map { $0 >= 1 } != false)
                read += 1
            } catch {
                #expect(error.code == "plugin_failed" && error.message.hasPrefix("m answered what can't be used: "))
                #expect(!error.message.unicodeScalars.contains { $0.properties.generalCategory == .control })
                refused += 1
            }
        }
        #expect(read > 100 && refused > 500, "\(read) \(refused)")
    }
}
