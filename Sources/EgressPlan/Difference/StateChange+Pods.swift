import EgressModel

/// Which pods flip, which are closed meanwhile, and whose connections end.
extension StateChange {
    /// Records of interfaces without the program, which is attached now, and that may be of another time.
    var staleRecords: [Int] {
        from.pods.keys.sorted().filter { !isAttached($0, from) && isAttached($0, to) && !isReturning($0) }
    }

    /// Whether a pod's record and all that its verdicts hang on are what they should be: somebody took the program off while no
    /// helper looked. With it back the pod is as it was, and its connections go on.
    private func isReturning(_ index: Int) -> Bool {
        guard let record = from.pods[index], record == to.pods[index], record.mode == .enforce, from.cluster == to.cluster,
            from.sets[record.set] == to.sets[record.set]
        else { return false }
        let choices = from.choices.filter { $0.key.interfaceIndex == index }
        guard choices == to.choices.filter({ $0.key.interfaceIndex == index }) else { return false }
        return choices.values.flatMap(\.ranked).allSatisfy {
            from.gateways[$0.gateway] == to.gateways[$0.gateway] && from.entries[$0.entry] == to.entries[$0.entry]
        }
    }

    /// Interfaces that another pod is behind by now: the kernel gives numbers out again. The old pod sends nothing any more
    /// and the new one has no record yet, so nothing is lost by taking the old record away.
    var replacedPods: [Int] {
        from.pods.keys.sorted().filter { index in
            guard let old = from.pods[index], let new = to.pods[index] else { return false }
            return old.ipv4 != new.ipv4 || old.ipv6 != new.ipv6
        }
    }

    /// Interfaces whose pod had no record in force before.
    var newcomers: [Int] {
        let closed = Set(staleRecords + replacedPods)
        return to.pods.keys.sorted().filter { from.pods[$0] == nil || closed.contains($0) }
    }

    /// Pods whose verdicts hang on more than one thing that changes in place. Between two such writes a packet could meet
    /// a mixture (old rules with a new choice), so the record is taken away before the first and comes back with the flip,
    /// or never does: the pod is dropped for as long as the few writes in between take.
    var quietPods: [Int] {
        let moved = Set(changed(from.entries, to.entries).filter { from.entries[$0.0] != nil }.map(\.0))
        let gateways = Set(changed(from.gateways, to.gateways).filter { from.gateways[$0.0] != nil }.map(\.0))
        let keys = Dictionary(grouping: Set(from.choices.keys).union(to.choices.keys), by: \.interfaceIndex)
        let closed = Set(newcomers + recorded)
        return from.pods.keys.sorted().filter { index in
            guard !closed.contains(index) else { return false }
            let keys = keys[index] ?? []
            let ranked = keys.flatMap { (from.choices[$0]?.ranked ?? []) + (to.choices[$0]?.ranked ?? []) }
            let changes: [Bool] = [
                from.pods[index] != to.pods[index],
                keys.contains { key in
                    guard let old = from.choices[key], let new = to.choices[key] else { return false }
                    return !new.leads(as: old)
                },
                ranked.contains { moved.contains($0.entry) },
                ranked.contains { gateways.contains($0.gateway) },
            ]
            return changes.count(where: \.self) > 1
        }
    }

    /// Also of quiet pods whose record is the same as before: it was taken away.
    var flips: [DatapathOperation] {
        let (quiet, closed) = (Set(quietPods), Set(newcomers + recorded))
        return to.pods.sorted { $0.key < $1.key }.compactMap { index, record in
            guard !closed.contains(index), from.pods[index] != record || quiet.contains(index) else { return nil }
            return .setPod(interfaceIndex: index, record)
        }
    }

    /// Connections of pods that go on with another record or other choices: those that these no longer allow.
    var flowsOfKeptPods: [DatapathOperation] {
        let others = changed(from.choices, to.choices).filter { key, choice in from.choices[key].map { !choice.leads(as: $0) } ?? true }
        let choices = others.map(\.0) + gone(from.choices, to.choices)
        let concerned = Set(changed(from.pods, to.pods).map(\.0) + choices.map(\.interfaceIndex))
        return concerned.subtracting(newcomers + recorded).filter { to.pods[$0] != nil }.sorted().map { .forgetFlows(interfaceIndex: $0) }
    }

    func isAttached(_ index: Int, _ state: DatapathState) -> Bool {
        state.attachments.contains(Attachment(program: .pod, interfaceIndex: index))
    }
}
