import EgressModel

/// Names of a cluster's objects, with what tells them apart.
extension ClusterSnapshot {
    var namespaceWords: [CompletionAnswer.Word] {
        Set(namespaces.map(\.name) + pods.map(\.namespace)).sorted().map { .init($0) }
    }

    var nodeWords: [CompletionAnswer.Word] {
        nodes.sorted { $0.name < $1.name }.map { .init($0.name, $0.isReady ? "Ready" : "NotReady") }
    }

    var policyWords: [CompletionAnswer.Word] {
        policies.sorted { $0.metadata.name < $1.metadata.name }.map { object in
            .init(object.metadata.name, object.policy?.destinationCIDRs.prefix(3).map(\.description).joined(separator: ",") ?? "rejected")
        }
    }

    func podWords(namespace: String) -> [CompletionAnswer.Word] {
        pods.filter { $0.namespace == namespace }.sorted { $0.name < $1.name }.map { pod in
            .init(
                pod.name,
                ([pod.phase.rawValue, pod.addresses.first?.description, pod.nodeName] as [String?]).compactMap(\.self).joined(
                    separator: " "))
        }
    }
}
