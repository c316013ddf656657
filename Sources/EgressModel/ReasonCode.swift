/// A reason code: `EG` and four digits, listed once, the same in findings, rules, events, counters and flows.
///
/// EG0 verdicts, EG1 gateways and nodes, EG2 policies and selection, EG3 datapath, EG4 control, EG5 client and
/// permissions. A code never changes its meaning. A code from a newer peer stays as text.
public struct ReasonCode: Sendable, Hashable, RawRepresentable, CustomStringConvertible {
    public let rawValue: String

    public init(rawValue: String) {
        self.rawValue = rawValue
    }

    public var description: String { rawValue }
}

extension ReasonCode {
    // Verdicts.
    public static let byGateway = ReasonCode(rawValue: "EG0001")
    public static let excluded = ReasonCode(rawValue: "EG0002")
    public static let noPolicyClaims = ReasonCode(rawValue: "EG0003")
    public static let hostNetwork = ReasonCode(rawValue: "EG0004")
    public static let podFinished = ReasonCode(rawValue: "EG0005")
    public static let podWithoutAddress = ReasonCode(rawValue: "EG0006")
    public static let inCluster = ReasonCode(rawValue: "EG0007")
    public static let podNotScheduled = ReasonCode(rawValue: "EG0008")
    public static let bypass = ReasonCode(rawValue: "EG0009")

    // Gateways and nodes.
    public static let noGatewayMatches = ReasonCode(rawValue: "EG1001")
    public static let noGatewayEligible = ReasonCode(rawValue: "EG1002")
    public static let entryNotAnnounced = ReasonCode(rawValue: "EG1003")
    public static let nodeSilent = ReasonCode(rawValue: "EG1004")
    public static let gatewayCordoned = ReasonCode(rawValue: "EG1005")
    public static let noNodeReports = ReasonCode(rawValue: "EG1006")
    /// The gateway has given out every entry id, and none has rested long enough to be given out again.
    public static let entryIDsUsedUp = ReasonCode(rawValue: "EG1007")
    public static let addressOnNoInterface = ReasonCode(rawValue: "EG1101")
    public static let interfaceNotFound = ReasonCode(rawValue: "EG1102")
    public static let interfaceWithoutAddress = ReasonCode(rawValue: "EG1103")
    public static let noDefaultRoute = ReasonCode(rawValue: "EG1104")
    public static let addressUnknown = ReasonCode(rawValue: "EG1105")
    public static let familyWithoutDatapath = ReasonCode(rawValue: "EG1106")
    public static let pluginUnknown = ReasonCode(rawValue: "EG1201")
    public static let pluginRefusedConfiguration = ReasonCode(rawValue: "EG1202")
    public static let pluginFailed = ReasonCode(rawValue: "EG1203")
    public static let pluginAddressOnNoInterface = ReasonCode(rawValue: "EG1204")
    /// The module says that this node has no address for the entry.
    public static let pluginNoAddress = ReasonCode(rawValue: "EG1205")
    /// The module fails or refuses; its last good answer stays in force.
    public static let lastAnswerInForce = ReasonCode(rawValue: "EG1206")
    /// Another node holds the lock of an address that the module claims.
    public static let addressHeldElsewhere = ReasonCode(rawValue: "EG1207")
    /// A claimed address couldn't be put on the interface, or its lock couldn't be had.
    public static let addressNotClaimed = ReasonCode(rawValue: "EG1208")

    // Policies and selection.
    public static let notAManifest = ReasonCode(rawValue: "EG2001")
    public static let fieldMissing = ReasonCode(rawValue: "EG2002")
    public static let fieldType = ReasonCode(rawValue: "EG2003")
    public static let invalidCIDR = ReasonCode(rawValue: "EG2004")
    public static let invalidAddress = ReasonCode(rawValue: "EG2005")
    public static let addressAndInterface = ReasonCode(rawValue: "EG2006")
    public static let unknownField = ReasonCode(rawValue: "EG2007")
    public static let hostBitsMasked = ReasonCode(rawValue: "EG2008")
    public static let invalidSelector = ReasonCode(rawValue: "EG2009")
    public static let ruleWithoutSelector = ReasonCode(rawValue: "EG2010")
    public static let invalidAnnotation = ReasonCode(rawValue: "EG2011")
    public static let emptyDestinations = ReasonCode(rawValue: "EG2012")
    public static let overlapLost = ReasonCode(rawValue: "EG2013")
    public static let selectsNothing = ReasonCode(rawValue: "EG2014")
    public static let unknownKind = ReasonCode(rawValue: "EG2015")
    public static let gatewayIgnored = ReasonCode(rawValue: "EG2016")
    public static let exclusionWithoutEffect = ReasonCode(rawValue: "EG2017")
    public static let duplicateObject = ReasonCode(rawValue: "EG2018")
    public static let lastGoodInForce = ReasonCode(rawValue: "EG2019")
    public static let notSelected = ReasonCode(rawValue: "EG2020")
    /// A policy's destinations hold cluster DNS, the API server or a metadata address, which stay direct all the same.
    public static let inClusterKept = ReasonCode(rawValue: "EG2021")

    // Connections, and the network policies that judge them.
    /// A network policy denies the connection before egress policies matter.
    public static let connectionDenied = ReasonCode(rawValue: "EG2040")
    /// A network policy asks about addresses of a name, which aren't known.
    public static let nameUnknown = ReasonCode(rawValue: "EG2041")
    /// The answer depends on the port or protocol, which wasn't given.
    public static let portNotGiven = ReasonCode(rawValue: "EG2042")
    /// A kind that allows or denies connections and isn't evaluated.
    public static let policyKindNotEvaluated = ReasonCode(rawValue: "EG2043")
    /// A network policy that can't be understood.
    public static let networkPolicyInvalid = ReasonCode(rawValue: "EG2044")
    /// A rule that can't be judged from a snapshot.
    public static let ruleNotJudged = ReasonCode(rawValue: "EG2045")
    /// What the destination is can't be said, and the rules depend on it.
    public static let destinationUnclear = ReasonCode(rawValue: "EG2046")
    /// Network plugins differ here.
    public static let enforcementDiffers = ReasonCode(rawValue: "EG2047")
    /// A rule by names, and no rule that lets Cilium see what the pod resolves.
    public static let namesNotSeen = ReasonCode(rawValue: "EG2048")

    // Differences of Cilium on the same manifests, for `--as-cilium`.
    public static let ciliumReadsOtherwise = ReasonCode(rawValue: "EG2030")
    public static let ciliumSelectsOtherwise = ReasonCode(rawValue: "EG2031")
    public static let ciliumChoosesOtherwise = ReasonCode(rawValue: "EG2032")
    public static let ciliumSpreadsOtherwise = ReasonCode(rawValue: "EG2033")
    public static let ciliumOverlapUndefined = ReasonCode(rawValue: "EG2034")
    public static let ciliumAddressOtherwise = ReasonCode(rawValue: "EG2035")
    public static let ciliumLetsOut = ReasonCode(rawValue: "EG2036")
    public static let ciliumIgnoresAnnotation = ReasonCode(rawValue: "EG2037")
    public static let ciliumKnowsInsideOtherwise = ReasonCode(rawValue: "EG2039")

    // Service meshes.
    /// A mesh's proxy beside the pod's containers leaves by the pod's own address.
    public static let sidecarLeavesAsPod = ReasonCode(rawValue: "EG2050")
    /// The mesh sends this through a gateway pod, which leaves by its own address.
    public static let meshSendsToGateway = ReasonCode(rawValue: "EG2051")
    /// Whether the mesh sends this elsewhere can't be said.
    public static let meshUnknown = ReasonCode(rawValue: "EG2052")
    public static let ambientLeavesAsPod = ReasonCode(rawValue: "EG2053")
    public static let pastTheProxy = ReasonCode(rawValue: "EG2054")
    public static let isMeshGateway = ReasonCode(rawValue: "EG2055")
    public static let gatewayWithoutPods = ReasonCode(rawValue: "EG2056")

    // What a policy says against itself, or what only its author can judge.
    public static let duplicateEntry = ReasonCode(rawValue: "EG2070")
    public static let claimedAndExcluded = ReasonCode(rawValue: "EG2071")
    public static let exclusionTooWide = ReasonCode(rawValue: "EG2072")
    public static let neverSteered = ReasonCode(rawValue: "EG2073")
    public static let foreignKind = ReasonCode(rawValue: "EG2074")
    public static let addressFamilyUnused = ReasonCode(rawValue: "EG2075")
    public static let selectsEveryPod = ReasonCode(rawValue: "EG2076")
    public static let anyNodeIsGateway = ReasonCode(rawValue: "EG2077")
    public static let possibleOverlap = ReasonCode(rawValue: "EG2078")
    public static let selectorNeverMatches = ReasonCode(rawValue: "EG2079")
    public static let noPolicies = ReasonCode(rawValue: "EG2080")

    // What a change would do.
    public static let changeDrops = ReasonCode(rawValue: "EG2060")
    public static let policyTakesOver = ReasonCode(rawValue: "EG2061")
    public static let overlapEnds = ReasonCode(rawValue: "EG2062")
    public static let portsScarce = ReasonCode(rawValue: "EG2063")
    public static let moduleNotAsked = ReasonCode(rawValue: "EG2064")
    public static let connectionsEnd = ReasonCode(rawValue: "EG2065")
    public static let tooManyPods = ReasonCode(rawValue: "EG2066")

    // What a policy met on a node when it came.
    public static let openConnectionsEnded = ReasonCode(rawValue: "EG2090")

    // Control.
    public static let helperUnreachable = ReasonCode(rawValue: "EG4001")
    public static let helperRefused = ReasonCode(rawValue: "EG4002")
    public static let podNotGoverned = ReasonCode(rawValue: "EG4003")
    public static let snapshotIncomplete = ReasonCode(rawValue: "EG4004")
    public static let notYetProgrammed = ReasonCode(rawValue: "EG4005")
    public static let rangesUnknown = ReasonCode(rawValue: "EG4006")
    public static let ciliumOwnsPolicies = ReasonCode(rawValue: "EG4007")
    public static let policyInForce = ReasonCode(rawValue: "EG4008")

    // Client.
    public static let sourceUnreadable = ReasonCode(rawValue: "EG5001")
    public static let liveDataUnknown = ReasonCode(rawValue: "EG5002")
    public static let readForbidden = ReasonCode(rawValue: "EG5003")
    public static let kindNotServed = ReasonCode(rawValue: "EG5004")
    public static let readFailed = ReasonCode(rawValue: "EG5005")

    /// Says that something isn't known because it couldn't be read, not that it isn't there.
    public var isUnread: Bool { [.readForbidden, .kindNotServed, .readFailed].contains(self) }

    /// The code of a drop by the datapath; `number` is an `EGRESS_DROP_*` of `bpf/include/egress_abi_counts.h`.
    public static func drop(_ number: Int) -> ReasonCode {
        let digits = String(number)
        return ReasonCode(rawValue: "EG3" + String(repeating: "0", count: max(0, 3 - digits.count)) + digits)
    }
}
