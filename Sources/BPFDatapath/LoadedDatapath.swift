import CEgressABI
import CEgressShims
import CLibBPF
import EgressPlan
import EgressPorts
import Glibc

/// The object in the kernel with its tables and attachments. Not thread-safe: ``BPFDatapath`` holds it under its lock.
final class LoadedDatapath {
    let object: BPFObject
    let tables: Tables
    let mode: AttachMode
    let attachments: any ProgramAttaching
    var collector = Collector()
    /// Told of connections that the helper itself ends, while somebody watches.
    var tellClosed: (@Sendable ([DatapathEvent]) -> Void)?
    /// Events without room that a watcher was told of.
    var toldUnwatched: UInt64 = 0
    /// What is attached unless somebody else's hand changed it.
    var kept: Set<Attachment> = []

    /// What came of maps with another layout; `nil`: there were none.
    private(set) var takeover: LayoutTakeover?

    /// Loads with pins under `pinRoot`, taking over maps and links that are there.
    ///
    /// - Parameters:
    ///   - conversions: layouts that can be taken over, by their version.
    ///   - atStep: for tests, called in the middle of that.
    init(
        pinRoot: String, mode: AttachMode?, conversions: [Int: LayoutConversion] = LayoutConversion.known,
        atStep: (LayoutUpgrade.Step) throws -> Void = { _ in }
    ) throws {
        _ = LibbpfLog.installed
        let pins = try PinFolder.prepare(root: pinRoot)
        self.mode = mode ?? (egress_tcx_supported() == 1 ? .tcx : .clsact)
        object = try BPFObject.loadEmbedded(mapFolder: pins.maps)
        tables = try Tables(object)
        attachments =
            self.mode == .tcx ? TCXAttachments(folder: pins.links, object: object) : ClsactAttachments(object: object)
        var upgrade = try LayoutUpgrade(toward: pins, conversions: conversions, object: object)
        upgrade?.copy()
        try atStep(.copied)
        try makeConfiguration()
        for program in Attachment.Program.allCases {
            try pins.pinProgram(program.rawValue, try object.program(program.rawValue))
        }
        try pins.adoptLinks()
        try attachments.renew()
        try atStep(.swapped)
        upgrade?.finish()
        takeover = upgrade?.takeover
        kept = try attachments.attached()
        try pins.removeOthers()
        try letNewIn()
    }

    /// Fresh maps for so many connections, no pins, no way to attach by links: for packet tests.
    init(unpinned capacity: UInt32) throws {
        _ = LibbpfLog.installed
        mode = .clsact
        object = try BPFObject.loadEmbedded(mapFolder: nil, capacity: capacity)
        tables = try Tables(object)
        attachments = ClsactAttachments(object: object)
        try makeConfiguration()
    }

    /// The order in which ports are tried is made once in the life of the pinned maps: it stays over restarts.
    private func makeConfiguration() throws {
        var config = try tables.config.value(0) ?? egress_config()
        if config.port_key == (0, 0) {
            var random = SystemRandomNumberGenerator()
            config.port_key = (random.next(), random.next())
        }
        // Who watched is gone.
        config.watched = 0
        config.csum_ipv6 = try object.knowsIPv6Checksums() ? EGRESS_CSUM_IPV6 : 0
        try tables.config.set(0, config)
        try renewDirect()
    }

    /// Nobody writes old maps any more; also when it was another helper that didn't come to say so.
    private func letNewIn() throws {
        guard var config = try tables.config.value(0), config.upgrading != 0 else { return }
        config.upgrading = 0
        try tables.config.set(0, config)
    }

    func revision() throws -> UInt64 {
        try tables.meta.value(0)?.revision ?? 0
    }

    func setRevision(_ revision: UInt64) throws {
        try tables.meta.set(0, egress_meta(revision: revision))
    }
}
