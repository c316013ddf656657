/// The members of a JSON object in the order of the text.
///
/// Two objects are equal when they hold the same members, in whatever order.
public struct JSONObject: Sendable {
    public struct Member: Sendable, Hashable {
        public let key: String
        public var value: JSONValue

        public init(key: String, value: JSONValue) {
            self.key = key
            self.value = value
        }
    }

    public private(set) var members: [Member]
    /// Positions by key; kept only where looking through the members would be slow.
    private var positions: [String: Int]?

    static let linearLimit = 12

    public init() { members = [] }

    /// The last of several equal keys wins, at the place of the first.
    public init(_ elements: some Sequence<(String, JSONValue)>) {
        self.init()
        for (key, value) in elements { self[key] = value }
    }

    /// Members whose keys differ.
    init(distinct members: [Member]) {
        self.members = members
        if members.count > Self.linearLimit { reindex() }
    }

    private mutating func append(_ key: String, _ value: JSONValue) {
        members.append(Member(key: key, value: value))
        if positions != nil {
            positions?[key] = members.count - 1
        } else if members.count > Self.linearLimit {
            reindex()
        }
    }

    public var count: Int { members.count }
    public var isEmpty: Bool { members.isEmpty }
    public var keys: [String] { members.map(\.key) }

    public subscript(key: String) -> JSONValue? {
        get { position(of: key).map { members[$0].value } }
        set {
            switch (position(of: key), newValue) {
            case (let position?, let value?):
                members[position].value = value
            case (let position?, nil):
                members.remove(at: position)
                if positions != nil { reindex() }
            case (nil, let value?):
                append(key, value)
            case (nil, nil):
                break
            }
        }
    }

    private func position(of key: String) -> Int? {
        if let positions { return positions[key] }
        return members.firstIndex { $0.key == key }
    }

    private mutating func reindex() {
        positions = Dictionary(members.enumerated().map { ($1.key, $0) }) { first, _ in first }
    }
}

extension JSONObject: Hashable {
    public static func == (a: JSONObject, b: JSONObject) -> Bool {
        a.count == b.count && a.members.allSatisfy { b[$0.key] == $0.value }
    }

    public func hash(into hasher: inout Hasher) {
        for key in members.map(\.key).sorted() {
            hasher.combine(key)
            hasher.combine(self[key])
        }
    }
}

extension JSONObject: ExpressibleByDictionaryLiteral {
    public init(dictionaryLiteral elements: (String, JSONValue)...) { self.init(elements) }
}

/// The keys of an object that is being read, whose members begin at `first` among all.
struct SeenKeys {
    let first: Int
    /// Kept only where looking through the members would be slow.
    private var keys: Set<String>?

    init(first: Int) { self.first = first }

    mutating func isNew(_ key: String, among members: [JSONObject.Member]) -> Bool {
        if keys != nil { return keys?.insert(key).inserted ?? true }
        for index in first..<members.count where members[index].key == key { return false }
        if members.count - first >= JSONObject.linearLimit {
            keys = Set(members[first...].map(\.key))
            keys?.insert(key)
        }
        return true
    }
}
