// SPDX-License-Identifier: Apache-2.0
import Glibc

/// What can be said about a module's file before any of it runs.
enum FileChecks {
    static func file(_ path: String) -> PluginCheckReport.Result {
        func failed(_ what: String, _ advice: String) -> PluginCheckReport.Result {
            .init(check: .file, verdict: .fail, findings: [ConformanceFinding(what: what, advice: advice)])
        }
        do throws(SharedObject.Unreadable) {
            let object = try SharedObject(path: path)
            guard object.machine == SharedObject.ownMachine else {
                return failed("\(path) is for another machine (ELF machine \(object.machine))", "compile it for this one")
            }
        } catch {
            return failed("\(path) \(error.reason)", "give the path of a module, a shared object: cc -shared -fPIC …")
        }
        return .init(check: .file, verdict: .pass)
    }

    static func place(_ path: String) -> PluginCheckReport.Result {
        var findings: [ConformanceFinding] = []
        do throws(Untrusted) {
            _ = try ModuleFile(checking: path)
        } catch {
            findings.append(
                ConformanceFinding(
                    what: "the helper would not load it from here: \(error.reason)",
                    advice: "as long as you build it, nothing; to use it, install it root-owned into a folder that only root can write"))
        }
        if !isReadableByAll(path) {
            findings.append(
                ConformanceFinding(
                    what: "the helper would not load it from here: it does so as the user nobody, who can't read \(path)",
                    advice: "as long as you build it, nothing; to use it: chmod go+r on the file, go+x on its folders"))
        }
        return .init(check: .place, verdict: findings.isEmpty ? .pass : .warn, findings: findings)
    }

    static func symbols(_ path: String) -> PluginCheckReport.Result {
        let entry = "egress_plugin_v1"
        let names = (try? SharedObject(path: path))?.exports ?? []
        var findings: [ConformanceFinding] = []
        if !names.contains(entry) {
            findings.append(
                ConformanceFinding(
                    what: "doesn't export \(entry)",
                    advice: "define it with __attribute__((visibility(\"default\"))), in C++ as extern \"C\""))
        }
        let others = names.filter { $0 != entry }
        if !others.isEmpty {
            let some = others.prefix(5).joined(separator: ", ") + (others.count > 5 ? " and \(others.count - 5) more" : "")
            findings.append(
                ConformanceFinding(
                    what: "exports more than \(entry): \(some)",
                    advice:
                        "compile with -fvisibility=hidden; C++ and Swift also link with a version script: { global: \(entry); local: *; };")
            )
        }
        return .init(check: .symbols, verdict: findings.isEmpty ? .pass : .fail, findings: findings)
    }

    /// Whether a user without any rights can open the file.
    static func isReadableByAll(_ path: String) -> Bool {
        var status = stat()
        guard stat(path, &status) == 0, status.st_mode & S_IROTH != 0 else { return false }
        var folder = path
        while let slash = folder.lastIndex(of: "/"), folder != "/" {
            folder = slash == folder.startIndex ? "/" : String(folder[..<slash])
            guard stat(folder, &status) == 0, status.st_mode & S_IXOTH != 0 else { return false }
        }
        return true
    }
}
