import EgressPorts

/// Which files make the kubeconfig, and what they say together (client-go's `ClientConfigLoadingRules`).
struct KubeconfigFiles: Sendable, Hashable {
    /// `--kubeconfig`: this file and no other, and it must be there.
    var explicit: String?
    /// Otherwise these, in order; the missing are skipped.
    var listed: [String]
    /// Where `listed` is from.
    var source: Source

    enum Source: Sendable, Hashable {
        case flag, variable, home
    }

    init(_ access: ClusterAccess) {
        if let path = access.kubeconfig, !path.isEmpty {
            (explicit, listed, source) = (path, [path], .flag)
        } else if let list = access.variables["KUBECONFIG"], !list.isEmpty {
            var seen: Set<String> = []
            let paths = list.split(separator: ":").map(String.init).filter { seen.insert($0).inserted }
            (listed, source) = (paths, .variable)
        } else {
            let home = access.variables["HOME"] ?? ""
            (listed, source) = ([FilePath.clean(home.isEmpty ? ".kube/config" : "\(home)/.kube/config")], .home)
        }
    }

    /// Everything they say, paths made absolute. Every file that can't be read is told of.
    func load() throws(ClusterError) -> Kubeconfig {
        if let explicit {
            do throws(LocalFile.Failure) {
                try LocalFile.checkExists(explicit)
            } catch {
                throw ClusterError(error.message)
            }
        }
        var merged = Kubeconfig()
        var faults: [String] = []
        for path in listed {
            do throws(KubeconfigFault) {
                if let config = try Self.read(path) { merged.add(config) }
            } catch {
                faults.append("error loading config file \"\(path)\": \(error.message)")
            }
        }
        // Of several, kubectl prints the bare lines.
        guard faults.isEmpty else {
            throw ClusterError(faults.joined(separator: "\n"), voice: faults.count > 1 ? .verbatim : .ours)
        }
        return merged
    }

    /// `nil` when it isn't there.
    private static func read(_ path: String) throws(KubeconfigFault) -> Kubeconfig? {
        let bytes: [UInt8]
        do throws(LocalFile.Failure) {
            bytes = try LocalFile.read(path)
        } catch {
            if error.isMissing { return nil }
            throw KubeconfigFault(message: error.message)
        }
        var config = try Kubeconfig(parsing: bytes, file: path)
        config.resolvePaths(against: FilePath.directory(of: path))
        return config
    }
}

extension Kubeconfig {
    /// A relative path is relative to the file that says it; a plugin's command only where it has a separator, for
    /// otherwise PATH finds it.
    mutating func resolvePaths(against directory: String) {
        for (name, cluster) in clusters {
            clusters[name]?.authorityFile = FilePath.resolve(cluster.authorityFile, against: directory)
        }
        for (name, var user) in users {
            user.certificateFile = FilePath.resolve(user.certificateFile, against: directory)
            user.keyFile = FilePath.resolve(user.keyFile, against: directory)
            user.tokenFile = FilePath.resolve(user.tokenFile, against: directory)
            if let command = user.exec?.command, command.contains("/") {
                user.exec?.command = FilePath.resolve(command, against: directory)
            }
            users[name] = user
        }
    }
}
