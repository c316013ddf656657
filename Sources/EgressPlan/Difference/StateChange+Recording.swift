public import EgressModel

/// Pods that ran before a policy first claimed them: what they have open is found out before anything is enforced.
///
/// Until then all of it goes its old way. A packet of such a pod so meets its old verdict until its record is enforced in
/// one write, and from then on the new one, but for the connections that are exempt. A helper that ends in the middle
/// leaves a pod that is recorded; the next begins with it again, as nothing of it was enforced.
extension StateChange {
    /// Nothing governs them yet, neither a program nor the guard; or a helper ended while it recorded.
    var recorded: [Int] {
        let guarded = Set(from.netfilter.guarded.flatMap(\.sources))
        return running.sorted().filter { index in
            guard let pod = to.pods[index], guarded.isDisjoint(with: pod.addresses) else { return false }
            if let before = from.pods[index] { return before.mode == .record && before.addresses == pod.addresses }
            return !Attachment.Program.allCases.contains {
                from.attachments.contains(Attachment(program: $0, interfaceIndex: index))
            }
        }
    }

    /// The record first, so that no packet meets a program without one. Its set is there by now: what its rules claim is noted.
    var recording: [DatapathOperation] {
        guard !recorded.isEmpty else { return [] }
        let records = recorded.compactMap { index -> DatapathOperation? in
            guard var record = to.pods[index] else { return nil }
            record.mode = .record
            return .setPod(interfaceIndex: index, record)
        }
        // Read with the programs at work: what begins after the reading is recorded by them.
        return records + attach(where: Set(recorded).contains) + [.keepOpenConnections(interfaceIndexes: recorded)]
    }

    /// Pods that are recorded aren't guarded yet: what began since their connections were read isn't known there.
    var netfilterBeforeEnforcing: [DatapathOperation] {
        let early = to.netfilter.unguarding(Set(recorded.compactMap { to.pods[$0] }.flatMap(\.addresses)))
        return from.netfilter == early ? [] : [.setNetfilter(early)]
    }

    /// What follows the enforcing of pods that were recorded; the guard comes last.
    var enforced: [DatapathOperation] {
        guard !recorded.isEmpty else { return [] }
        return [.keepRecordedConnections(interfaceIndexes: recorded), .setNetfilter(to.netfilter)]
    }
}

extension PodRecord {
    public var addresses: [IPAddress] { [ipv4, ipv6].compactMap(\.self) }
}

extension NetfilterRules {
    /// The same without these sources.
    func unguarding(_ sources: Set<IPAddress>) -> NetfilterRules {
        guard !sources.isEmpty else { return self }
        var rules = self
        rules.guarded = guarded.compactMap { group in
            let kept = group.sources.filter { !sources.contains($0) }
            return kept.isEmpty ? nil : GuardedSources(sources: kept, claimed: group.claimed)
        }
        return rules
    }
}
