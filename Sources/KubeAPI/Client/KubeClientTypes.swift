import JSONText

/// Which objects of a collection, and in which form.
struct ListQuery: Sendable, Hashable {
    enum Form: String, Sendable, Hashable {
        case full
        /// Names, labels and the rest of metadata alone (`as=PartialObjectMetadataList`).
        case metadata
        /// What `kubectl get` prints (`as=Table`, `includeObject=Metadata`).
        case table
    }

    var labelSelector: String?
    var fieldSelector: String?
    var form = Form.full
    /// Objects a chunk; 0: all at once.
    var limit = 500
    /// `0`: whatever the server has at hand; `nil`: the newest.
    var resourceVersion: String?
    /// When the server has forgotten the version in mid-list: takes the rest as it is now, which mixes two versions and is
    /// good for showing only. Otherwise the list starts again.
    var acceptsNewerRest = false
}

/// One chunk. What it holds of the objects is theirs alone: nothing of a chunk stays in memory when the next is read.
struct ListPage: Sendable {
    var apiVersion: String
    /// Of the items, without `List`.
    var kind: String
    var items: [JSONValue]
    var resourceVersion: String
    /// `columnDefinitions` of a Table, whose rows are the items; empty where the server didn't answer with a table.
    var columns: [JSONValue] = []
}

enum WatchEvent: Sendable {
    case added(JSONValue)
    case modified(JSONValue)
    case deleted(JSONValue)
    /// Everything up to this version was seen.
    case bookmark(resourceVersion: String)
}

enum PatchKind: String, Sendable {
    case apply = "application/apply-patch+yaml"
    case merge = "application/merge-patch+json"
    case json = "application/json-patch+json"
}
