import EgressModel

extension PolicyEngine {
    /// Pods for the first time. Neighbours mostly have one owner, and so one standing.
    mutating func fill(_ pods: [Pod]) {
        let pods = Self.isInOrder(pods) ? pods : pods.sorted(by: podOrder)
        var next = 0
        while next < pods.count { next = fill(pods, from: next) }
        if takesChanges { standings.putNamesInOrder() }
        _ = standings.takeLosers()
    }

    /// Takes in the pod at the position, and those after it for which the same holds; the position of the next one.
    private mutating func fill(_ pods: [Pod], from first: Int) -> Int {
        if let standing = PodStanding.withoutRules(pods[first]) {
            show(pods[first], standing)
            return first + 1
        }
        let number = group(of: pods[first])
        let standing = standing(of: pods[first], inGroup: number)
        var last = first + 1
        if let match = groups[number]?.match, match.conditions.isEmpty {
            while last < pods.count, isAlike(pods[last], pods[first]),
                judge(of: pods[last], match.certain) == judge(of: pods[first], match.certain)
            {
                last += 1
            }
        }
        groups.append(pods[first..<last], number, keepsMembers: takesChanges)
        policies.count(standing, by: last - first)
        unsurePods += standing.unsure.count * (last - first)
        for index in first..<last {
            standings.enter(pods[index], standing, keepsOrder: false)
            show(pods[index], standing)
        }
        return last
    }

    private func isAlike(_ pod: Pod, _ first: Pod) -> Bool {
        pod.namespace == first.namespace && PodStanding.withoutRules(pod) == nil && pod.metadata.labels == first.metadata.labels
    }

    private mutating func show(_ pod: Pod, _ standing: PodStanding) {
        _ = strays.enter(pod, known)
        effective.pods.chunks.append(ResolvedPod(pod, standing))
    }

    /// As lists of an API server are.
    private static func isInOrder(_ pods: [Pod]) -> Bool {
        for index in pods.indices.dropFirst() {
            let (before, after) = (pods[index - 1].metadata, pods[index].metadata)
            if before.namespace == after.namespace, bytewise(before.name, after.name) { continue }
            if podOrder(pods[index], pods[index - 1]) { return false }
        }
        return true
    }
}
