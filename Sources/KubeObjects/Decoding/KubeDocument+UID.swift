import JSONText

extension KubeDocument {
    /// The object's uid: as the text has it, or derived from its kind, namespace and name.
    public var effectiveUID: String {
        if let uid = json["metadata"]?["uid"]?.stringValue, !uid.isEmpty { return uid }
        return ObjectChecker.derivedUID(of: reference)
    }
}
