import EgressModel
import JSONText
import KubeObjects

/// A collection of objects that say which connections pods may make, as this server has it.
struct NetworkPolicyCollection: Sendable, Hashable {
    var kind: ClusterKind
    var path: ResourcePath
    var isNamespaced: Bool
}

/// Which of these collections a server has. It is asked first: to somebody without rights a kind that isn't there looks like
/// one that is forbidden.
struct NetworkPolicyKinds: Sendable {
    let client: KubeClient
    let kinds: ResourceKinds

    /// Those that there are, in a fixed order, and what couldn't be found out.
    func collections() async -> (found: [NetworkPolicyCollection], unread: [UnreadKind]) {
        var found: [NetworkPolicyCollection] = []
        var unread: [UnreadKind] = []
        do throws(APIError) {
            let groups = try await groups()
            for wanted in Self.wanted {
                for version in groups[wanted.group] ?? [] where wanted.version == nil || wanted.version == version {
                    guard let resource = try await kinds.resource(apiVersion: "\(wanted.group)/\(version)", kind: wanted.name) else {
                        continue
                    }
                    let path = ResourcePath(wanted.group, version, resource.plural)
                    found.append(NetworkPolicyCollection(kind: wanted.kind, path: path, isNamespaced: resource.isNamespaced))
                    break
                }
            }
        } catch {
            for kind in Set(Self.wanted.map(\.kind)).subtracting(found.map(\.kind)) {
                unread.append(UnreadKind(kind: kind, code: error.isForbidden ? .readForbidden : .readFailed, reason: error.message))
            }
        }
        return (found, unread)
    }

    private struct Wanted {
        var kind: ClusterKind
        var group: String
        /// `nil`: any.
        var version: String?
        var name: String
    }

    private static let wanted: [Wanted] =
        NetworkPolicyObject.Kind.allCases.map { kind in
            let parts = kind.apiVersion.split(separator: "/").map(String.init)
            return Wanted(kind: kind.clusterKind, group: parts.first ?? "", version: parts.last, name: kind.rawValue)
        } + ForeignPolicyKind.all.map { Wanted(kind: .otherNetworkPolicy, group: $0.group, version: nil, name: $0.kind) }

    /// Versions of each group, the preferred one first.
    private func groups() async throws(APIError) -> [String: [String]] {
        var groups: [String: [String]] = [:]
        for group in try await client.getRaw("/apis")["groups"]?.arrayValue ?? [] {
            guard let name = group["name"]?.stringValue else { continue }
            groups[name] = (group["versions"]?.arrayValue ?? []).compactMap { $0["version"]?.stringValue }
        }
        return groups
    }
}

extension NetworkPolicyObject.Kind {
    fileprivate var clusterKind: ClusterKind {
        switch self {
        case .kubernetes: .networkPolicy
        case .cilium: .ciliumNetworkPolicy
        case .ciliumClusterwide: .ciliumClusterwideNetworkPolicy
        }
    }
}
