import EgressModel
import Testing

@Suite struct LabelSelectorTests {
    private func matches(_ operation: LabelRequirement.Operation, _ values: [String], _ labels: Labels) -> Bool {
        LabelSelector(matchExpressions: [LabelRequirement(key: "a", operation: operation, values: values)]).matches(labels)
    }

    @Test func `an empty selector matches everything`() {
        #expect(LabelSelector().matches([:]))
        #expect(LabelSelector().matches(["a": "1"]))
    }

    @Test func `NotIn and DoesNotExist match where the key is absent, In and Exists don't`() {
        #expect(matches(.notIn, ["1"], [:]))
        #expect(matches(.doesNotExist, [], [:]))
        #expect(!matches(.in, ["1"], [:]))
        #expect(!matches(.exists, [], [:]))
    }

    @Test func `values decide where the key is there`() {
        #expect(matches(.in, ["1", "2"], ["a": "2"]))
        #expect(!matches(.in, ["1"], ["a": "2"]))
        #expect(!matches(.notIn, ["2"], ["a": "2"]))
        #expect(matches(.exists, [], ["a": ""]))
        #expect(!matches(.doesNotExist, [], ["a": ""]))
    }

    @Test func `labels and expressions must all hold`() {
        let selector = LabelSelector(matchLabels: ["a": "1"], matchExpressions: [LabelRequirement(key: "b", operation: .exists)])
        #expect(!selector.matches(["a": "1"]))
        #expect(selector.matches(["a": "1", "b": ""]))
        #expect(selector.firstUnmet(by: ["b": ""])?.description == "a=1")
        #expect(selector.description == "a=1,b")
    }
}
