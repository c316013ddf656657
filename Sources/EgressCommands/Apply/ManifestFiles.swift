import EgressModel
import FoundationEssentials
import KubeObjects

/// What `-f` names, read: files, the manifests of folders, standard input.
struct ManifestFiles {
    let isRecursive: Bool
    let standardInput: @Sendable () throws -> [UInt8]
    /// Told of what is left out of folders: kustomize's own files and whole charts, which are no manifests but make them.
    /// `nil`: nothing is, as in kubectl.
    var leftOut: ((_ path: String, _ why: String) -> Void)?

    func read(_ names: [String]) throws -> KubeReading {
        var reading = KubeReading("", file: "")
        for name in names { reading.append(try read(name)) }
        return reading
    }

    private func read(_ name: String) throws -> KubeReading {
        if name == "-" { return KubeReading(try text(try standardInput(), of: "standard input"), file: "STDIN") }
        if name.hasPrefix("http://") || name.hasPrefix("https://") {
            throw CommandError(
                "the URL \(plainText(name)) can't be read by this version",
                hints: ["fetch it first: curl -fsS URL | \(CommandName.program) apply -f -"])
        }
        var isFolder = false
        guard FileManager.default.fileExists(atPath: name, isDirectory: &isFolder) else {
            throw CommandError("the path \"\(plainText(name))\" does not exist")
        }
        guard isFolder else { return try readFile(name) }
        let files = try manifests(in: name)
        guard !files.isEmpty || leftOut != nil else {
            throw CommandError(
                "error reading [\(plainText(name))]: recognized file extensions are [.json .yaml .yml], and no such file is there",
                hints: isRecursive ? [] : ["-R looks into the folders below too"])
        }
        var reading = KubeReading("", file: "")
        for file in files { reading.append(try readFile(file)) }
        return reading
    }

    private func readFile(_ path: String) throws -> KubeReading {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw CommandError("the file \"\(plainText(path))\" can't be read", hints: ["look at its permissions: ls -l"])
        }
        return KubeReading(try text(Array(data), of: path), file: path, format: KubeReading.Format(fileName: path) ?? .automatic)
    }

    private func text(_ bytes: [UInt8], of source: String) throws(CommandError) -> String {
        guard let text = String(validating: bytes, as: UTF8.self) else { throw CommandError("\(plainText(source)): not UTF-8 text") }
        return text
    }

    /// In the order of their names, so that a run says the same twice.
    private func manifests(in folder: String) throws -> [String] {
        let names = try FileManager.default.contentsOfDirectory(atPath: folder).filter { !$0.hasPrefix(".") }.sorted()
        if let leftOut, names.contains("Chart.yaml") {
            leftOut(folder, "a chart: check what it makes, helm template \(folder) | \(CommandName.program) lint -f -")
            return []
        }
        return try names.flatMap { name -> [String] in
            let path = folder.hasSuffix("/") ? folder + name : "\(folder)/\(name)"
            if leftOut != nil, ["kustomization.yaml", "kustomization.yml"].contains(name) { return [] }
            var isFolder = false
            guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else { return [] }
            if isFolder { return isRecursive ? try manifests(in: path) : [] }
            return KubeReading.Format(fileName: name) == nil ? [] : [path]
        }
    }
}
