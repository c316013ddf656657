import EgressModel
import EgressPorts
import JSONText
import KubeObjects

/// What a credential plugin printed: an `ExecCredential` with a status.
struct ExecAnswer: Sendable, Hashable, CustomStringConvertible, CustomReflectable {
    var credential: Credential
    /// Since 1970, in seconds; `nil`: until the server refuses it.
    var expiry: Double?

    /// Why an answer can't be used, in client-go's words; nothing of the answer's values is in it.
    struct Fault: Error, Hashable {
        var message: String
    }

    /// - Parameter apiVersion: the configured one, which the answer must have too.
    init(parsing output: [UInt8], apiVersion: String) throws(Fault) {
        let root = try Self.value(output)
        guard root.isNull || root.objectValue != nil else {
            throw Fault(
                message: "decoding stdout: couldn't get version/kind; json parse error: json: cannot unmarshal \(ConfigFields.word(root))")
        }
        let object = root.objectValue ?? JSONObject()
        try Self.checkVersion(object, apiVersion)
        let fields = ConfigFields(object, structure: "ExecCredential")
        do throws(KubeconfigFault) {
            guard let status = try fields.object("status", "ExecCredentialStatus") else {
                throw KubeconfigFault(message: "exec plugin didn't return a status field")
            }
            (credential, expiry) = try Self.read(status)
        } catch {
            throw Fault(message: error.message.hasPrefix("json: ") ? "decoding stdout: \(error.message)" : error.message)
        }
    }

    func isExpired(at now: Double) -> Bool { expiry.map { now > $0 } ?? false }

    private static func value(_ output: [UInt8]) throws(Fault) -> JSONValue {
        if let value = try? JSONValue(parsing: output) { return value }
        guard let text = String(validating: output, as: UTF8.self) else { throw Fault(message: "decoding stdout: not UTF-8") }
        do throws(YAMLError) {
            return try looseYAMLValue(text, file: "stdout")
        } catch {
            // Neither JSON nor YAML: the text itself isn't told, for it may hold half a token.
            throw Fault(message: "decoding stdout: yaml: \(error.message)")
        }
    }

    private static func checkVersion(_ object: JSONObject, _ configured: String) throws(Fault) {
        let kind = object["kind"]?.stringValue ?? ""
        // What names no version has the internal one, for client-go.
        let version = object["apiVersion"]?.stringValue ?? "client.authentication.k8s.io/__internal"
        guard kind.isEmpty || kind == "ExecCredential",
            [KubeconfigExec.v1, KubeconfigExec.v1beta1, "client.authentication.k8s.io/__internal"].contains(version)
        else {
            throw Fault(message: "decoding stdout: no kind \"\(plain(kind))\" is registered for version \"\(plain(version))\"")
        }
        guard version == configured else {
            throw Fault(message: "exec plugin is configured to use API version \(configured), plugin returned version \(version)")
        }
    }

    private static func read(_ status: ConfigFields) throws(KubeconfigFault) -> (Credential, Double?) {
        let certificate = try status.string("clientCertificateData")
        let key = try status.string("clientKeyData")
        let timestamp = try status.string("expirationTimestamp")
        let token = try status.string("token")
        let expiry = RFC3339.moment(timestamp).map { Double($0.seconds) + $0.fraction }
        guard timestamp.isEmpty || expiry != nil else {
            throw KubeconfigFault(message: "decoding stdout: parsing time \"\(plain(timestamp))\" as \"2006-01-02T15:04:05Z07:00\"")
        }
        guard !token.isEmpty || !certificate.isEmpty || !key.isEmpty else {
            throw KubeconfigFault(message: "exec plugin didn't return a token or cert/key pair")
        }
        guard certificate.isEmpty == key.isEmpty else {
            throw KubeconfigFault(message: "exec plugin returned only certificate or key, not both")
        }
        var credential = Credential()
        if !token.isEmpty {
            guard (try? HeaderText.check(token, of: "Authorization")) != nil else {
                throw KubeconfigFault(message: "exec plugin returned a token with control characters")
            }
            credential.authorization = "Bearer \(token)"
        }
        if !certificate.isEmpty {
            (credential.clientCertificate, credential.clientKey) = (Array(certificate.utf8), Array(key.utf8))
            if let problem = KeyPair.problem(certificate: Array(certificate.utf8), key: Array(key.utf8)) {
                throw KubeconfigFault(message: "failed parsing client key/certificate: \(problem)")
            }
        }
        return (credential, expiry)
    }

    /// Short, and without what could move a cursor.
    private static func plain(_ text: String) -> String { TerminalText.clean(String(text.prefix(80))) }

    var description: String { "ExecAnswer(\(credential))" }
    var customMirror: Mirror { Mirror(self, children: [:]) }
}
