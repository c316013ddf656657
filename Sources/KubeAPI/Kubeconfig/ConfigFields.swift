import JSONText

/// What is wrong inside one kubeconfig, without the file's name.
struct KubeconfigFault: Error, Hashable {
    var message: String
}

/// An object whose members have the types that client-go's structures give them.
///
/// A missing member and `null` are the type's zero value; unknown members are nobody's business. A mismatch is worded as
/// Go's decoder words it: `json: cannot unmarshal bool into Go struct field AuthInfo.users.user.password of type string`.
struct ConfigFields {
    private let members: JSONObject
    /// client-go's name of the structure: `AuthInfo`.
    private let structure: String
    /// Of this object, without indexes: `users.user`.
    private let path: String

    init(_ members: JSONObject, structure: String, path: String = "") {
        self.members = members
        self.structure = structure
        self.path = path
    }

    func string(_ key: String) throws(KubeconfigFault) -> String {
        guard let value = member(key) else { return "" }
        guard let text = value.stringValue else { throw mismatch(value, key, "string") }
        return text
    }

    func bool(_ key: String) throws(KubeconfigFault) -> Bool {
        guard let value = member(key) else { return false }
        guard let bool = value.boolValue else { throw mismatch(value, key, "bool") }
        return bool
    }

    /// Base64.
    func data(_ key: String) throws(KubeconfigFault) -> [UInt8] {
        guard let value = member(key) else { return [] }
        guard let text = value.stringValue else { throw mismatch(value, key, "[]uint8") }
        do throws(Base64.Failure) {
            return try Base64.decode(text)
        } catch {
            throw KubeconfigFault(message: "illegal base64 data at input byte \(error.offset)")
        }
    }

    func strings(_ key: String) throws(KubeconfigFault) -> [String] {
        guard let value = member(key) else { return [] }
        return try strings(value, key)
    }

    func stringLists(_ key: String) throws(KubeconfigFault) -> [String: [String]] {
        guard let value = member(key) else { return [:] }
        guard let object = value.objectValue else { throw mismatch(value, key, "map[string][]string") }
        var lists: [String: [String]] = [:]
        for member in object.members.sorted(by: { $0.key < $1.key }) { lists[member.key] = try strings(member.value, key) }
        return lists
    }

    /// `nil` when it isn't there.
    func object(_ key: String, _ structure: String, of package: String = "v1") throws(KubeconfigFault) -> ConfigFields? {
        guard let value = member(key) else { return nil }
        guard let object = value.objectValue else { throw mismatch(value, key, "\(package).\(structure)") }
        return ConfigFields(object, structure: structure, path: place(key))
    }

    func list(_ key: String, _ structure: String) throws(KubeconfigFault) -> [ConfigFields] {
        guard let value = member(key) else { return [] }
        guard let elements = value.arrayValue else { throw mismatch(value, key, "[]v1.\(structure)") }
        return try elements.map { element throws(KubeconfigFault) in
            if element.isNull { return ConfigFields(JSONObject(), structure: structure, path: place(key)) }
            guard let object = element.objectValue else { throw mismatch(element, key, "v1.\(structure)") }
            return ConfigFields(object, structure: structure, path: place(key))
        }
    }

    /// Whatever it is.
    func raw(_ key: String) -> JSONValue? { member(key) }

    private func strings(_ value: JSONValue, _ key: String) throws(KubeconfigFault) -> [String] {
        if value.isNull { return [] }
        guard let elements = value.arrayValue else { throw mismatch(value, key, "[]string") }
        return try elements.map { element throws(KubeconfigFault) in
            if element.isNull { return "" }
            guard let text = element.stringValue else { throw mismatch(element, key, "string") }
            return text
        }
    }

    private func member(_ key: String) -> JSONValue? {
        guard let value = members[key], !value.isNull else { return nil }
        return value
    }

    private func place(_ key: String) -> String { path.isEmpty ? key : "\(path).\(key)" }

    private func mismatch(_ value: JSONValue, _ key: String, _ type: String) -> KubeconfigFault {
        KubeconfigFault(
            message: "json: cannot unmarshal \(Self.word(value)) into Go struct field \(structure).\(place(key)) of type \(type)")
    }

    /// Go's name of a JSON value's kind.
    static func word(_ value: JSONValue) -> String {
        switch value {
        case .null: "null"
        case .bool: "bool"
        case .integer, .unsigned, .number: "number"
        case .string: "string"
        case .array: "array"
        case .object: "object"
        }
    }
}
