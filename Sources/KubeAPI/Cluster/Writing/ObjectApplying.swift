import EgressModel
import EgressPorts
import JSONText

/// One run of applying manifests.
struct ObjectApplying {
    let client: KubeClient
    let kinds: ResourceKinds
    let options: ApplyOptions
    private var applied: [AppliedObject] = []
    /// Definitions that were applied, and that the server may not serve yet.
    private var freshDefinitions: [String] = []

    init(client: KubeClient, kinds: ResourceKinds, options: ApplyOptions) {
        self.client = client
        self.kinds = kinds
        self.options = options
    }

    mutating func apply(_ manifests: [Manifest]) async throws -> [AppliedObject] {
        for manifest in manifests {
            do throws(APIError) {
                guard let path = try await path(of: manifest) else { throw Self.unknownKind(manifest) }
                applied.append(try await apply(manifest, at: path))
                if path.resource == ResourcePath.definitions.resource, path.group == ResourcePath.definitions.group, !options.isDryRun {
                    freshDefinitions.append(manifest.object.name)
                }
            } catch {
                throw described(error, manifest)
            }
        }
        do throws(APIError) {
            try await establishDefinitions()
        } catch {
            throw error.clusterError(hint: appliedBefore)
        }
        return applied
    }

    private mutating func path(of manifest: Manifest) async throws(APIError) -> ResourcePath? {
        if let path = try await kinds.path(of: manifest) { return path }
        guard !freshDefinitions.isEmpty else { return nil }
        try await establishDefinitions()
        // The server's own list of kinds follows a moment after the definition.
        for _ in 0..<50 {
            if let path = try await kinds.path(of: manifest) { return path }
            guard await Task.waited(0.1) else { return nil }
        }
        return nil
    }

    private func apply(_ manifest: Manifest, at path: ResourcePath) async throws(APIError) -> AppliedObject {
        let body: JSONValue
        do {
            body = try Self.body(manifest, namespace: path.namespace)
        } catch {
            throw APIError(kind: .malformed, message: "\(manifest.object): \(error)")
        }
        let before = try await existing(path)
        let (object, isNew) = try await client.apply(
            path, body, manager: options.fieldManager, force: options.forcesConflicts, dryRun: options.isDryRun)
        let metadata = object["metadata"]
        let change: AppliedObject.Change =
            if isNew { .created } else if let before, Self.holdsSame(before, object) { .unchanged } else { .configured }
        return AppliedObject(
            object: ObjectReference(kind: manifest.object.kind, namespace: path.namespace, name: manifest.object.name), change: change,
            uid: metadata?["uid"]?.stringValue ?? "", generation: metadata?["generation"]?.integerValue() ?? 0)
    }

    /// What is there before; who may write but not read gets "configured".
    private func existing(_ path: ResourcePath) async throws(APIError) -> JSONValue? {
        do throws(APIError) {
            return try await client.get(path)
        } catch {
            if error.isNotFound || error.isForbidden { return nil }
            throw error
        }
    }

    /// Without what the server sets itself: a uid or version of another cluster would refuse an exported object.
    private static func body(_ manifest: Manifest, namespace: String?) throws(JSONError) -> JSONValue {
        var object = try JSONValue(parsing: manifest.json).objectValue ?? [:]
        object["status"] = nil
        var metadata = object["metadata"]?.objectValue ?? [:]
        for field in ["managedFields", "resourceVersion", "uid", "generation", "creationTimestamp", "selfLink"] { metadata[field] = nil }
        if let namespace { metadata["namespace"] = .string(namespace) }
        object["metadata"] = .object(metadata)
        return .object(object)
    }

    /// But for what changes with every write. An unchanged apply keeps the version, but a dry run gives none.
    private static func holdsSame(_ a: JSONValue, _ b: JSONValue) -> Bool {
        func plain(_ value: JSONValue) -> JSONValue {
            guard var object = value.objectValue, var metadata = object["metadata"]?.objectValue else { return value }
            for field in ["managedFields", "resourceVersion", "generation"] { metadata[field] = nil }
            object["metadata"] = .object(metadata)
            return .object(object)
        }
        return plain(a) == plain(b)
    }
}

// MARK: - Definitions

extension ObjectApplying {
    private static let definitionWait = Duration.seconds(30)

    /// Until the server serves the kinds that were just defined (condition `Established`).
    private mutating func establishDefinitions() async throws(APIError) {
        let began = ContinuousClock.now
        while let name = freshDefinitions.first {
            let definition = try await client.get(ResourcePath.definitions.named(name))
            let conditions = definition["status"]?["conditions"]?.arrayValue ?? []
            func holds(_ type: String) -> Bool {
                conditions.contains { $0["type"]?.stringValue == type && $0["status"]?.stringValue == "True" }
            }
            if holds("Established") {
                freshDefinitions.removeFirst()
                continue
            }
            let refusal = conditions.first { $0["type"]?.stringValue == "NamesAccepted" && $0["status"]?.stringValue == "False" }
            guard refusal == nil, began.duration(to: .now) < Self.definitionWait else {
                let why =
                    refusal?["message"]?.stringValue ?? "the API server doesn't serve it after \(Self.definitionWait.components.seconds) s"
                throw APIError(kind: .transport, message: "customresourcedefinition/\(name) isn't established: \(why)")
            }
            guard await Task.waited(0.1) else { throw APIError(kind: .transport, message: "interrupted") }
        }
    }
}

// MARK: - Errors

extension ObjectApplying {
    private static func unknownKind(_ manifest: Manifest) -> APIError {
        APIError(
            kind: .malformed,
            message: "resource mapping not found for name: \"\(manifest.object.name)\" namespace: \"\(manifest.object.namespace ?? "")\""
                + "\(manifest.place.map { " from \"\($0.file)\"" } ?? ""): no matches for kind \"\(manifest.object.kind)\" in version "
                + "\"\(manifest.apiVersion)\"\nensure CRDs are installed first")
    }

    private var appliedBefore: String? {
        guard !applied.isEmpty, !options.isDryRun else { return nil }
        return "applied before this: " + applied.map { "\($0.object) \($0.change.rawValue)" }.joined(separator: ", ")
    }

    private func described(_ error: APIError, _ manifest: Manifest) -> ClusterError {
        error.clusterError(about: manifest.object, hint: appliedBefore)
    }
}
