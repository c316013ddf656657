import EgressPorts

/// What client-go finds wrong with an entry before it is used (`clientcmd/validation.go`), in its words.
enum KubeconfigCheck {
    static func faults(of cluster: KubeconfigCluster, named name: String) -> [String] {
        var faults: [String] = []
        if cluster.server.isEmpty, !name.isEmpty { faults.append("no server found for cluster \"\(name)\"") }
        if let problem = ProxyAddress.problem(with: cluster.proxyURL) {
            faults.append("invalid 'proxy-url' \"\(ProxyAddress.withoutSecrets(cluster.proxyURL))\" for cluster \"\(name)\": \(problem)")
        }
        if !cluster.authorityFile.isEmpty {
            if !cluster.authorityData.isEmpty {
                faults.append(
                    "certificate-authority-data and certificate-authority are both specified for \(name). "
                        + "certificate-authority-data will override.")
            }
            faults += unreadable("certificate-authority", cluster.authorityFile, name)
        }
        return faults
    }

    static func faults(of user: KubeconfigUser, named name: String) -> [String] {
        var faults: [String] = []
        if !user.certificateFile.isEmpty || !user.certificateData.isEmpty { faults += certificateFaults(of: user, named: name) }
        if let exec = user.exec { faults += self.faults(of: exec, of: user, named: name) }
        let methods = [user.token.isEmpty ? nil : "token", user.username.isEmpty && user.password.isEmpty ? nil : "basicAuth"].compactMap(
            \.self)
        if methods.count > 1 {
            faults.append(
                "more than one authentication method found for \(name); found [\(methods.joined(separator: " "))], only one is allowed")
        }
        let who = user.impersonation
        if who.name.isEmpty, who != ImpersonatedUser() {
            faults.append("requesting uid, groups or user-extra for \(name) without impersonating a user")
        }
        return faults
    }

    private static func certificateFaults(of user: KubeconfigUser, named name: String) -> [String] {
        var faults: [String] = []
        if !user.certificateFile.isEmpty, !user.certificateData.isEmpty {
            faults.append("client-cert-data and client-cert are both specified for \(name). client-cert-data will override.")
        }
        if !user.keyFile.isEmpty, !user.keyData.isEmpty {
            faults.append("client-key-data and client-key are both specified for \(name); client-key-data will override")
        }
        if user.keyFile.isEmpty, user.keyData.isEmpty {
            faults.append("client-key-data or client-key must be specified for \(name) to use the clientCert authentication method.")
        }
        if !user.certificateFile.isEmpty { faults += unreadable("client-cert", user.certificateFile, name) }
        if !user.keyFile.isEmpty { faults += unreadable("client-key", user.keyFile, name) }
        return faults
    }

    private static func faults(of exec: KubeconfigExec, of user: KubeconfigUser, named name: String) -> [String] {
        let use = "must be specified for \(name) to use exec authentication plugin"
        var faults: [String] = []
        if user.authProvider != nil { faults.append("authProvider cannot be provided in combination with an exec plugin for \(name)") }
        if exec.command.isEmpty { faults.append("command \(use)") }
        if exec.apiVersion.isEmpty { faults.append("apiVersion \(use)") }
        if exec.variables.contains(where: \.name.isEmpty) { faults.append("env variable name \(use)") }
        switch exec.interactiveMode {
        case "": faults.append("interactiveMode \(use)")
        case "Never", "IfAvailable", "Always": break
        default: faults.append("invalid interactiveMode for \(name): \"\(exec.interactiveMode)\"")
        }
        return faults
    }

    private static func unreadable(_ what: String, _ path: String, _ name: String) -> [String] {
        do throws(LocalFile.Failure) {
            try LocalFile.checkReadable(path)
            return []
        } catch {
            return ["unable to read \(what) \(path) for \(name) due to \(error.message)"]
        }
    }
}
