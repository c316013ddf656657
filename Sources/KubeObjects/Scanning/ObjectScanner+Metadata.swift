import EgressModel
import JSONText

extension ObjectScanner {
    private static let metadataFields = JSONFields(
        ["annotations", "creationTimestamp", "generation", "labels", "name", "namespace", "uid"],
        passed: [
            "resourceVersion", "generateName", "managedFields", "ownerReferences", "finalizers", "selfLink", "deletionTimestamp",
            "deletionGracePeriodSeconds",
        ])

    /// - Parameter isNamespaced: other kinds must not name a namespace.
    mutating func metadata(of kind: KnownKind) throws(JSONDetour) -> ObjectMetadata {
        var metadata = ObjectMetadata(name: "", namespace: kind.isNamespaced ? "default" : nil, uid: "")
        var members = try cursor.object(Self.metadataFields)
        while let field = try cursor.next(&members) {
            switch field {
            case 0: metadata.annotations = try annotations()
            case 1: metadata.creationTimestamp = try timestamp()
            case 2: metadata.generation = try cursor.integer()
            case 3: metadata.labels = try sharedLabels()
            case 4: metadata.name = try name().string
            case 5:
                guard kind.isNamespaced else { throw JSONDetour() }
                metadata.namespace = strings.string(try name())
            case 6: metadata.uid = try cursor.string().string
            default: try cursor.pass()
            }
        }
        guard !metadata.name.isEmpty else { throw JSONDetour() }
        if metadata.uid.isEmpty {
            metadata.uid = ObjectChecker.derivedUID(
                of: ObjectReference(kind: kind.rawValue, namespace: metadata.namespace, name: metadata.name))
        }
        return metadata
    }

    private mutating func name() throws(JSONDetour) -> JSONSlice {
        let name = try cursor.string()
        guard NameSyntax.isSubdomain(name.bytes) else { throw JSONDetour() }
        return name
    }

    private mutating func timestamp() throws(JSONDetour) -> String {
        let time = try cursor.string()
        guard ObjectChecker.isTimestamp(time.bytes) else { throw JSONDetour() }
        return time.string
    }

    private mutating func annotations() throws(JSONDetour) -> [String: String] {
        var map: [String: String] = [:]
        try cursor.map()
        while let key = try cursor.key(isFirst: map.isEmpty) {
            guard map.updateValue(try cursor.text(), forKey: strings.string(key)) == nil else { throw JSONDetour() }
        }
        return map
    }

    private mutating func sharedLabels() throws(JSONDetour) -> Labels {
        if let known = labels.again(&cursor) { return known }
        let depth = cursor.openCount
        let slice = try cursor.pass()
        let hash = slice.hash
        if let known = labels.find(slice, hash: hash, depth: depth) { return known }
        var walk = JSONCursor(slice, depth: depth)
        let made = try stringMap(&walk)
        labels.insert(made, for: slice, hash: hash, depth: depth)
        return made
    }

    /// Labels, or a selector; what comes often in it is shared.
    mutating func stringMap(_ walk: inout JSONCursor) throws(JSONDetour) -> Labels {
        var map: Labels = [:]
        try walk.map()
        while let key = try walk.key(isFirst: map.isEmpty) {
            guard map.updateValue(strings.string(try walk.string()), forKey: strings.string(key)) == nil else { throw JSONDetour() }
        }
        return map
    }
}
