import JSONText

extension KubeClient {
    /// Reads a collection chunk by chunk to its end; returns its `resourceVersion`, from which a watch goes on.
    ///
    /// When the server has forgotten the version in the middle (410), the list starts again, at most three times, or takes
    /// the newer rest where the query accepts that.
    ///
    /// - Parameters:
    ///   - restart: what was given to `page` so far doesn't count any more.
    ///   - page: takes one chunk; what it throws ends the list.
    nonisolated(nonsending) func list(
        _ collection: ResourcePath, _ query: ListQuery, restart: () -> Void, page: (ListPage) throws -> Void
    ) async throws -> String {
        var next: String?
        var restarts = 0
        while true {
            switch await chunk(collection, query, next) {
            case .success(let chunk):
                try page(chunk.page)
                guard let following = chunk.next else { return chunk.page.resourceVersion }
                next = following
            case .failure(let error):
                guard error.isExpired, next != nil else { throw error }
                next = query.acceptsNewerRest ? error.replacementContinue : nil
                if next == nil {
                    guard restarts < 3 else { throw error }
                    restarts += 1
                    restart()
                }
            }
        }
    }

    /// Reads and parses one chunk, away from whoever asked.
    @concurrent private func chunk(
        _ collection: ResourcePath, _ query: ListQuery, _ next: String?
    ) async -> Result<ListChunk, APIError> {
        var request = APIRequest("GET", collection.path)
        request.query = query.selection
        if query.limit > 0 { request.query.append(("limit", String(query.limit))) }
        if let next {
            // The token says the version; both would be refused.
            request.query.append(("continue", next))
        } else if let version = query.resourceVersion {
            request.query.append(("resourceVersion", version))
        }
        request.accept = query.form.accept(isList: true)
        do throws(APIError) {
            return .success(try await fetch(request, collection))
        } catch {
            return .failure(error)
        }
    }

    private func fetch(_ request: APIRequest, _ collection: ResourcePath) async throws(APIError) -> ListChunk {
        var request = request
        do throws(APIError) {
            return try ListChunk(try await json(request).value, collection)
        } catch {
            // A server that knows only the objects themselves.
            guard error.status == 406, request.accept != APIRequest.plainJSON else { throw error }
        }
        request.accept = APIRequest.plainJSON
        return try ListChunk(try await json(request).value, collection)
    }
}

/// One answer to a list, taken apart.
private struct ListChunk: Sendable {
    var page: ListPage
    /// The token of the next chunk.
    var next: String?

    init(_ value: JSONValue, _ collection: ResourcePath) throws(APIError) {
        guard case .object(let list) = value, let kind = list["kind"]?.stringValue else {
            throw APIError(kind: .malformed, message: "the list of \(collection.fullResource) is not an object with a kind")
        }
        let isTable = kind == "Table"
        let metadata = list["metadata"]
        page = ListPage(
            apiVersion: list["apiVersion"]?.stringValue ?? "",
            kind: kind.hasSuffix("List") ? String(kind.dropLast(4)) : kind,
            // An empty list may be null.
            items: list[isTable ? "rows" : "items"]?.arrayValue ?? [],
            resourceVersion: metadata?["resourceVersion"]?.stringValue ?? "",
            columns: isTable ? list["columnDefinitions"]?.arrayValue ?? [] : [])
        if let token = metadata?["continue"]?.stringValue, !token.isEmpty { next = token }
    }
}

extension ListQuery {
    /// What stays the same over all chunks, and for the watch that goes on from them.
    var selection: [(name: String, value: String)] {
        var pairs: [(name: String, value: String)] = []
        if let labelSelector { pairs.append(("labelSelector", labelSelector)) }
        if let fieldSelector { pairs.append(("fieldSelector", fieldSelector)) }
        if form == .table { pairs.append(("includeObject", "Metadata")) }
        return pairs
    }
}

extension ListQuery.Form {
    /// The form, and the objects themselves for a server that doesn't know it.
    func accept(isList: Bool) -> String {
        let name =
            switch self {
            case .full: ""
            case .metadata: isList ? "PartialObjectMetadataList" : "PartialObjectMetadata"
            case .table: "Table"
            }
        return name.isEmpty ? APIRequest.plainJSON : "application/json;as=\(name);v=v1;g=meta.k8s.io,application/json"
    }
}
