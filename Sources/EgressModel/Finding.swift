/// Something a user should know about an object; it travels inside results and stops nothing.
public struct Finding: Sendable, Hashable {
    public enum Severity: String, Sendable, Hashable, Comparable, CaseIterable {
        case error
        case warning
        case info

        /// The worse first.
        public static func < (a: Severity, b: Severity) -> Bool { a.rank < b.rank }

        private var rank: Int {
            switch self {
            case .error: 0
            case .warning: 1
            case .info: 2
            }
        }
    }

    public var severity: Severity
    public var code: ReasonCode
    public var object: ObjectReference?
    /// JSON path inside the object, such as `spec.destinationCIDRs[0]`.
    public var field: String?
    /// Where a file has it.
    public var place: SourcePlace?
    public var message: String
    /// What to do next.
    public var hint: String?

    public init(
        _ severity: Severity, _ code: ReasonCode, object: ObjectReference? = nil, field: String? = nil, place: SourcePlace? = nil,
        message: String, hint: String? = nil
    ) {
        self.severity = severity
        self.code = code
        self.object = object
        self.field = field
        self.place = place
        self.message = message
        self.hint = hint
    }
}

extension Finding: Comparable {
    /// By severity, code, object, then text: the order of every output.
    public static func < (a: Finding, b: Finding) -> Bool {
        if a.severity != b.severity { return a.severity < b.severity }
        if a.code != b.code { return a.code.rawValue < b.code.rawValue }
        let (left, right) = (a.object?.description ?? "", b.object?.description ?? "")
        if left != right { return left < right }
        return (a.field ?? "", a.message) < (b.field ?? "", b.message)
    }
}

/// A place in a file, counted from 1.
public struct SourcePlace: Sendable, Hashable, CustomStringConvertible {
    public var file: String
    public var line: Int
    public var column: Int

    public init(file: String, line: Int, column: Int) {
        self.file = file
        self.line = line
        self.column = column
    }

    public var description: String { "\(file):\(line):\(column)" }
}
