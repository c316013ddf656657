import EgressModel
import EgressPlan
import EgressPolicy
import EgressWire
import Foundation
import JSONText
import TestRandom
import Testing

/// Messages as the programs write them, against `docs/protocol`, by a validator that is not ours (python3-jsonschema).
@Suite struct SchemaTests {
    /// Reads lines `{"def":…,"message":…}`; prints one line each: empty, or what is wrong. An undocumented property is wrong here,
    /// although a reader would ignore it.
    private static let script = """
        import json, sys, jsonschema
        def close(s):
            if isinstance(s, dict):
                if "properties" in s and "if" not in s and "allOf" not in s and s.get("type") == "object":
                    s.setdefault("additionalProperties", False)
                for v in s.values(): close(v)
            elif isinstance(s, list):
                for v in s: close(v)
        schema = json.load(open(sys.argv[1]))
        jsonschema.Draft202012Validator.check_schema(schema)
        close(schema)
        for line in sys.stdin:
            case = json.loads(line)
            use = {"$schema": schema["$schema"], "$ref": "#/$defs/" + case["def"], "$defs": schema["$defs"]}
            errors = list(jsonschema.Draft202012Validator(use).iter_errors(case["message"]))
            print("; ".join(e.message[:200] + " at " + "/".join(map(str, e.path)) for e in errors).replace("\\n", " "))
        """

    private func verdicts(_ cases: [(String, JSONValue)]) throws -> [String] {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("egt-schema-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let input = folder.appendingPathComponent("cases")
        let text = cases.map { JSONValue.object(["def": .string($0.0), "message": $0.1]).text() + "\n" }.joined()
        try Data(text.utf8).write(to: input)
        let process = Process()
        process.executableURL = URL(fileURLWithPath: try python())
        process.arguments = ["-W", "ignore", "-c", Self.script, root.appendingPathComponent("docs/protocol/messages.schema.json").path]
        process.standardInput = try FileHandle(forReadingFrom: input)
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let bytes = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
        return String(decoding: bytes, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false).dropLast().map(String.init)
    }

    /// Debian's python3 with python3-jsonschema, else the first on PATH.
    private func python() throws -> String {
        let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
        let candidates = ["/usr/bin/python3"] + path.split(separator: ":").map { "\($0)/python3" }
        for candidate in candidates where FileManager.default.isExecutableFile(atPath: candidate) {
            let process = Process()
            process.executableURL = URL(fileURLWithPath: candidate)
            process.arguments = ["-c", "import jsonschema; jsonschema.Draft202012Validator"]
            process.standardError = FileHandle.nullDevice
            try process.run()
            process.waitUntilExit()
            if process.terminationStatus == 0 { return candidate }
        }
        throw HelperError(code: "test", message: "no python3 has jsonschema: apt-get install python3-jsonschema")
    }

    private func json(_ line: [UInt8]) throws -> JSONValue { try JSONValue(parsing: line.dropLast()) }

    private func samples() throws -> [(String, JSONValue)] {
        var random = SeededRandom(seed: 3)
        let facts = HostFacts(
            interfaces: [
                HostInterface(
                    facts: NetworkInterface(name: "eth0", index: 2, addresses: [try #require(InterfaceAddress("192.0.2.11/24"))]), master: 3
                )
            ],
            podDevices: [PodDevice(interface: "veth1", index: 9, addresses: [random.ipv6()], deliverIndex: 9)],
            forward: ForwardPolicy.Enforcer.allCases.map { ForwardPolicy($0, place: "nft ip filter FORWARD") })
        let counters = [DatapathCounter(name: "no_flow", code: .drop(3), packets: .max, bytes: 60)]
        let status = HelperStatus(
            helper: HelperVersion(version: "0.1.0", abi: 1, datapath: "tcx"), node: "node-1", uptimeSeconds: 3, revision: 42,
            attachments: [AttachedProgram(program: .pod, interface: "veth1", interfaceIndex: 9)],
            notGoverned: [ObjectReference(kind: "Pod", namespace: "default", name: "web")],
            maps: [MapFill(name: "egress_pods", used: 1, capacity: 4096)], counters: counters, lastError: "x")
        let error = HelperError(code: "busy", message: "m", hint: "h")
        var cases: [(String, JSONValue)] = [
            ("hello", try json(HelperReply.hello(HelperHello(helper: "0.1.0", node: "node-1", abi: 1)).line)),
            ("result", try json(HelperReply.result(id: 1, status.wire).line)), ("status", status.wire),
            ("error", try json(HelperReply.failure(id: nil, error).line)), ("error", try json(HelperReply.failure(id: 2, error).line)),
            ("event", try json(HelperReply.event(id: 1, FactsEvent(facts: facts).wire).line)),
            ("end", try json(HelperReply.end(id: 1).line)), ("facts", facts.wire),
            ("factsEvent", FactsEvent(facts: facts, lost: 3).wire),
            ("counterList", TrafficReport(counters: counters, portTries: [PortTries(tries: 1, connections: 9)]).wire),
            ("pluginList", PluginList([PluginStatus(name: "static", version: "1", module: "/m/static.so", isHealthy: true)]).wire),
            ("pluginAnswer", PluginAnswer(ipv4: [random.ipv4()], ipv6: [random.ipv6()], interface: "eth0", validSeconds: 1).wire),
            ("planApplied", PlanApplied(revision: 42, changed: 12).wire), ("planInForce", PlanInForce(revision: 0, plan: nil).wire),
            ("planInForce", PlanInForce(revision: 1, plan: .sample).wire), ("empty", [:]),
            ("request", try json(HelperRequest(id: 1, .cancel, params: CancelRequest(id: 9).wire).line)),
            ("request", try json(HelperRequest(id: nil, .resolve, params: ResolveRequest(strategy: "static", request: [:]).wire).line)),
        ]
        for method in HelperMethod.allCases where ![.cancel, .applyPlan, .resolve, .trace].contains(method) {
            cases.append(("request", try json(HelperRequest(id: 1, method).line)))
        }
        for number in 1...40 {
            let request = PlanRequest(revision: UInt64(number), plan: random.plan())
            cases.append(("request", try json(HelperRequest(id: 1, .applyPlan, params: request.wire).line)))
            cases.append(("state", random.datapathState().wire))
        }
        for _ in 1...40 {
            cases += [
                ("flowsEvent", FlowNews(random.maybe { $0.flowEvent() }, lost: random.next()).wire),
                ("flowsWatchParams", FlowQuery(filter: random.filter(), kinds: [.opened, .dropped]).wire),
                ("natListParams", TranslationQuery(filter: random.filter(), limit: 7).wire),
                ("translationList", TranslationList(random.few { $0.translation() }, total: 9).wire),
                ("portsGetParams", random.portQuery().wire), ("portUseList", PortUseList(random.few { $0.portUse() }).wire),
                ("counterList", random.trafficReport().wire), ("traceResult", random.traceResult().wire),
                ("request", try json(HelperRequest(id: 1, .trace, params: random.traceRequest().wire).line)),
                ("request", try json(HelperRequest(id: 1, .watchFlows, params: FlowQuery(filter: random.filter()).wire).line)),
            ]
        }
        return cases
    }

    @Test func `every message is as the schema says`() throws {
        let cases = try samples()
        let verdicts = try verdicts(cases)
        #expect(verdicts.count == cases.count)
        for (verdict, sample) in zip(verdicts, cases) { #expect(verdict.isEmpty, "\(sample.0): \(verdict) in \(sample.1.text())") }
    }

    /// So that the test above can fail.
    @Test func `the schema misses each property that is taken away`() throws {
        var cases: [(String, JSONValue)] = []
        let answers: Set = ["flowsEvent", "translationList", "portUseList", "counterList", "traceResult"]
        let all = try samples()
        for (name, message) in Array(all.prefix(16)) + all.filter({ answers.contains($0.0) }).suffix(10) where name != "empty" {
            for key in message.objectValue?.keys ?? [] {
                var object = try #require(message.objectValue)
                object[key] = nil
                cases.append((name, .object(object)))
            }
        }
        let verdicts = try verdicts(cases)
        #expect(verdicts.count == cases.count && cases.count > 40)
        for (verdict, sample) in zip(verdicts, cases) { #expect(!verdict.isEmpty, "\(sample.0) passes as \(sample.1.text())") }
    }
}
