import EgressModel
import EgressPorts
import JSONText
import TestKit
import Testing

@testable import KubeAPI

/// The client on a real kube-apiserver.
@Suite(.requires(.api)) struct KubeClientAPITests {
    private let server: APIServer
    private let client: KubeClient

    init() throws {
        server = try APIServer.shared()
        client = KubeClient(try .test(server))
    }

    private func configMap(_ name: String, _ data: JSONObject = ["a": "1"], labels: JSONObject = [:]) -> JSONValue {
        var metadata: JSONObject = ["name": .string(name)]
        if !labels.isEmpty { metadata["labels"] = .object(labels) }
        return ["apiVersion": "v1", "kind": "ConfigMap", "metadata": .object(metadata), "data": .object(data)]
    }

    private func path(_ name: String) -> ResourcePath { ResourcePath.configMaps.inside("default").named(name) }

    @Test func `an object is created, read, applied, patched, replaced and deleted`() async throws {
        let place = path("client-life")
        let made = try await client.create(.configMaps.inside("default"), configMap("client-life"), dryRun: false)
        #expect(made["metadata"]?["uid"]?.stringValue?.isEmpty == false)
        #expect(
            await apiError { try await client.create(.configMaps.inside("default"), configMap("client-life"), dryRun: false) }?.reason
                == "AlreadyExists")
        let (applied, isNew) = try await client.apply(
            place, configMap("client-life", ["b": "2"]), manager: "egt", force: false, dryRun: false)
        #expect(!isNew && applied["data"] == ["a": "1", "b": "2"])
        let again = try await client.apply(place, configMap("client-life", ["b": "2"]), manager: "egt", force: false, dryRun: false)
        #expect(again.object["metadata"]?["resourceVersion"] == applied["metadata"]?["resourceVersion"])
        let patched = try await client.patch(place, .merge, ["data": ["a": nil]])
        #expect(patched["data"] == ["b": "2"])
        #expect(try await client.patch(place, .json, [["op": "add", "path": "/data/c", "value": "3"]])["data"]?["c"] == "3")
        let replaced = try await client.replace(place, configMap("client-life", ["d": "4"]))
        #expect(try await client.get(place) == replaced)
        #expect(
            await printed { try await client.replace(place, patched) }.hasPrefix(
                "Error from server (Conflict): Operation cannot be fulfilled"))
        try await client.delete(place)
        let text = await printed { try await client.get(place) }
        #expect(text == (try server.kubectl("get", "configmap", "client-life").errors.split(separator: "\n").last.map(String.init)))
    }

    @Test func `a dry run answers what would be, and keeps nothing`() async throws {
        let (object, isNew) = try await client.apply(
            path("client-dry"), configMap("client-dry"), manager: "egt", force: false, dryRun: true)
        #expect(isNew && object["metadata"]?["uid"] != nil)
        #expect(await apiError { try await client.get(path("client-dry")) }?.isNotFound == true)
    }

    @Test func `a conflict is told by field and manager, and force takes the field over`() async throws {
        let place = path("client-conflict")
        _ = try await client.apply(place, configMap("client-conflict"), manager: "argocd", force: false, dryRun: false)
        let other = configMap("client-conflict", ["a": "2", "b": "1"])
        let error = try #require(await apiError { try await client.apply(place, other, manager: "egt", force: false, dryRun: false) })
        let object = ObjectReference(kind: "ConfigMap", namespace: "default", name: "client-conflict")
        let conflict = FieldConflict(object: object, field: ".data.a", manager: "argocd")
        #expect(error.clusterError(about: object).conflicts == [conflict])
        #expect(error.message == #"Apply failed with 1 conflict: conflict with "argocd": .data.a"#)
        let forced = try await client.apply(place, other, manager: "egt", force: true, dryRun: false)
        #expect(forced.object["data"]?["a"] == "2")
        try await client.delete(place)
    }

    @Test func `an invalid object is told as kubectl tells it`() async throws {
        let namespace = #"{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"client_underscore"}}"#
        let ours = await printed { try await client.create(.namespaces, try JSONValue(parsing: namespace), dryRun: false) }
        let kubectl = try server.kubectl(["create", "--validate=false", "-f", "-"], input: namespace).errors
        #expect(ours == kubectl.split(separator: "\n").joined(separator: "\n"))
    }

    @Test func `who has no right is told so in the server's words`() async throws {
        _ = try server.user("client-jane")
        let jane = KubeClient(try .test(server, "user-client-jane"))
        let text = await printed { try await jane.items(.policies) }
        #expect(
            text.hasPrefix(
                #"Error from server (Forbidden): ciliumegressgatewaypolicies.cilium.io is forbidden: User "client-jane" cannot list"#),
            "\(text)")
    }

    @Test func `impersonation and tokens are who the server sees`() async throws {
        var connection = try APIConnection.test(server)
        connection.impersonation = [("Impersonate-User", "client-bob"), ("Impersonate-Group", "g1")]
        let bob = connection
        #expect(await printed { try await KubeClient(bob).items(.nodes) }.contains(#"User "client-bob""#))
        let token = try server.token(serviceAccount: "client-reader", namespace: "default")
        connection = .test(
            server.url, .file(server.certificateAuthority), credentials: FixedCredential(Credential(authorization: "Bearer \(token)")))
        let reader = connection
        #expect(await printed { try await KubeClient(reader).items(.nodes) }.contains("system:serviceaccount:default:client-reader"))
        let stale = FixedCredential(Credential(authorization: "Bearer stale"))
        let nobody = APIConnection.test(server.url, .file(server.certificateAuthority), credentials: stale)
        #expect(await printed { try await KubeClient(nobody).items(.nodes) } == "error: You must be logged in to the server (Unauthorized)")
        #expect(stale.rejected == 1)
    }

    @Test func `a group that isn't there is another 404 than an object that isn't`() async throws {
        #expect(await apiError { try await client.getRaw("/apis/no.such.group/v1/things") }?.isUnknownPath == true)
        #expect(await apiError { try await client.get(path("client-none")) }?.isUnknownPath == false)
    }

    @Test func `a list in chunks has every object once, in each form`() async throws {
        for number in 0..<7 {
            _ = try await client.create(
                .configMaps.inside("default"), configMap("client-chunk-\(number)", labels: ["t": "chunk"]), dryRun: false)
        }
        var pages = 0
        var names: [String] = []
        let query = ListQuery(labelSelector: "t=chunk", limit: 3)
        let take = { (page: ListPage) in
            pages += 1
            #expect(page.kind == "ConfigMap" && page.apiVersion == "v1")
            names += page.items.compactMap { $0["metadata"]?["name"]?.stringValue }
        }
        let version = try await client.list(.configMaps, query, restart: {}, page: take)
        #expect(pages == 3 && names == (0..<7).map { "client-chunk-\($0)" } && Int(version) != nil)

        let metadata = ListQuery(labelSelector: "t=chunk", form: .metadata, limit: 3)
        _ = try await client.list(.configMaps, metadata, restart: {}) { page in
            #expect(page.kind == "PartialObjectMetadata")
            #expect(page.items.allSatisfy { $0["data"] == nil && $0["metadata"]?["name"] != nil })
        }
        _ = try await client.list(.configMaps, ListQuery(labelSelector: "t=chunk", form: .table, limit: 3), restart: {}) { page in
            #expect(page.kind == "Table" && page.columns.first?["name"] == "Name")
            #expect(page.items.allSatisfy { $0["cells"]?[0] == $0["object"]?["metadata"]?["name"] })
        }
        for name in names { try await client.delete(path(name)) }
    }

    @Test func `a watch tells what comes, changes and goes, in either form`() async throws {
        for form in [ListQuery.Form.full, .metadata] {
            let query = ListQuery(labelSelector: "t=watch", form: form)
            let version = try await client.list(.configMaps, query, restart: {}, page: { _ in })
            let watching = Task {
                var seen: [String] = []
                for try await event in client.watch(.configMaps, query, from: version) {
                    switch event {
                    case .added(let object): seen.append("+\(object["kind"]?.stringValue ?? "") \(object["data"]?["a"]?.stringValue ?? "")")
                    case .modified(let object): seen.append("~ \(object["data"]?["a"]?.stringValue ?? "")")
                    case .deleted: seen.append("-")
                    case .bookmark: break
                    }
                    if seen.last == "-" { break }
                }
                return seen
            }
            let place = path("client-watch")
            _ = try await client.create(.configMaps.inside("default"), configMap("client-watch", labels: ["t": "watch"]), dryRun: false)
            _ = try await client.patch(place, .merge, ["data": ["a": "ü\u{2028}"]])
            try await client.delete(place)
            let seen = try await watching.value
            #expect(seen == (form == .full ? ["+ConfigMap 1", "~ ü\u{2028}", "-"] : ["+PartialObjectMetadata ", "~ ", "-"]))
        }
    }

    @Test func `a deprecated version's warning is told once`() async throws {
        let definition = """
            apiVersion: apiextensions.k8s.io/v1
            kind: CustomResourceDefinition
            metadata: {name: olds.client.egt.test}
            spec:
              group: client.egt.test
              names: {kind: Old, plural: olds}
              scope: Cluster
              versions:
              - {name: v1, served: true, storage: true, deprecated: true, deprecationWarning: 'use "new", not old', schema: {openAPIV3Schema: {type: object}}}
            """
        try server.apply(definition)
        defer { try? server.delete(definition) }
        let warnings = Heard()
        let client = KubeClient(try .test(server), warnings: warnings)
        let olds = ResourcePath("client.egt.test", "v1", "olds")
        for _ in 0..<100 {
            if await apiError({ try await client.items(olds) }) == nil { break }
            try await Task.sleep(for: .milliseconds(50))
        }
        _ = try await client.items(olds)
        #expect(warnings.texts == [#"use "new", not old"#])
    }

    @Test func `many watches share one connection over HTTP/2, and a slow reader stops none of them`() async throws {
        let version = try await client.list(.configMaps, ListQuery(), restart: {}, page: { _ in })
        let filler = String(repeating: "x", count: 50_000)
        let slow = client.watch(.configMaps, ListQuery(labelSelector: "t=mux"), from: version).makeAsyncIterator()
        let counts = try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<20 {
                group.addTask { [client] in
                    var count = 0
                    for try await event in client.watch(.configMaps, ListQuery(labelSelector: "t=mux"), from: version) {
                        if case .bookmark = event { continue }
                        count += 1
                        if count == 40 { break }
                    }
                    return count
                }
            }
            _ = try await client.create(.configMaps.inside("default"), configMap("client-mux", labels: ["t": "mux"]), dryRun: false)
            for number in 0..<39 {
                _ = try await client.patch(path("client-mux"), .merge, ["data": ["a": .string("\(number)"), "f": .string(filler)]])
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(counts == Array(repeating: 40, count: 20))
        var late = 0
        var iterator = slow
        while late < 40, let event = try await iterator.next() { if case .bookmark = event { continue } else { late += 1 } }
        #expect(late == 40)
        try await client.delete(path("client-mux"))
        let connections = try Command.run(["ss", "-Htnp", "state", "established", "dst", String(server.url.dropFirst("https://".count))])
        let ours = connections.split(separator: "\n").filter { $0.contains("pid=\(ownProcess),") }
        #expect(ours.count <= 4, "\(connections)")
    }
}
