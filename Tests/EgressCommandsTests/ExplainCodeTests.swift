import JSONText
import Testing

@testable import EgressCommands

@Suite struct ExplainCodeTests {
    private func run(_ line: String) async -> Bench.Run { await Bench().run(line, snapshot: false) }

    @Test func `a code is explained in words, at 80 columns`() async {
        let outcome = await run("explain code EG1206")
        #expect(outcome.code == 0)
        #expect(
            outcome.output == """
                EG1206    an older answer stays in force
                CAUSE     The module fails now; what it answered before still holds, and traffic
                          goes on by it.
                CONFIRM   kubectl egress plugins POLICY shows the answer, since when, and what
                          fails.
                FIX       Mend what the code in the message says (EG1201, EG1202, EG1203 or
                          EG1208).

                """)
    }

    @Test(arguments: ["explain code eg3017", "explain code 3017", "explain codes EG3017"])
    func `small letters and the bare number will do`(line: String) async {
        #expect(await run(line).output.hasPrefix("EG3017    no free port\n"))
    }

    @Test func `without a code all are listed`() async {
        let lines = await run("explain code").output.split(separator: "\n")
        #expect(lines.first == "CODE     MEANING")
        #expect(lines.count > 70)
        #expect(lines.allSatisfy { $0.count <= 80 })
    }

    @Test func `as JSON nothing to mend is null`() async {
        let codes = await run("explain code EG0001 EG1203 -o json").json["codes"]?.arrayValue
        #expect(codes?.map { $0["code"] } == ["EG0001", "EG1203"])
        #expect(codes?.first?["fix"] == .null)
        #expect(codes?.last?["fix"]?.stringValue?.isEmpty == false)
    }

    @Test func `a code that isn't there is an error that names its neighbours`() async {
        let outcome = await run("explain code EG1299")
        #expect(outcome.code == 1)
        #expect(outcome.output.isEmpty)
        #expect(outcome.error.hasPrefix("error: there is no reason code \"EG1299\"\n"))
        #expect(outcome.error.contains("EG1201"))
    }
}
