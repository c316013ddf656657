import EgressPlan
import EgressWire
import JSONText
import TestRandom
import Testing

/// Lines as they stand on the wire, byte for byte, and what is read from them.
@Suite struct RequestFramingTests {
    private func fault(_ line: [UInt8]) -> HelperRequestFault? {
        do throws(HelperRequestFault) {
            _ = try HelperRequest(line: line)
            return nil
        } catch {
            return error
        }
    }

    private func fault(_ line: String) -> HelperRequestFault? { fault(Array(line.utf8)) }

    @Test func `a request is one line with its version first`() throws {
        let request = HelperRequest(id: 7, .cancel, params: ["id": 9])
        #expect(String(decoding: request.line, as: UTF8.self) == #"{"v":1,"id":7,"method":"cancel","params":{"id":9}}"# + "\n")
        #expect(try HelperRequest(line: request.line.dropLast()) == request)
    }

    @Test func `a request without params or id is one`() throws {
        let request = try HelperRequest(line: Array(#"{"v":1,"method":"status.get"}"#.utf8))
        #expect(request == HelperRequest(id: nil, .status))
    }

    @Test func `unknown fields are ignored`() throws {
        let line = #"{"v":1,"trace":[1],"id":7,"method":"status.get","params":{}}"#
        #expect(try HelperRequest(line: Array(line.utf8)) == HelperRequest(id: 7, .status))
    }

    @Test func `an unknown method is a request`() throws {
        #expect(try HelperRequest(line: Array(#"{"v":1,"id":1,"method":"nat.list"}"#.utf8)).method == "nat.list")
    }

    @Test(arguments: [
        #"{"v":1,"id":7,"method""#, "", "   ", "{}{}", #"{"v":1,"v":1,"id":7,"method":"x"}"#, #"{"v":1,"id":7,"method":"\ud800"}"#, "nul",
    ])
    func `broken JSON costs the connection`(line: String) {
        let fault = fault(line)
        #expect(fault?.endsConnection == true)
        #expect(fault?.id == nil)
        #expect(fault?.error.code == "bad_request")
    }

    @Test(
        arguments: [
            // An overlong '/', a lone continuation byte, a surrogate in UTF-8, the start of a character and no more.
            [0xC0, 0xAF], [0x80], [0xED, 0xA0, 0x80], [0xE2, 0x82],
        ] as [[UInt8]])
    func `bad UTF-8 costs the connection`(bytes: [UInt8]) {
        let line = Array(#"{"v":1,"id":7,"method":""#.utf8) + bytes + Array("\"}".utf8)
        #expect(fault(line)?.endsConnection == true)
    }

    @Test func `nesting of 64 is taken and of 65 costs the connection`() throws {
        func line(_ depth: Int) -> String {
            let inner = depth - 2
            return #"{"v":1,"id":7,"method":"x","params":{"deep":"#
                + String(repeating: "[", count: inner) + String(repeating: "]", count: inner) + "}}"
        }
        _ = try HelperRequest(line: Array(line(64).utf8))
        #expect(fault(line(65))?.endsConnection == true)
    }

    @Test func `only plan apply may be longer than a mebibyte`() throws {
        func line(_ method: String, _ count: Int) -> [UInt8] {
            let head = Array(#"{"v":1,"id":7,"method":"\#(method)","params":{"x":""#.utf8)
            let tail = Array(#""}}"#.utf8)
            return head + [UInt8](repeating: UInt8(ascii: "a"), count: count - head.count - tail.count) + tail
        }
        _ = try HelperRequest(line: line("status.get", 1 << 20))
        _ = try HelperRequest(line: line("plan.apply", 1 << 20 + 1))
        let fault = fault(line("status.get", 1 << 20 + 1))
        #expect(fault?.endsConnection == true)
        #expect(fault?.id == 7)
        #expect(fault?.error.message == "a line is longer than 1048576 bytes")
    }

    @Test(arguments: [
        (#"{"id":7,"method":"x"}"#, 7 as Int64?, "v: is missing"),
        (#"{"v":2,"id":7,"method":"x"}"#, 7, "v: is 2, but this helper speaks version 1"),
        (#"{"v":1,"id":7}"#, 7, "method: is missing"),
        (#"{"v":1,"id":7,"method":3}"#, 7, "method: must be a string, not an integer"),
        (#"{"v":1,"id":7,"method":"x","params":[]}"#, 7, "params: must be an object, not a list"),
        (#"{"v":1,"id":"seven","method":"x"}"#, nil, "id: must be an integer from 0 to 9007199254740991"),
        (#"{"v":1,"id":-1,"method":"x"}"#, nil, "id: must be an integer from 0 to 9007199254740991"),
        ("[1]", nil, "the value must be an object, not a list"),
    ])
    func `a line that is JSON but no request is answered and costs nothing`(line: String, id: Int64?, message: String) {
        let fault = fault(line)
        #expect(fault?.endsConnection == false)
        #expect(fault?.isAnswered == true)
        #expect(fault?.id == id)
        #expect(fault?.error.message == message)
    }

    @Test func `a bad request without an id gets no answer`() {
        #expect(fault(#"{"v":1,"method":3}"#)?.isAnswered == false)
    }

    @Test(arguments: [
        (
            HelperReply.hello(HelperHello(helper: "0.1.0", node: "node-2", abi: 3, methods: ["status.get"])),
            #"{"v":1,"hello":{"helper":"0.1.0","node":"node-2","abi":3,"methods":["status.get"]}}"#
        ),
        (.result(id: 7, ["revision": 42, "changed": 12]), #"{"v":1,"id":7,"result":{"revision":42,"changed":12}}"#),
        (
            .failure(id: 8, HelperError(code: "stale_revision", message: "m", hint: "h")),
            #"{"v":1,"id":8,"error":{"code":"stale_revision","message":"m","hint":"h"}}"#
        ),
        (
            .failure(id: nil, HelperError(code: "bad_request", message: "m")),
            #"{"v":1,"id":null,"error":{"code":"bad_request","message":"m","hint":null}}"#
        ),
        (.event(id: 9, [:]), #"{"v":1,"id":9,"event":{}}"#),
        (.end(id: 9), #"{"v":1,"id":9,"end":true}"#),
    ])
    func `each reply has its one form`(reply: HelperReply, line: String) throws {
        #expect(String(decoding: reply.line, as: UTF8.self) == line + "\n")
        #expect(try HelperReply.reading(line: Array(line.utf8)) == reply)
    }

    @Test func `an unknown error code is kept and an unknown kind of message skipped`() throws {
        let line = #"{"v":1,"id":8,"error":{"code":"brand_new","message":"m","more":1}}"#
        #expect(try HelperReply.reading(line: Array(line.utf8)) == .failure(id: 8, HelperError(code: "brand_new", message: "m")))
        #expect(try HelperReply.reading(line: Array(#"{"v":1,"id":8,"progress":3}"#.utf8)) == nil)
    }

    @Test func `no mutation of a request crashes the reader`() {
        let line = HelperRequest(id: 7, .applyPlan, params: PlanRequest(revision: 42, plan: .sample).wire).line.dropLast()
        var random = SeededRandom(seed: 11)
        for _ in 0..<2000 {
            var broken = Array(line)
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                broken[Int.random(in: broken.indices, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            guard let request = try? HelperRequest(line: broken) else { continue }
            _ = try? PlanRequest(wire: JSONReader(request.params))
        }
    }
}
