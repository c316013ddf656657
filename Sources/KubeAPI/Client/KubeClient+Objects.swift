import JSONText

extension KubeClient {
    /// One object.
    func get(_ path: ResourcePath) async throws(APIError) -> JSONValue {
        try await json(APIRequest("GET", path.path)).value
    }

    /// Whatever is at a path that no ``ResourcePath`` makes: `/version`, `/apis/cilium.io/v2`; a query may follow it.
    func getRaw(_ path: String) async throws(APIError) -> JSONValue {
        try await json(APIRequest("GET", path)).value
    }

    /// Server-side apply (KEP-555). An apply that changes nothing answers 200 and keeps the object's `resourceVersion`.
    func apply(
        _ path: ResourcePath, _ body: JSONValue, manager: String, force: Bool, dryRun: Bool
    ) async throws(APIError) -> (object: JSONValue, isNew: Bool) {
        var request = APIRequest("PATCH", path.path)
        request.query = [("fieldManager", manager), ("force", force ? "true" : "false"), ("fieldValidation", "Strict")]
        if dryRun { request.query.append(("dryRun", "All")) }
        request.contentType = PatchKind.apply.rawValue
        request.body = body
        let (value, head) = try await json(request)
        return (value, head.status == 201)
    }

    /// Patches an object or a part of it. A JSON patch isn't sent twice: adding to a list would add twice.
    func patch(_ path: ResourcePath, _ kind: PatchKind, _ body: JSONValue) async throws(APIError) -> JSONValue {
        var request = APIRequest("PATCH", path.path)
        request.contentType = kind.rawValue
        request.body = body
        request.isRepeatable = kind != .json
        return try await json(request).value
    }

    /// Creates an object in a collection; `metadata.name` or `generateName` names it.
    ///
    /// We don't send it twice, but libcurl does when a kept connection turns out dead before the first byte of an answer. So
    /// `AlreadyExists` may speak of the object that this very call made.
    func create(_ collection: ResourcePath, _ body: JSONValue, dryRun: Bool = false) async throws(APIError) -> JSONValue {
        var request = APIRequest("POST", collection.path)
        request.query = [("fieldValidation", "Strict")]
        if dryRun { request.query.append(("dryRun", "All")) }
        request.contentType = "application/json"
        request.body = body
        request.isRepeatable = false
        return try await json(request).value
    }

    /// Replaces an object whole. `metadata.resourceVersion` in the body, where it stands, must be the present one (409).
    func replace(_ path: ResourcePath, _ body: JSONValue) async throws(APIError) -> JSONValue {
        var request = APIRequest("PUT", path.path)
        request.query = [("fieldValidation", "Strict")]
        request.contentType = "application/json"
        request.body = body
        return try await json(request).value
    }

    /// Deletes an object; what it owns goes as its kind's default says.
    ///
    /// - Parameter object: as it was read: one with another `uid` or `resourceVersion` is left alone (409).
    func delete(_ path: ResourcePath, only object: JSONValue? = nil) async throws(APIError) {
        var request = APIRequest("DELETE", path.path)
        if let metadata = object?["metadata"] {
            request.contentType = "application/json"
            request.body = [
                "apiVersion": "v1", "kind": "DeleteOptions",
                "preconditions": ["uid": metadata["uid"] ?? .null, "resourceVersion": metadata["resourceVersion"] ?? .null],
            ]
        }
        _ = try await json(request)
    }
}
