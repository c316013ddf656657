import EgressPorts
import JSONText
import KubeObjects
import TestKit
import Testing

@testable import KubeAPI

/// The same files and flags to the real `kubectl config view` and to us.
@Suite(.requires(.api)) struct KubeconfigMatrixTests {
    private let folder: ScratchFolder

    init() throws {
        folder = try ScratchFolder()
        for (name, text) in KubeconfigSamples.files { try folder.write(name, text) }
    }

    @Test(arguments: KubeconfigSamples.lists)
    func `merged files say what they say to kubectl`(_ list: String) throws {
        let paths = list.split(separator: ":", omittingEmptySubsequences: false).map { $0.isEmpty ? "" : "\(folder.path)/\($0)" }
        let oracle = KubectlOracle(arguments: ["KUBECONFIG=\(paths.joined(separator: ":"))"], home: folder.path)
        let theirs = try oracle.json(["config", "view", "--raw", "--flatten", "-o", "json"])
        let ours = try KubeconfigFiles(oracle.access).load()
        #expect(ours.currentContext == theirs["current-context"]?.stringValue ?? "")
        #expect(try described(ours) == described(theirs))
        #expect(kubeconfigNames(oracle.access).contexts == names(theirs["contexts"]))
        #expect(kubeconfigNames(oracle.access).clusters == names(theirs["clusters"]))
        #expect(kubeconfigNames(oracle.access).users == names(theirs["users"]))
    }

    @Test(arguments: KubeconfigSamples.selections)
    func `a selection reaches the server that it reaches with kubectl`(_ words: [String]) async throws {
        let oracle = KubectlOracle(arguments: words.map { $0.replacing("DIR", with: folder.path) }, home: folder.path)
        let theirs = try oracle.json(["config", "view", "--raw", "--flatten", "--minify", "-o", "json"])
        let ours = try APIConnection.resolve(oracle.access, podFolder: "/nonexistent")
        let cluster = theirs["clusters"]?[0]?["cluster"]
        let user = theirs["users"]?[0]?["user"]
        #expect(ours.server == cluster?["server"]?.stringValue)
        #expect(ours.tlsServerName == cluster?["tls-server-name"]?.stringValue)
        #expect(ours.isCompressionDisabled == cluster?["disable-compression"]?.boolValue ?? false)
        #expect(ours.namespace == theirs["contexts"]?[0]?["context"]?["namespace"]?.stringValue ?? "default")
        #expect(try bytes(ours.authority) == Base64.decode(cluster?["certificate-authority-data"]?.stringValue ?? ""))
        #expect((ours.authority == .unchecked) == (cluster?["insecure-skip-tls-verify"]?.boolValue ?? false))
        let credential = try await ours.credentials.credential()
        #expect(credential.clientCertificate ?? [] == (try Base64.decode(user?["client-certificate-data"]?.stringValue ?? "")))
        #expect(credential.clientKey ?? [] == (try Base64.decode(user?["client-key-data"]?.stringValue ?? "")))
        #expect(credential.authorization == authorization(user))
        #expect(ours.impersonation.first { $0.name == "Impersonate-User" }?.value == user?["as"]?.stringValue)
    }

    private func authorization(_ user: JSONValue?) -> String? {
        if let file = user?["tokenFile"]?.stringValue {
            return "Bearer " + folder.text(file.hasPrefix("/") ? String(file.dropFirst(folder.path.count + 1)) : file).trimmed
        }
        if let name = user?["username"]?.stringValue {
            return "Basic " + Base64.encode(Array("\(name):\(user?["password"]?.stringValue ?? "")".utf8))
        }
        return user?["token"]?.stringValue.map { "Bearer \($0)" }
    }

    private func bytes(_ authority: APIConnection.Authority) throws -> [UInt8] {
        switch authority {
        case .pem(let bytes): bytes
        case .file(let path): try LocalFile.read(path)
        case .system, .unchecked: []
        }
    }

    private func names(_ list: JSONValue?) -> [String] { (list?.arrayValue ?? []).compactMap { $0["name"]?.stringValue } }

    /// Every entry as a line of fields, certificates as data; empty fields left out.
    private func described(_ config: JSONValue) throws -> [String] {
        var lines: [String] = []
        for (list, member) in [("clusters", "cluster"), ("users", "user"), ("contexts", "context")] {
            for entry in config[list]?.arrayValue ?? [] {
                var object = entry[member]?.objectValue ?? JSONObject()
                // Paths that kubectl doesn't inline are as the file says them; where they lead is the other test's.
                object["tokenFile"] = object["tokenFile"].map { _ in "set" }
                object["extensions"] =
                    object["extensions"]?.arrayValue?
                    .first { $0["name"] == "client.authentication.k8s.io/exec" }?["extension"]
                if var exec = object["exec"]?.objectValue {
                    exec["command"] = exec["command"]?.stringValue.map { .string($0.split(separator: "/").last.map(String.init) ?? "") }
                    for key in ["args", "env"] where exec[key]?.arrayValue?.isEmpty ?? true { exec[key] = nil }
                    if exec["provideClusterInfo"] == false { exec["provideClusterInfo"] = nil }
                    object["exec"] = .object(exec)
                }
                if let provider = object["auth-provider"] { object["auth-provider"] = provider["name"] }
                lines.append("\(member) \(entry["name"]?.stringValue ?? ""): \(JSONValue.object(object).text(sorted: true))")
            }
        }
        return lines.sorted()
    }

    private func described(_ config: Kubeconfig) throws -> [String] {
        var lines: [String] = []
        for (name, cluster) in config.clusters {
            var fields = JSONObject()
            fields.put("server", cluster.server)
            fields.put("tls-server-name", cluster.tlsServerName)
            fields.put("proxy-url", cluster.proxyURL)
            fields.put("certificate-authority-data", try inlined(cluster.authorityData, cluster.authorityFile))
            if cluster.isInsecure { fields["insecure-skip-tls-verify"] = true }
            if cluster.isCompressionDisabled { fields["disable-compression"] = true }
            fields["extensions"] = cluster.pluginSettings
            lines.append("cluster \(name): \(JSONValue.object(fields).text(sorted: true))")
        }
        for (name, context) in config.contexts {
            var fields: JSONObject = ["cluster": .string(context.cluster), "user": .string(context.user)]
            fields.put("namespace", context.namespace)
            lines.append("context \(name): \(JSONValue.object(fields).text(sorted: true))")
        }
        for (name, user) in config.users { lines.append("user \(name): \(try described(user))") }
        return lines.sorted()
    }

    private func described(_ user: KubeconfigUser) throws -> String {
        var fields = JSONObject()
        fields.put("token", user.token)
        fields.put("tokenFile", user.tokenFile.isEmpty ? "" : "set")
        fields.put("username", user.username)
        fields.put("password", user.password)
        fields.put("client-certificate-data", try inlined(user.certificateData, user.certificateFile))
        fields.put("client-key-data", try inlined(user.keyData, user.keyFile))
        fields.put("as", user.impersonation.name)
        fields.put("as-uid", user.impersonation.uid)
        if !user.impersonation.groups.isEmpty { fields["as-groups"] = .array(user.impersonation.groups.map { .string($0) }) }
        if !user.impersonation.extra.isEmpty {
            fields["as-user-extra"] = .object(JSONObject(user.impersonation.extra.map { ($0.key, .array($0.value.map { .string($0) })) }))
        }
        fields["auth-provider"] = user.authProvider.map { .string($0) }
        if let exec = user.exec {
            var object: JSONObject = ["command": .string(exec.command.split(separator: "/").last.map(String.init) ?? "")]
            object.put("apiVersion", exec.apiVersion)
            object.put("interactiveMode", exec.interactiveMode)
            object.put("installHint", exec.installHint)
            if !exec.arguments.isEmpty { object["args"] = .array(exec.arguments.map { .string($0) }) }
            if !exec.variables.isEmpty {
                object["env"] = .array(exec.variables.map { ["name": .string($0.name), "value": .string($0.value)] })
            }
            if exec.providesClusterInfo { object["provideClusterInfo"] = true }
            fields["exec"] = .object(object)
        }
        return JSONValue.object(fields).text(sorted: true)
    }

    private func inlined(_ data: [UInt8], _ file: String) throws -> String {
        Base64.encode(file.isEmpty ? data : try LocalFile.read(file))
    }
}

extension JSONObject {
    fileprivate mutating func put(_ key: String, _ text: String) {
        if !text.isEmpty { self[key] = .string(text) }
    }
}
