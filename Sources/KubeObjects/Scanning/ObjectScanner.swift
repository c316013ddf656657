import EgressModel
import JSONText

/// Makes model values of the kinds that come in great numbers while it walks through their JSON, without values in between.
///
/// It takes objects alone that ``ObjectChecker`` finds nothing in, and makes the same of them. It takes a detour at
/// everything else: a wrong field, a kind or field that it doesn't know, an unusual order. The object is then read and checked.
struct ObjectScanner {
    var cursor: JSONCursor
    var strings = SlicePool<String>()
    var labels = SharedValues<Labels>()
    var containers = SharedValues<ScannedContainers>()

    init(_ text: UTF8Text) { cursor = JSONCursor(text) }

    static let objectFields = JSONFields(["apiVersion", "kind", "metadata", "spec", "status", "items"])

    enum ObjectField {
        static let apiVersion = 0
        static let kind = 1
        static let metadata = 2
        static let spec = 3
        static let status = 4
        static let items = 5
    }

    /// The beginning of an object, up to its first member that isn't its type.
    struct Head {
        var members: JSONMembers
        var apiVersion: JSONSlice?
        var kind: JSONSlice?
        /// `nil`: there is no more.
        var field: Int?
    }

    mutating func head() throws(JSONDetour) -> Head {
        var head = Head(members: try cursor.object(Self.objectFields))
        while let field = try cursor.next(&head.members) {
            switch field {
            case ObjectField.apiVersion: head.apiVersion = try cursor.string()
            case ObjectField.kind: head.kind = try cursor.string()
            default:
                head.field = field
                return head
            }
        }
        return head
    }

    /// The rest of an object.
    ///
    /// - Parameter list: the type of its list where it has none.
    mutating func object(_ head: Head, in list: ScannedType?) throws(JSONDetour) -> KubeObject {
        guard let apiVersion = head.apiVersion ?? list?.apiVersion, let kind = head.kind ?? list?.kind, apiVersion == "v1"
        else { throw JSONDetour() }
        if kind == "Pod" { return .pod(try pod(head)) }
        if kind == "Service" { return .service(try service(head)) }
        if kind == "Node" { return .node(try node(head)) }
        if kind == "Namespace" { return .namespace(try namespace(head)) }
        throw JSONDetour()
    }

    mutating func address(_ slice: JSONSlice) throws(JSONDetour) -> IPAddress {
        guard let address = IPAddress(text: slice.bytes) else { throw JSONDetour() }
        return address
    }

    static func port(_ walk: inout JSONCursor) throws(JSONDetour) -> UInt16 {
        guard let number = UInt16(exactly: try walk.integer()), number > 0 else { throw JSONDetour() }
        return number
    }

    mutating func slices() throws(JSONDetour) -> [JSONSlice] {
        var slices: [JSONSlice] = []
        var isFirst = true
        try cursor.array()
        while try cursor.hasElement(isFirst: &isFirst) { slices.append(try cursor.string()) }
        return slices
    }

    static func transport(_ name: JSONSlice?) -> String {
        guard let name else { return "tcp" }
        return name == "TCP" ? "tcp" : name == "UDP" ? "udp" : name.string.lowercased()
    }
}

/// A list says of what type its items are.
struct ScannedType {
    var apiVersion: JSONSlice
    var kind: JSONSlice

    /// `nil`: a list of no certain kind, or none that is known yet.
    init?(list: ObjectScanner.Head) throws(JSONDetour) {
        guard let kind = list.kind else { return nil }
        guard let apiVersion = list.apiVersion, kind.hasSuffix("List") else { throw JSONDetour() }
        guard kind.count > 4 else { return nil }
        self.apiVersion = apiVersion
        self.kind = kind.dropLast(4)
    }
}

/// Values that neighbours share: the last one is known by its text alone, others by a table.
struct SharedValues<Value> {
    private var last: (slice: JSONSlice, depth: Int, value: Value)?
    private var pool = SlicePool<Value>()

    /// Passes over the value if it has the last one's text.
    mutating func again(_ cursor: inout JSONCursor) -> Value? {
        guard let last, last.depth == cursor.openCount, cursor.passes(sameAs: last.slice) else { return nil }
        return last.value
    }

    mutating func find(_ slice: JSONSlice, hash: UInt64, depth: Int) -> Value? {
        guard let value = pool.find(slice, hash: hash) else { return nil }
        last = (slice, depth, value)
        return value
    }

    mutating func insert(_ value: Value, for slice: JSONSlice, hash: UInt64, depth: Int) {
        pool.insert(value, for: slice, hash: hash)
        last = (slice, depth, value)
    }
}
