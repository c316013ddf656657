import EgressModel
import EgressPlan
import Testing

@Suite struct SteeringChoiceTests {
    private let calico = ForwardPolicy(.calico, place: "nft ip filter cali-FORWARD")

    @Test func `redirect needs to be known to be safe`() {
        let free = SteeringFact(annotation: nil, flag: .auto, forward: [])
        #expect(free == SteeringFact(default: .redirect, reason: "nothing on the node decides in FORWARD"))
        for enforcer in ForwardPolicy.Enforcer.allCases {
            #expect(SteeringFact(annotation: nil, flag: .auto, forward: [ForwardPolicy(enforcer, place: "somewhere")]).default == .stack)
        }
    }

    @Test func `the reason is the most telling one`() {
        let other = ForwardPolicy(.other, place: "nft ip filter FORWARD")
        let fact = SteeringFact(annotation: nil, flag: .auto, forward: [other, calico])
        #expect(fact.reason == "Calico's rules decide in FORWARD: nft ip filter cali-FORWARD")
    }

    @Test func `an operator's word goes before what was found, the node's annotation before the flag`() {
        let flagged = SteeringFact(annotation: nil, flag: .redirect, forward: [calico])
        #expect(flagged == SteeringFact(default: .redirect, reason: "egress-helper --steering says so"))
        let annotated = SteeringFact(annotation: .stack, flag: .redirect, forward: [])
        #expect(annotated == SteeringFact(default: .stack, reason: "the node's annotation kubectl-egress.dev/steering says so"))
        #expect(SteeringFact(annotation: .auto, flag: .auto, forward: [calico]).default == .stack)
        #expect(SteeringFact(annotation: .auto, flag: .stack, forward: []).default == .stack)
    }
}
