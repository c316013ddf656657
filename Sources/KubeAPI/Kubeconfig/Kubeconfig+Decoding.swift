import JSONText
import KubeObjects

extension Kubeconfig {
    /// Reads a file's bytes: YAML or JSON, `v1` `Config`, both of which may be left out; nothing at all is fine.
    init(parsing bytes: [UInt8], file: String) throws(KubeconfigFault) {
        let root = try Self.value(bytes, file: file)
        guard !root.isNull else { return }
        guard let object = root.objectValue else {
            throw KubeconfigFault(
                message:
                    "couldn't get version/kind; json parse error: json: cannot unmarshal \(ConfigFields.word(root)) into Go value of type "
                    + #"struct { APIVersion string "json:\"apiVersion,omitempty\""; Kind string "json:\"kind,omitempty\"" }"#)
        }
        let fields = ConfigFields(object, structure: "Config")
        try Self.checkKind(ConfigFields(object, structure: ""))
        // In the order of Go's decoder, which reads members by name: the first mistake is the one that is told.
        for cluster in try fields.list("clusters", "NamedCluster") {
            let value = try KubeconfigCluster(cluster.object("cluster", "Cluster"))
            try Self.insert(value, try cluster.string("name"), into: &clusters, "NamedCluster", "Cluster")
        }
        for context in try fields.list("contexts", "NamedContext") {
            let value = try KubeconfigContext(context.object("context", "Context"))
            try Self.insert(value, try context.string("name"), into: &contexts, "NamedContext", "Context")
        }
        currentContext = try fields.string("current-context")
        for user in try fields.list("users", "NamedAuthInfo") {
            let name = try user.string("name")
            let value = try KubeconfigUser(user.object("user", "AuthInfo"))
            try Self.insert(value, name, into: &users, "NamedAuthInfo", "AuthInfo")
        }
    }

    private static func value(_ bytes: [UInt8], file: String) throws(KubeconfigFault) -> JSONValue {
        let bytes = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? bytes.dropFirst(3) : bytes[...]
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw KubeconfigFault(message: "yaml: invalid leading UTF-8 octet")
        }
        do throws(YAMLError) {
            return try looseYAMLValue(text, file: file)
        } catch {
            throw KubeconfigFault(message: "yaml: \(error.message)")
        }
    }

    private static func checkKind(_ fields: ConfigFields) throws(KubeconfigFault) {
        let (version, kind): (String, String)
        do throws(KubeconfigFault) {
            (version, kind) = (try fields.string("apiVersion"), try fields.string("kind"))
        } catch {
            throw KubeconfigFault(message: "couldn't get version/kind; json parse error: \(error.message)")
        }
        guard version.isEmpty || version == "v1", kind.isEmpty || kind == "Config" else {
            throw KubeconfigFault(
                message: "no kind \"\(kind.isEmpty ? "Config" : kind)\" is registered for version \"\(version.isEmpty ? "v1" : version)\"")
        }
    }

    /// client-go prints both entries here, secrets included; we don't.
    private static func insert<Value>(
        _ value: Value, _ name: String, into values: inout [String: Value], _ list: String, _ element: String
    ) throws(KubeconfigFault) {
        guard values.updateValue(value, forKey: name) == nil else {
            throw KubeconfigFault(
                message: "error converting *[]\(list) into *map[string]*api.\(element): duplicate name \"\(name)\" in list")
        }
    }
}

extension KubeconfigCluster {
    fileprivate init(_ fields: ConfigFields?) throws(KubeconfigFault) {
        guard let fields else { return }
        authorityFile = try fields.string("certificate-authority")
        authorityData = try fields.data("certificate-authority-data")
        isCompressionDisabled = try fields.bool("disable-compression")
        for entry in try fields.list("extensions", "NamedExtension") where try entry.string("name") == Self.pluginExtension {
            pluginSettings = entry.raw("extension")
        }
        isInsecure = try fields.bool("insecure-skip-tls-verify")
        proxyURL = try fields.string("proxy-url")
        server = try fields.string("server")
        tlsServerName = try fields.string("tls-server-name")
    }

    private static let pluginExtension = "client.authentication.k8s.io/exec"
}

extension KubeconfigContext {
    fileprivate init(_ fields: ConfigFields?) throws(KubeconfigFault) {
        guard let fields else { return }
        cluster = try fields.string("cluster")
        namespace = try fields.string("namespace")
        user = try fields.string("user")
    }
}

extension KubeconfigUser {
    fileprivate init(_ fields: ConfigFields?) throws(KubeconfigFault) {
        guard let fields else { return }
        impersonation.name = try fields.string("as")
        impersonation.groups = try fields.strings("as-groups")
        impersonation.uid = try fields.string("as-uid")
        impersonation.extra = try fields.stringLists("as-user-extra")
        authProvider = try fields.object("auth-provider", "AuthProviderConfig")?.string("name")
        certificateFile = try fields.string("client-certificate")
        certificateData = try fields.data("client-certificate-data")
        keyFile = try fields.string("client-key")
        keyData = try fields.data("client-key-data")
        exec = try fields.object("exec", "ExecConfig").map { fields throws(KubeconfigFault) in try KubeconfigExec(fields) }
        password = try fields.string("password")
        token = try fields.string("token")
        tokenFile = try fields.string("tokenFile")
        username = try fields.string("username")
    }
}

extension KubeconfigExec {
    fileprivate init(_ fields: ConfigFields) throws(KubeconfigFault) {
        apiVersion = try fields.string("apiVersion")
        arguments = try fields.strings("args")
        command = try fields.string("command")
        for variable in try fields.list("env", "ExecEnvVar") {
            variables.append(Variable(name: try variable.string("name"), value: try variable.string("value")))
        }
        installHint = try fields.string("installHint")
        interactiveMode = try fields.string("interactiveMode")
        // v1 wants it said; before that it had a default (KEP-541).
        if interactiveMode.isEmpty, apiVersion == Self.v1beta1 || apiVersion.hasSuffix("/v1alpha1") { interactiveMode = "IfAvailable" }
        providesClusterInfo = try fields.bool("provideClusterInfo")
    }
}
