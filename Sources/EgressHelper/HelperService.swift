import EgressModel
public import EgressPlan
public import EgressPorts
import EgressWire
import JSONText
public import Logging

/// The node's helper: makes the kernel match the plan in force, follows the node's changes, and says what is.
///
/// It runs on an executor of its own since kernel calls block; so its methods run one after the other, and a plan is
/// taken on whole before anything else happens.
public actor HelperService: HelperCalling {
    private let identity: HelperIdentity
    private let strategies: any StrategyProviding
    let logger: Logger
    private let folder: PlanFolder
    private let foreign: ForeignOwner
    private let executor: KernelExecutor
    private let started = ContinuousClock.now

    var kernel: KernelSide
    var announcements = Announcements()
    /// A round is under way, and the next one comes by itself.
    var isAnnouncing = false
    /// Attachments before which others' programs run, as of the last look.
    var overtaken: Set<Attachment> = []
    /// The last look's, so that it is said once.
    var mendingFailure: String?
    var tableMending = TableMending()
    /// As the kernel keeps it; 0 before the first plan.
    private var revision: UInt64 = 0
    /// The plan of that revision. `nil` before the first, and when its file is lost: then nothing is changed until a plan comes.
    private var inForce: NodePlan?
    /// No helper had a plan on this node since it booted.
    private var isFirst = false
    private var lastFacts = HostFacts()
    private var notGoverned: [ObjectReference] = []
    private var restarts = 0
    private var lastError: String?
    /// The kernel may differ from the plan in force.
    private var isBehind = false
    private let watchers = FactsWatchers()
    let flowWatchers: FlowWatchers
    let tracing = BlockingQueue(label: "kubectl-egress.trace")
    private var rounds = 0

    public nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    public init(
        identity: HelperIdentity, datapath: any DatapathApplying, host: any HostNetworking, strategies: any StrategyProviding,
        stateFolder: String, steering: SteeringSettings = SteeringSettings(), foreign: ForeignOwner = ForeignOwner(),
        limits: ConnectionLimits = .standard,
        executor: KernelExecutor = KernelExecutor(), logger: Logger
    ) {
        self.identity = identity
        self.strategies = strategies
        self.executor = executor
        self.logger = logger
        self.foreign = foreign
        kernel = KernelSide(datapath: datapath, host: host, steering: steering, limits: limits)
        flowWatchers = FlowWatchers(node: identity.node)
        folder = PlanFolder(folder: stateFolder, node: identity.node)
    }

    /// Reads what is in force. Changes nothing in the kernel.
    public func open() throws {
        try folder.make()
        restarts = try folder.countStart()
        revision = try kernel.datapath.revision()
        inForce = folder.plan(revision: revision)
        isFirst = revision == 0 && !folder.hasPlan
        lastFacts = try kernel.facts(inForce)
        isBehind = inForce != nil
        try learnNames()
        logger.info(
            "started",
            metadata: ["node": "\(identity.node)", "revision": "\(revision)", "plan": "\(inForce == nil ? "none yet" : "as before")"])
    }

    // MARK: The plan

    public func apply(_ plan: NodePlan, revision new: UInt64) throws -> PlanApplied {
        guard plan.node == identity.node else {
            throw HelperError(
                code: "bad_request", message: "params.plan.node: the plan is for \(plan.node), and this is \(identity.node)",
                hint: "give the agent the socket of its own node's helper")
        }
        if new == revision, plan == inForce { return PlanApplied(revision: new, changed: 0) }
        guard new > revision else {
            throw HelperError(
                code: "stale_revision", message: "revision \(new) is not newer than \(revision), which is in force",
                hint: "send the plan again with revision \(revision &+ 1) or more")
        }
        do {
            // What is in force stays and is looked after: taking it away would let packets out as the node.
            try foreign.check(plan)
            try folder.store(plan, revision: new)
            let changed = try realize(plan, keeping: claimedFirst(plan))
            try kernel.datapath.setRevision(new)
            (revision, inForce) = (new, plan)
            folder.removeAll(except: new)
            logger.info(
                "plan in force",
                metadata: ["revision": "\(new)", "changed": "\(changed)", "pods": "\(plan.pods.count)", "entries": "\(plan.entries.count)"])
            return PlanApplied(revision: new, changed: changed)
        } catch {
            folder.removeAll(except: revision)
            throw note(error, "plan \(new) is not in force")
        }
    }

    /// UIDs of pods of a plan that comes now which no plan had before, and which ran before they were claimed. A helper that
    /// doesn't know what it did before names none.
    private func claimedFirst(_ plan: NodePlan) -> Set<String> {
        guard kernel.host.keepsConnections, inForce != nil || isFirst else { return [] }
        return Set(plan.pods.filter(\.ranBefore).map(\.uid)).subtracting(inForce?.pods.map(\.uid) ?? [])
    }

    /// `keeping`: UIDs of pods whose open connections go on.
    private func realize(_ plan: NodePlan, keeping: Set<String> = []) throws -> Int {
        isBehind = true
        let result = try kernel.realize(plan, keeping: keeping)
        isBehind = false
        notGoverned = result.notGoverned
        lastError = nil
        flowWatchers.names = FlowNames(plan, result.state)
        learn(result.facts)
        announce()
        return result.changed
    }

    /// What a restarted helper finds is named before a plan comes.
    private func learnNames() throws {
        guard let inForce else { return }
        flowWatchers.names = FlowNames(inForce, try kernel.state())
    }

    /// Keeps the failure for `status.get`.
    private func note(_ error: any Error, _ consequence: String) -> any Error {
        lastError = (error as? HelperError)?.message ?? "\(error)"
        logger.error("\(consequence)", metadata: ["error": "\(lastError ?? "")"])
        return error
    }

    public func plan() -> (revision: UInt64, plan: NodePlan)? { inForce.map { (revision, $0) } }

    // MARK: What is

    public func state() throws -> DatapathState { try kernel.state() }

    public func facts() throws -> HostFacts {
        learn(try kernel.facts(inForce))
        return lastFacts
    }

    public func factsChanges() -> AsyncThrowingStream<HostFacts, any Error> {
        watchers.watch(from: lastFacts)
    }

    /// Tells watchers when the facts are new, and modules when those that they see are.
    private func learn(_ facts: HostFacts) {
        guard facts != lastFacts else { return }
        if facts.steering != lastFacts.steering {
            let fact = facts.steering
            logger.info("pods are steered", metadata: ["by": "\(fact.default.rawValue)", "because": "\(fact.reason)"])
        }
        let (before, now) = (NodeFacts(lastFacts), NodeFacts(facts))
        lastFacts = facts
        watchers.tell(facts)
        if now != before { strategies.factsChanged(JSONValue.object(now.moduleJSON).text()) }
    }

    public func status() throws -> HelperStatus {
        let names = Dictionary(lastFacts.interfaces.map { ($0.facts.index, $0.facts.name) }) { first, _ in first }
        let datapath = kernel.datapath
        return HelperStatus(
            helper: HelperVersion(version: HelperIdentity.version, abi: datapath.abiVersion, datapath: datapath.attachMode),
            node: identity.node, uptimeSeconds: (ContinuousClock.now - started).components.seconds, restarts: restarts, revision: revision,
            attachments: try datapath.actualState().attachments.sorted().map {
                AttachedProgram(program: $0.program, interface: names[$0.interfaceIndex] ?? "", interfaceIndex: $0.interfaceIndex)
            },
            notGoverned: notGoverned, steering: lastFacts.steering, exemptConnections: try datapath.exemptConnections(of: nil).count,
            endedConnections: kernel.endings.all, maps: try datapath.mapFill(), counters: try kernel.counters(), lastError: lastError)
    }

    // MARK: Following the node

    /// Something about interfaces, addresses, routes or netfilter is new: a pod's device appeared or went, an address moved.
    public func hostChanged() {
        // First: whatever else a change of the node means, catching up takes pods whose program is gone for new ones.
        mend()
        mendTable()
        do {
            let before = lastFacts
            learn(try kernel.facts(inForce))
            if lastFacts != before || isBehind || kernel.misses(lastFacts) { try catchUp() }
            announce()
        } catch {
            _ = note(error, "a change of the node is not followed yet; trying again in a moment")
        }
    }

    /// One round of housekeeping: connections that timed out; what a refusal or somebody else's hand left behind.
    public func tend() {
        rounds += 1
        mend()
        mendTable()
        do {
            let removed = try kernel.datapath.collectGarbage()
            logger.debug("collected", metadata: ["connections": "\(removed)"])
            if isBehind || rounds.isMultiple(of: Self.roundsBetweenChecks) { try catchUp() }
        } catch {
            _ = note(error, "housekeeping failed; trying again in a moment")
        }
    }

    private static let roundsBetweenChecks = 6

    private func catchUp() throws {
        guard let inForce else { return }
        let changed = try realize(inForce)
        if changed > 0 { logger.info("the kernel follows the node", metadata: ["revision": "\(revision)", "changed": "\(changed)"]) }
    }

    /// Changes of the node; the first at once.
    func changes() -> AsyncStream<Void> { kernel.host.changes() }

    func endWatching() {
        watchers.endAll()
        flowWatchers.endAll()
    }

    // MARK: Plugins

    public nonisolated func plugins() async -> [PluginStatus] { await strategies.list() }

    public nonisolated func resolve(strategy: String, requestJSON: String) async throws -> PluginAnswer {
        try await strategies.resolve(strategy: strategy, requestJSON: requestJSON)
    }
}
