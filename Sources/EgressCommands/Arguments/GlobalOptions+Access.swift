import EgressPorts

extension GlobalOptions {
    /// How these options reach an API; the kubeconfig says the rest. Throws in kubectl's words.
    func access(variables: [String: String]) throws(CommandError) -> ClusterAccess {
        var access = ClusterAccess()
        access.kubeconfig = kubeconfig
        access.context = context
        access.cluster = cluster
        access.user = user
        access.namespace = namespace.flatMap { $0.isEmpty ? nil : $0 }
        access.server = server
        access.token = token
        access.username = username
        access.password = password
        access.impersonatedUser = `as`
        access.impersonatedGroups = asGroup
        access.impersonatedUID = asUid
        access.impersonatedExtra = try extras()
        access.requestTimeout = try timeout()
        access.isInsecure = insecureSkipTlsVerify
        access.certificateAuthority = certificateAuthority
        access.clientCertificate = clientCertificate
        access.clientKey = clientKey
        access.tlsServerName = tlsServerName
        access.proxyURL = proxyUrl
        access.isCompressionDisabled = disableCompression
        access.variables = variables
        access.verbosity = try verbosityLevel()
        return access
    }

    /// `-v`, from 0.
    func verbosityLevel() throws(CommandError) -> Int {
        guard let level = Int(verbosity) else {
            throw .usage(
                "invalid argument \"\(plainText(verbosity))\" for \"-v, --v\" flag: strconv.ParseInt: parsing \"\(plainText(verbosity))\": "
                    + "invalid syntax", of: CommandName.program)
        }
        return max(0, level)
    }

    /// As client-go reads it: seconds, or a duration; nothing is no limit.
    private func timeout() throws(CommandError) -> Double {
        if requestTimeout.isEmpty { return 0 }
        guard let seconds = seconds(fromDuration: requestTimeout) else {
            throw CommandError(
                "Invalid timeout value. Timeout must be a single integer in seconds, or an integer followed by a corresponding time unit "
                    + "(e.g. 1s | 2m | 3h)")
        }
        return seconds
    }

    private func extras() throws(CommandError) -> [String: [String]] {
        var extras: [String: [String]] = [:]
        for text in asUserExtra {
            let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            guard parts.count == 2, let key = parts.first, let value = parts.last, !key.isEmpty else {
                throw .usage(
                    "invalid argument \"\(plainText(text))\" for \"--as-user-extra\" flag: \(plainText(text)) must be formatted as key=value",
                    of: CommandName.program)
            }
            extras[key, default: []].append(value)
        }
        return extras
    }
}
