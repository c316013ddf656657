/// The steps from one state of the datapath to another, in an order that is safe to stop at any point.
///
/// After any number of them each packet meets its old verdict, its new one, or a drop. The order follows from three
/// facts about the programs: one that is attached without a pod's record drops; a record names a set, and a set that a
/// record or an entry names never changes; the cluster's ranges come before everything else.
///
/// In short: close what is new, build what is needed beside the old, flip the pods that go on, let go those that don't,
/// narrow the cluster, open what is new, and take away what nothing points at any more.
///
/// - Parameter running: interfaces whose pods ran before a policy first claimed them. Those that nothing governs in `from`
///   aren't closed: they go on as they are, recorded, until what they have open is known.
public func difference(from: DatapathState, to: DatapathState, running: Set<Int> = []) -> [DatapathOperation] {
    let change = StateChange(from: from, to: to, running: running)
    return change.closing + change.building + change.flipping + change.opening + change.clearing
}

/// The parts of a difference, in the order in which they come.
struct StateChange {
    let from: DatapathState
    let to: DatapathState
    var running: Set<Int> = []

    /// Pods that are new here are dropped from now on, until ``opening``.
    var closing: [DatapathOperation] {
        var steps: [DatapathOperation] = []
        // A helper that ended after it detached left a record behind: attaching would bring it to life again. One that is as
        // it should be may come to life.
        steps += staleRecords.map { .removePod(interfaceIndex: $0) }
        steps += attach
        // What the kernel gave to another pod is nobody's until its new record is there.
        steps += replacedPods.map { .removePod(interfaceIndex: $0) }
        // While there is no record: every connection under that number was another pod's. Also for pods that are new, as a
        // helper may have ended between removing a record and this.
        steps += newcomers.map { .forgetFlows(interfaceIndex: $0) }
        return steps
    }

    /// Everything that records and choices will point at, then the choices.
    var building: [DatapathOperation] {
        var steps: [DatapathOperation] = []
        // A tunnel that isn't set up drops, so this comes before whatever sends into it.
        steps += settings
        // A node that isn't known is refused as the other end: known before an entry serves it.
        steps += changed(from.nodes, to.nodes).map { .setNode($0, $1) }
        // Slots are names for people; a new slot was unused, so no rule of the old state reads it.
        steps += changed(from.policies, to.policies).map { .setPolicy(slot: $0, uid: $1) }
        // An added range sends straight what the old state may have steered, as the new state does. Before pods flip, so
        // that new rules never see a destination without it.
        steps += clusterAdditions
        // Whole before anything names them: half a set, a destination without its exclusion, is a third verdict.
        steps += setAdditions
        steps += recording
        // Before the flips, so that what they newly claim is guarded already. It only ever drops; what it no longer guards
        // is still steered by the program, or goes straight as in the new state.
        steps += netfilterBeforeEnforcing
        // As late as it can be, so that they are dropped for a few writes only.
        steps += quietPods.map { .removePod(interfaceIndex: $0) }
        // An unknown gateway counts as unhealthy, and the next best would be used: known before a choice names it.
        steps += changed(from.gateways, to.gateways).map { .setGateway($0, $1) }
        // An address before its entries: else an answer to it would be for the node's own sockets for a moment.
        steps += changed(from.egressAddresses, to.egressAddresses).map { .setEgressAddress($0, $1) }
        // On the interface only when its packets are known to be no socket's of the node, and before an entry sends from it.
        steps += addressAdditions
        // An entry that isn't there drops: before the choices that name it. Where an id came back and this helper missed what
        // was in between, pods that chose it for its old owner are among the quiet ones.
        steps += entryAdditions
        // A new key isn't read before the flip; a change of one in use is one write, and either all that changes for its
        // pod or the pod is quiet.
        steps += changed(from.choices, to.choices).map { .setChoice($0, $1) }
        return steps
    }

    /// Pods that go on flip by one write each; pods that nothing selects any more are let go, and entries that nobody asks for.
    var flipping: [DatapathOperation] {
        var steps: [DatapathOperation] = []
        steps += flips
        // Only now can no packet write an old connection again.
        steps += flowsOfKeptPods
        // Detached before the record goes: such a pod isn't dropped for a moment.
        steps += detach { $0.isPods }
        steps += gone(from.pods, to.pods).flatMap { index -> [DatapathOperation] in
            [.removePod(interfaceIndex: index), .forgetFlows(interfaceIndex: index)]
        }
        steps += gone(from.choices, to.choices).map { .removeChoice($0) }
        // Before their sets: a set that lost an exclusion first would let out what was excluded. Translations after their
        // entry, so that no packet makes new ones.
        steps += gone(from.entries, to.entries).flatMap { id -> [DatapathOperation] in
            [.removeEntry(id: id), .forgetTranslations(entry: id)]
        }
        // Nothing sends from it any more, and until it is gone its packets are no socket's of the node.
        steps += addressRemovals
        steps += gone(from.egressAddresses, to.egressAddresses).map { .removeEgressAddress($0) }
        return steps
    }

    /// What is outside the cluster from now on, and then the pods that are new here.
    var opening: [DatapathOperation] {
        // After the flips, the detaching and the entries: nothing old may see a destination that was inside. Before the
        // newcomers: they were closed, and would go straight to it for a moment.
        clusterRemovals
            + Set(newcomers + recorded).sorted().compactMap { index in to.pods[index].map { .setPod(interfaceIndex: index, $0) } }
            + enforced
    }

    /// What nothing points at any more, in reverse.
    var clearing: [DatapathOperation] {
        var steps: [DatapathOperation] = []
        steps += setRemovals
        steps += gone(from.policies, to.policies).map { .removePolicy(slot: $0) }
        steps += gone(from.gateways, to.gateways).map { .removeGateway($0) }
        steps += gone(from.nodes, to.nodes).map { .removeNode($0) }
        // Last: without its program the tunnel device hands what it unwraps to the node's stack, and an uplink hands answers
        // for egress addresses to the node's sockets. By now nothing asks for either.
        steps += detach { !$0.isPods }
        return steps
    }
}
