import EgressModel
import EgressPolicy
import JSONText

extension PolicyUseReport {
    var json: JSONValue {
        let policy = use?.resolved.policy
        return [
            "policy": [
                "name": .string(object.metadata.name), "uid": .string(object.metadata.uid),
                "generation": JSONValue(object.metadata.generation),
                "valid": .bool(use != nil), "priority": policy.map { JSONValue($0.priority) } ?? .null,
                "destinationCIDRs": .array((policy?.destinationCIDRs ?? []).sorted().map { .string($0.description) }),
                "excludedCIDRs": .array((policy?.excludedCIDRs ?? []).sorted().map { .string($0.description) }),
            ],
            "sentence": .string(sentence),
            "gateways": .array(gateways.map { Self.json($0.candidate, isChosen: $0.isChosen, pods: $0.pods) }),
            "pods": .array((use?.pods ?? []).sorted { ($0.pod.namespace, $0.pod.name) < ($1.pod.namespace, $1.pod.name) }.map(Self.json)),
            "podsComplete": .bool(hasEveryPod), "lost": .array((use?.lost ?? []).map(Self.json)),
            "programmed": [
                "ready": JSONValue(progress?.ready ?? 0), "total": JSONValue(progress?.nodes.count ?? 0),
                "nodes": .array((progress?.nodes ?? []).map(Self.json)),
            ], "findings": JSONValue(findings: findings),
        ]
    }

    private static func json(_ gateway: GatewayCandidate, isChosen: Bool, pods: Int) -> JSONValue {
        [
            "node": .string(gateway.node), "address": JSONValue(gateway.address), "ready": .bool(gateway.ineligible == nil),
            "chosen": .bool(isChosen), "egressIPs": JSONValue(addresses: gateway.egressIPs), "interface": JSONValue(gateway.interface),
            "pods": JSONValue(pods), "code": JSONValue(gateway.ineligible?.code.rawValue), "reason": JSONValue(gateway.ineligible?.text),
        ]
    }

    private static func json(_ use: PolicyUse.PodUse) -> JSONValue {
        [
            "pod": JSONValue(pod: use.pod), "node": JSONValue(use.pod.nodeName), "egressIPs": JSONValue(addresses: use.egressIPs),
            "gatewayNodes": .array(use.gatewayNodes.map { .string($0) }), "action": JSONValue(use.main?.action.rawValue),
            "code": JSONValue(use.main?.reason.code.rawValue), "reason": JSONValue(use.main?.reason.text),
        ]
    }

    private static func json(_ lost: PolicyUse.LostPrefix) -> JSONValue {
        [
            "destinationCIDR": .string(lost.prefix.description), "to": .string(lost.policy), "why": .string(lost.why),
            "pods": JSONValue(lost.pods),
        ]
    }

    private static func json(_ node: PolicyProgress.Node) -> JSONValue {
        let reason: Reason? =
            switch node.state {
            case .programmed(let reason): reason
            case .waiting(let reason): reason
            }
        return [
            "name": .string(node.name), "programmed": .bool(node.isProgrammed), "gateway": .bool(node.isGateway),
            "pods": JSONValue(node.pods), "code": JSONValue(reason?.code.rawValue), "reason": JSONValue(reason?.text),
        ]
    }

    /// Rows of pods without `-o wide`.
    private static let fewPods = 20

    func text(_ layout: TextLayout) -> String {
        var parts = [head(layout)]
        if let use {
            parts += [podTable(use, layout), gatewayTable(layout), lostTable(use, layout)].filter { !$0.rows.isEmpty }
                .map { $0.text(width: layout.width) }
            if use.pods.count > Self.fewPods, !layout.isWide {
                parts.insert("… and \(use.pods.count - Self.fewPods) more pods (-o wide)\n", at: 2)
            }
            if let progress, !progress.nodes.isEmpty { parts.append(inForce(progress, layout)) }
        }
        if !findings.isEmpty { parts.append(findings.map { findingText($0, width: layout.proseWidth) }.joined()) }
        return parts.joined(separator: "\n")
    }

    private func head(_ layout: TextLayout) -> String {
        var lines = [plainText("POLICY    \(object.metadata.name)   generation \(object.metadata.generation)")]
        if let policy = use?.resolved.policy {
            if policy.priority != 0 { lines[0] += "   priority \(policy.priority)" }
            let excluded = policy.excludedCIDRs.isEmpty ? "" : " but for " + namesInWords(policy.excludedCIDRs.sorted().map(\.description))
            let claims = namesInWords(policy.destinationCIDRs.sorted().map(\.description)) + excluded
            lines += wrapped(claims, first: "CLAIMS    ", width: layout.proseWidth)
        }
        lines += wrapped(sentence, first: "VERDICT   ", width: layout.proseWidth)
        return lines.map { $0 + "\n" }.joined()
    }

    private func podTable(_ use: PolicyUse, _ layout: TextLayout) -> Table {
        var columns = [
            Table.Column("NODE", canShrink: true), .init("POD", canShrink: true), .init("EGRESS-IP"), .init("GATEWAY", canShrink: true),
        ]
        if layout.isWide { columns += [.init("SOURCE-IP"), .init("CODE"), .init("REASON")] }
        let shown = layout.isWide ? use.pods[...] : use.pods.prefix(Self.fewPods)
        return Table(
            columns,
            rows: shown.map { pod in
                let address =
                    pod.egressIPs.isEmpty ? pod.main?.egressIPInWords ?? "lost" : pod.egressIPs.map(\.description).joined(separator: ",")
                var cells = [
                    pod.pod.nodeName ?? "", "\(pod.pod.namespace)/\(pod.pod.name)", address, pod.gatewayNodes.joined(separator: ","),
                ]
                if layout.isWide {
                    cells += [
                        pod.pod.addresses.map(\.description).joined(separator: ","), pod.main?.reason.code.rawValue ?? "",
                        pod.main?.reason.text ?? "",
                    ]
                }
                return cells
            })
    }

    private func gatewayTable(_ layout: TextLayout) -> Table {
        let columns = [
            Table.Column("GATEWAY", canShrink: true), .init("ADDRESS"), .init("READY"), .init("CHOSEN"), .init("EGRESS-IP"), .init("PODS"),
        ]
        return Table(
            columns,
            rows: gateways.map { gateway in
                let candidate = gateway.candidate
                return [
                    candidate.node, candidate.address?.description ?? "", candidate.ineligible.map { "no (\($0.code))" } ?? "yes",
                    gateway.isChosen ? "yes" : "no", candidate.egressIPs.map(\.description).joined(separator: ","), String(gateway.pods),
                ]
            })
    }

    private func lostTable(_ use: PolicyUse, _ layout: TextLayout) -> Table {
        Table(
            [.init("LOST"), .init("TO-POLICY", canShrink: true), .init("PODS"), .init("BECAUSE-IT-IS", canShrink: true)],
            rows: use.lost.map { [$0.prefix.description, $0.policy, String($0.pods), $0.why] })
    }

    private func inForce(_ progress: PolicyProgress, _ layout: TextLayout) -> String {
        let waiting = progress.nodes.compactMap { node -> String? in
            guard case .waiting(let reason) = node.state else { return nil }
            return "\(node.name): \(reason.coded)"
        }
        let head = "on \(progress.ready) of \(counted(progress.nodes.count, "node", "nodes"))"
        let text = ([head] + waiting.prefix(10) + (waiting.count > 10 ? ["and \(waiting.count - 10) more"] : [])).joined(separator: "; ")
        return wrapped(text, first: "IN FORCE  ", width: layout.proseWidth).map { $0 + "\n" }.joined()
    }
}
