import EgressModel
import JSONText

extension ObjectChecker {
    /// How Cilium's configuration says that policies are enforced; a key that isn't there has Cilium's default.
    mutating func ciliumEnforcement() -> CiliumEnforcement {
        let data = member("data", of: root)
        var enforcement = CiliumEnforcement(source: document.reference.description)
        if let text = string(member("enable-policy", of: data)) {
            enforcement.mode = CiliumEnforcement.Mode(rawValue: text.lowercased()) ?? .standard
        }
        enforcement.enforcesKubernetes = string(member("enable-k8s-networkpolicy", of: data)) != "false"
        let modes = (string(member("policy-cidr-match-mode", of: data)) ?? "").split(whereSeparator: { $0 == "," || $0.isWhitespace })
        enforcement.blocksHoldNodes = modes.contains("nodes")
        return enforcement
    }
}
