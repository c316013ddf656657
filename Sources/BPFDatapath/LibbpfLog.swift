import CLibBPF
import Glibc
import Logging

/// Sends what libbpf prints to the program's log, once for the process.
enum LibbpfLog {
    private static let logger = Logger(label: "libbpf")

    static let installed: Void = {
        libbpf_set_print { level, format, arguments in
            guard let format, let arguments else { return 0 }
            let text = LibbpfLog.formatted(format, arguments)
            // What netlink says of a filter or a qdisc that is there already, or isn't: the caller knows from the errno.
            let isKnown = text.contains("Kernel error message")
            LibbpfLog.logger.log(level: level == LIBBPF_WARN && !isKnown ? .warning : .debug, "\(text)")
            return 0
        }
    }()

    private static func formatted(_ format: UnsafePointer<CChar>, _ arguments: CVaListPointer) -> String {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: 1024) { room in
            guard let start = room.baseAddress else { return "" }
            vsnprintf(start, room.count, format, arguments)
            let text = String(cString: start)
            return text.hasSuffix("\n") ? String(text.dropLast()) : text
        }
    }
}
