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

    /// Loads with pins under `pinRoot`, taking over maps and links that are there.
    init(pinRoot: String, mode: AttachMode?) throws {
        _ = LibbpfLog.installed
        let pins = try PinFolder.prepare(root: pinRoot)
        self.mode = mode ?? (egress_tcx_supported() == 1 ? .tcx : .clsact)
        object = try BPFObject.loadEmbedded(mapFolder: pins.maps)
        tables = try Tables(object)
        attachments =
            self.mode == .tcx ? TCXAttachments(folder: pins.links, object: object) : ClsactAttachments(object: object)
        try makeConfiguration()
        for program in Attachment.Program.allCases {
            try pins.pinProgram(program.rawValue, try object.program(program.rawValue))
        }
        try pins.adoptLinks()
        try attachments.renew()
        try pins.removeOthers()
    }

    /// Fresh, small maps, no pins, no way to attach by links: for packet tests.
    init(unpinned: Void) throws {
        _ = LibbpfLog.installed
        mode = .clsact
        object = try BPFObject.loadEmbedded(mapFolder: nil, capacity: 16384)
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
        config.csum_ipv6 = try object.knowsIPv6Checksums() ? EGRESS_CSUM_IPV6 : 0
        try tables.config.set(0, config)
    }

    func revision() throws -> UInt64 {
        try tables.meta.value(0)?.revision ?? 0
    }

    func setRevision(_ revision: UInt64) throws {
        try tables.meta.set(0, egress_meta(revision: revision))
    }
}
