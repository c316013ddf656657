import EgressModel
import JSONText

extension ObjectChecker {
    /// Unknown fields are passed over: a newer agent may say more.
    mutating func egressNode() -> EgressNode? {
        var node = EgressNode(metadata: metadata())
        guard let status = member("status", of: root) else { return hasErrors ? nil : node }
        node.reportedAt = timestamp(member("reportedAt", of: status))
        node.helper = helper(member("helper", of: status))
        for reader in elements(member("interfaces", of: status)) {
            if let interface = interface(reader) { node.interfaces.append(interface) }
        }
        let route = member("defaultRoute", of: status)
        node.defaultRoute = DefaultRoute(ipv4: string(member("ipv4", of: route)), ipv6: string(member("ipv6", of: route)))
        let ranges = member("ranges", of: status)
        node.ranges = ClusterRanges(
            pods: clusterPrefixes(member("pods", of: ranges)), services: clusterPrefixes(member("services", of: ranges)))
        node.steering = steering(member("steering", of: status))
        node.lastEntryID = integer(member("lastEntryID", of: status)) ?? 0
        node.restingIDs = restingIDs(member("restingIDs", of: status))
        for reader in elements(member("resolutions", of: status)) {
            if let resolution = resolution(reader) { node.resolutions.append(resolution) }
        }
        for reader in elements(member("policies", of: status)) {
            if let policy = policyInForce(reader) { node.policies.append(policy) }
        }
        for reader in elements(member("gateways", of: status)) {
            guard let name = string(requiredMember("node", of: reader)), let reachable = bool(requiredMember("reachable", of: reader))
            else { continue }
            node.gateways.append(GatewayReachability(node: name, reachable: reachable))
        }
        return hasErrors ? nil : node
    }

    private mutating func helper(_ reader: JSONReader?) -> HelperVersion? {
        guard let reader, let version = string(requiredMember("version", of: reader)),
            let abi: Int = integer(requiredMember("abi", of: reader)), let datapath = string(requiredMember("datapath", of: reader))
        else { return nil }
        return HelperVersion(version: version, abi: abi, datapath: datapath)
    }

    private mutating func interface(_ reader: JSONReader) -> NetworkInterface? {
        guard let name = string(requiredMember("name", of: reader)), let index: Int = integer(requiredMember("index", of: reader))
        else { return nil }
        var interface = NetworkInterface(
            name: name, altNames: strings(member("altNames", of: reader)), index: index, isUp: bool(member("up", of: reader)) ?? true)
        for element in elements(member("addresses", of: reader)) {
            guard let text = string(element) else { continue }
            if let address = InterfaceAddress(text) {
                interface.addresses.append(address)
            } else {
                report(
                    .error, .invalidAddress, element.path, "\"\(text)\" is not an address with its length", hint: "such as 192.0.2.11/24")
            }
        }
        return interface
    }

    private mutating func clusterPrefixes(_ reader: JSONReader?) -> [IPPrefix] {
        var prefixes: [IPPrefix] = []
        for element in elements(reader) {
            if let prefix = clusterPrefix(element) { prefixes.append(prefix) }
        }
        return prefixes
    }

    private mutating func steering(_ reader: JSONReader?) -> SteeringFact? {
        guard let reader, let word = requiredMember("default", of: reader), let text = string(word) else { return nil }
        guard let steering = Steering(rawValue: text) else {
            report(.error, .fieldType, word.path, "\"\(text)\" is not known", hint: "redirect or stack")
            return nil
        }
        return SteeringFact(default: steering, reason: string(member("reason", of: reader)) ?? "")
    }

    private mutating func restingIDs(_ reader: JSONReader?) -> RestingIDs? {
        guard let reader, !reader.value.isNull else { return nil }
        var resting = RestingIDs(allSince: timestamp(member("allSince", of: reader)))
        for element in elements(member("ids", of: reader)) {
            guard let id: UInt32 = integer(requiredMember("id", of: element)), let since = timestamp(requiredMember("since", of: element))
            else { continue }
            resting.ids.append(RestingID(id: id, since: since))
        }
        return resting
    }

    private mutating func resolution(_ reader: JSONReader) -> EntryResolution? {
        guard let policy = string(requiredMember("policy", of: reader)), let uid = string(requiredMember("uid", of: reader)),
            let entry: Int = integer(requiredMember("entry", of: reader)), let id: UInt32 = integer(requiredMember("id", of: reader))
        else { return nil }
        return EntryResolution(
            policy: policy, uid: uid, entry: entry, id: id, ipv4: addresses(member("ipv4", of: reader), .ipv4),
            ipv6: addresses(member("ipv6", of: reader), .ipv6), interface: string(member("interface", of: reader)),
            strategy: strategy(member("strategy", of: reader)), code: string(member("code", of: reader)) ?? "",
            reason: string(member("reason", of: reader)) ?? "")
    }

    private mutating func strategy(_ reader: JSONReader?) -> StrategyReport? {
        guard let reader, let name = string(requiredMember("name", of: reader)),
            let version = string(requiredMember("version", of: reader))
        else { return nil }
        return StrategyReport(
            name: name, version: version, claims: bool(member("claims", of: reader)) ?? false, since: timestamp(member("since", of: reader))
        )
    }

    private mutating func addresses(_ reader: JSONReader?, _ family: IPFamily) -> [IPAddress] {
        var addresses: [IPAddress] = []
        for element in elements(reader) {
            guard let address = address(element) else { continue }
            if address.family == family {
                addresses.append(address)
            } else {
                report(.error, .invalidAddress, element.path, "\(address) is of the other family")
            }
        }
        return addresses
    }

    private mutating func policyInForce(_ reader: JSONReader) -> PolicyInForce? {
        guard let name = string(requiredMember("name", of: reader)), let uid = string(requiredMember("uid", of: reader)),
            let generation: Int64 = integer(requiredMember("generation", of: reader)),
            let programmed = bool(requiredMember("programmed", of: reader))
        else { return nil }
        return PolicyInForce(
            name: name, uid: uid, generation: generation, programmed: programmed, pods: integer(member("pods", of: reader)) ?? 0,
            code: string(member("code", of: reader)) ?? "", reason: string(member("reason", of: reader)) ?? "")
    }
}
