import EgressModel
import EgressPolicy
import Foundation
import Testing

/// The catalogue of reason codes is whole, and says of each what people need.
@Suite struct CodeAdviceTests {
    private static let top = "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/")

    private func text(_ path: String) throws -> String {
        try String(contentsOfFile: "\(Self.top)/\(path)", encoding: .utf8)
    }

    @Test func `every code that is declared is explained, and no other`() throws {
        let declared = try text("Sources/EgressModel/ReasonCode.swift").matches(of: /rawValue: "(EG[0-9]{4})"/).map { String($0.1) }
        let drops = try text("bpf/include/egress_abi_counts.h").matches(of: /EGRESS_DROP_[A-Z_]+ = ([0-9]+)/)
            .compactMap { Int($0.1) }.filter { $0 > 0 }.map { ReasonCode.drop($0).rawValue }
        #expect(drops.count > 20)
        #expect(Set(CodeAdvice.all.map(\.code.rawValue)) == Set(declared + drops))
    }

    @Test func `they are in ascending order, once each`() {
        let codes = CodeAdvice.all.map(\.code.rawValue)
        #expect(codes == Set(codes).sorted())
    }

    @Test(arguments: CodeAdvice.all) func `each has a title that fits a line, and whole sentences`(advice: CodeAdvice) {
        #expect((1...60).contains(advice.title.count))
        for sentence in [advice.cause, advice.fix ?? "None."] {
            #expect(sentence.count > 4 && (sentence.hasSuffix(".") || sentence.hasSuffix("?")), "\(sentence)")
        }
        #expect(!advice.confirm.isEmpty)
        #expect(CodeAdvice(code: advice.code) == advice)
    }

    @Test func `a code that isn't known has none`() { #expect(CodeAdvice(code: ReasonCode(rawValue: "EG9999")) == nil) }

    /// Codes that one text sends people to must be there.
    @Test func `every code that an explanation names exists`() {
        let known = Set(CodeAdvice.all.map(\.code.rawValue))
        for advice in CodeAdvice.all {
            for match in "\(advice.cause) \(advice.confirm) \(advice.fix ?? "")".matches(of: /EG[0-9]{4}/) {
                #expect(known.contains(String(match.0)), "\(advice.code) names \(match.0)")
            }
        }
    }
}
