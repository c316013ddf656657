import EgressModel
import JSONText

extension ObjectChecker {
    /// What can be understood; the rest is in the findings.
    mutating func configuration(_ source: ConfigurationSource) -> ConfigurationFacts {
        switch source {
        case .kubeadm: ConfigurationFacts(ranges: kubeadmRanges())
        case .cilium: ciliumFacts()
        case .flannel: ConfigurationFacts(ranges: flannelRanges())
        case .calico: ConfigurationFacts(ranges: poolRanges())
        case .serviceCIDR: ConfigurationFacts(ranges: serviceRanges())
        case .apiServers: ConfigurationFacts(apiServers: apiServers())
        }
    }

    /// `networking.podSubnet` and `serviceSubnet`: one range, or one a family with a comma between them.
    private mutating func kubeadmRanges() -> [DiscoveredRange] {
        guard let reader = member("ClusterConfiguration", of: member("data", of: root)), let text = string(reader) else { return [] }
        let value: JSONValue
        do throws(YAMLError) {
            value = try yamlValues(text, file: "").first ?? .null
        } catch {
            report(.error, .fieldType, reader.path, "line \(error.place.line) is not YAML: \(error.message)", hint: Self.override)
            return []
        }
        let networking = value["networking"]
        return ranges(networking?["podSubnet"], .pods, "networking.podSubnet", in: reader.path)
            + ranges(networking?["serviceSubnet"], .services, "networking.serviceSubnet", in: reader.path)
    }

    /// Pools count where Cilium gives pods' addresses out of them, which is what no word on it means as well; in its other
    /// modes they are leftovers, and nodes or clouds say the ranges.
    ///
    /// `ipv4-native-routing-cidr` is no range of pods: it is where Cilium's ordinary masquerading ends, often a whole company's
    /// network, and Cilium's own egress gateway steers inside of it too. Service ranges aren't in the map.
    private mutating func ciliumRanges() -> [DiscoveredRange] {
        let data = member("data", of: root)
        let mode = string(member("ipam", of: data)) ?? "cluster-pool"
        guard mode.hasPrefix("cluster-pool") else { return [] }
        return ["cluster-pool-ipv4-cidr", "cluster-pool-ipv6-cidr"].flatMap { key -> [DiscoveredRange] in
            guard let reader = member(key, of: data) else { return [] }
            return ranges(reader.value, .pods, key, in: reader.path)
        }
    }

    private mutating func ciliumFacts() -> ConfigurationFacts {
        var facts = ConfigurationFacts(ranges: ciliumRanges(), ciliumEgressGateway: ciliumEgressGateway())
        facts.ciliumEnforcement = ciliumEnforcement()
        return facts
    }

    /// The key's old name is from before Cilium 1.19.
    private mutating func ciliumEgressGateway() -> String? {
        let data = member("data", of: root)
        let on = ["enable-egress-gateway", "enable-ipv4-egress-gateway"].first { key in string(member(key, of: data)) == "true" }
        return on.map { "\(document.reference) \($0)" }
    }

    /// `Network` and `IPv6Network` of `net-conf.json`.
    private mutating func flannelRanges() -> [DiscoveredRange] {
        guard let reader = member("net-conf.json", of: member("data", of: root)), let text = string(reader) else { return [] }
        let value: JSONValue
        do throws(JSONError) {
            value = try JSONValue(parsing: text.utf8)
        } catch {
            report(.error, .fieldType, reader.path, "line \(error.line) is not JSON: \(error.message)", hint: Self.override)
            return []
        }
        return ranges(value["Network"], .pods, "Network", in: reader.path)
            + ranges(value["IPv6Network"], .pods, "IPv6Network", in: reader.path)
    }

    /// A disabled pool gives out nothing new, and pods may still live in it. One that is for load balancers alone holds
    /// addresses of services.
    private mutating func poolRanges() -> [DiscoveredRange] {
        let spec = member("spec", of: root)
        guard let reader = requiredMember("cidr", of: spec) else { return [] }
        let uses = strings(member("allowedUses", of: spec))
        return ranges(reader.value, uses == ["LoadBalancer"] ? .services : .pods, "spec.cidr", in: reader.path)
    }

    private mutating func serviceRanges() -> [DiscoveredRange] {
        elements(member("cidrs", of: member("spec", of: root))).flatMap { ranges($0.value, .services, "spec.cidrs", in: $0.path) }
    }

    /// `endpoints[].addresses[]` of an EndpointSlice, `subsets[].addresses[].ip` of Endpoints; those that aren't ready too.
    private mutating func apiServers() -> [IPAddress] {
        var addresses = elements(member("endpoints", of: root)).flatMap { elements(member("addresses", of: $0)) }.compactMap { address($0) }
        for subset in elements(member("subsets", of: root)) {
            for name in ["addresses", "notReadyAddresses"] {
                addresses += elements(member(name, of: subset)).compactMap { address(member("ip", of: $0)) }
            }
        }
        return Array(addresses.prefix(Self.rangeLimit))
    }

    private static let override = "correct it, or say the ranges by --cluster-cidr and --service-cidr of the agent"
    /// More is no configuration of ranges.
    private static let rangeLimit = 1024

    /// Ranges of a text, with commas or white space between them; an absent or empty one has none.
    private mutating func ranges(_ value: JSONValue?, _ use: DiscoveredRange.Use, _ name: String, in path: JSONPath) -> [DiscoveredRange] {
        guard let value, !value.isNull else { return [] }
        // Of a text inside of the object, the path is only known as far as the text.
        let isInside = path.components.first == .key("data") && path.components.last != .key(name)
        let prefix = isInside ? "\(name): " : ""
        guard let text = value.stringValue else {
            report(.error, .fieldType, path, "\(prefix)must be a string, not \(value.kindName)", hint: Self.override)
            return []
        }
        return text.split(whereSeparator: { $0 == "," || $0.isWhitespace }).prefix(Self.rangeLimit).compactMap { word in
            guard let range = IPPrefix(String(word)) else {
                report(.error, .invalidCIDR, path, "\(prefix)\"\(word)\" is not a CIDR", hint: Self.override)
                return nil
            }
            guard range.length > 0 else {
                report(
                    .error, .invalidCIDR, path, "\(prefix)\(range) holds every address and can't be a range of the cluster",
                    hint: Self.override)
                return nil
            }
            return DiscoveredRange(range, use, source: "\(document.reference) \(name)")
        }
    }
}
