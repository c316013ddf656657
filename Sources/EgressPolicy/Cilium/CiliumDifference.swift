public import EgressModel

/// One pod's packets to one prefix, where Cilium does something else with the same manifests, or may.
public struct CiliumDifference: Sendable, Hashable {
    public var pod: Pod
    public var source: IPAddress
    public var prefix: IPPrefix
    /// More than one: it isn't defined which.
    public var cilium: [EgressFate]
    public var ours: EgressFate
    /// The policy that decides here, else there.
    public var policy: String?
    /// Why, with a code of EG203x.
    public var reason: Reason
}

/// Why Cilium and we differ about one packet, the nearest cause first.
struct CiliumCause {
    let table: CiliumTable
    let policies: [String: ResolvedPolicy]
    let pod: ResolvedPod
    let rule: ResolvedRule?
    let row: CiliumRow?

    private static let spreading =
        "a hash of the CiliumEndpoint's UID, modulo the number of gateways, picks one there; here rendezvous hashing does"

    private var version: CiliumVersion { table.profile.version }

    var reason: Reason {
        reading ?? selecting ?? annotation ?? doubt ?? lettingOut ?? gateway ?? address
    }

    private var reading: Reason? {
        guard let name = rule?.policy else { return nil }
        if let why = table.refused[name] { return .refused(version, why) }
        if rule?.reason.code == .excluded, !table.profile.readsExclusions {
            return Reason(.ciliumReadsOtherwise, "\(version) doesn't know excludedCIDRs: what is excluded goes by the gateway")
        }
        guard table.withoutList.contains(name) else { return nil }
        return Reason(.ciliumReadsOtherwise, "\(version) doesn't know egressGateways and takes egressGateway")
    }

    private var selecting: Reason? {
        let theirs = table.selected[pod.pod.reference] ?? []
        let extra = (row?.policies ?? []).first { !pod.policies.contains($0) }
        guard extra != nil || rule.map({ !theirs.contains($0.policy) }) ?? false else { return nil }
        if pod.pod.isFinished {
            return Reason(.ciliumSelectsOtherwise, "a finished pod is selected for as long as its CiliumEndpoint is there")
        }
        if let why = pod.notApplicable { return Reason(.ciliumSelectsOtherwise, "the pod is selected there, and not here: \(why.text)") }
        guard let name = extra ?? rule?.policy, policies[name]?.policy.selectors.contains(where: { $0.nodeSelector != nil }) == true else {
            return Reason(.ciliumSelectsOtherwise, "the pod's node is looked up by its address there, and by its name here")
        }
        return Reason(
            .ciliumSelectsOtherwise, "the nodeSelectors of all rules of a policy are one list there; here each binds its own rule")
    }

    private var annotation: Reason? {
        guard rule?.reason.code == .bypass || rule.flatMap({ policies[$0.policy]?.policy.strategy }) != nil else { return nil }
        return Reason(.ciliumIgnoresAnnotation, "annotations \(EgressAnnotation.prefix)… count here only")
    }

    private var doubt: Reason? {
        switch row?.doubt {
        case .overlap?:
            guard let row, row.policies.count > 1 else {
                return Reason(.ciliumOverlapUndefined, "a prefix is destination and exclusion: which one is in the table changes")
            }
            let names = row.policies.joined(separator: ", ")
            return Reason(.ciliumOverlapUndefined, "equal prefixes of \(names): which one is in the table changes with every turn")
        case .endpointUID?:
            return Reason(.ciliumSpreadsOtherwise, Self.spreading)
        case nil: return nil
        }
    }

    private var lettingOut: Reason? {
        guard !table.profile.dropsWithoutGateway, let entry = row?.entries.first, entry.gatewayNode == nil, !entry.isExclusion else {
            return nil
        }
        return Reason(.ciliumLetsOut, "\(version) lets packets out by their node when no node matches the gateway selector")
    }

    private var gateway: Reason? {
        guard let entry = row?.entries.first, let node = entry.gatewayNode, node != rule?.gatewayNode || rule?.gatewayNode == nil else {
            return nil
        }
        let candidates = policies[entry.policy]?.entries.flatMap(\.candidates) ?? []
        if let why = candidates.first(where: { $0.node == node })?.ineligible?.text {
            return Reason(.ciliumChoosesOtherwise, "the first node by name is the gateway whatever its state, and \(why)")
        }
        if candidates.isEmpty || (policies[entry.policy]?.entries.count ?? 1) < 2 {
            return Reason(.ciliumChoosesOtherwise, "the first node by name is the gateway: \(node)")
        }
        return Reason(.ciliumSpreadsOtherwise, Self.spreading)
    }

    private var address: Reason {
        if case .none(let why)? = row?.entries.first?.egressIP {
            return Reason(.ciliumAddressOtherwise, "no egress IP is found there: \(why)")
        }
        if case .dropped? = rule.map({ EgressFate($0) }), !table.profile.needsAddressOnDevice {
            return Reason(.ciliumAddressOtherwise, "\(version) translates to an egressIP that no interface holds")
        }
        return Reason(.ciliumAddressOtherwise, "the gateway's address is found in another way")
    }
}

extension Reason {
    static func refused(_ version: CiliumVersion, _ why: String) -> Reason {
        Reason(.ciliumReadsOtherwise, "\(version) doesn't take the policy: \(why)")
    }
}
