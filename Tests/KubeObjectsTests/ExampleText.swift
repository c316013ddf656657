import FoundationEssentials

/// The text of `deploy/examples/egress-sample.yaml`.
func exampleText(file: String = #filePath) throws -> String {
    let root = file.split(separator: "/", omittingEmptySubsequences: false).dropLast(3).joined(separator: "/")
    return try String(contentsOf: URL(filePath: root + "/deploy/examples/egress-sample.yaml"), encoding: .utf8)
}
