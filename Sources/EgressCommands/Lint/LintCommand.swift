import ArgumentParser
import EgressModel
import EgressPolicy
import KubeObjects

struct LintCommand: RunnableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lint",
        abstract: "Check policies in files, without a cluster: every field, and what they say against each other.",
        discussion: """
            # A folder and those below it; the exit code is 1 for errors
            kubectl egress lint -f deploy/ -R

            # What a chart makes, with warnings counting too
            helm template . | kubectl egress lint -f - --warnings-as-errors

            # For a pipeline: GitHub's annotations, GitLab's test report, code scanning
            kubectl egress lint -f deploy/ -o github
            kubectl egress lint -f deploy/ -o junit > lint.xml
            kubectl egress lint -f deploy/ -o sarif > lint.sarif
            """)

    @OptionGroup(title: GlobalOptions.sectionTitle) var global: GlobalOptions
    @Option(
        name: [.customShort("f"), .customLong("filename")],
        help: "A manifest, a folder of them, or - for standard input; may be given several times.") var filenames: [String] = []
    @Option(name: [.customShort("R"), .long], help: ArgumentHelp("Look into the folders below -f too.", valueName: "[=true]"))
    var recursive: Bool = false
    @Option(
        name: .shortAndLong, help: OutputFormat.help(.json, .yaml, .name, .junit, .sarif, .github),
        completion: OutputFormat.completion(.json, .yaml, .name, .junit, .sarif, .github))
    var output: String?
    @Option(help: ArgumentHelp(CiliumVersion.asCiliumHelp, valueName: "version"), completion: .list(CiliumVersion.known))
    var asCilium: String?

    func run(in environment: CommandEnvironment) async throws -> Int32 {
        let format = try OutputFormat(output, allowed: [.json, .yaml, .name, .junit, .sarif, .github])
        let version = try asCilium.map { text throws(CommandError) in try CiliumVersion(asked: text) }
        if filenames.isEmpty { throw CommandError.usage("must specify -f", of: "kubectl egress lint") }
        if global.snapshot != nil {
            throw CommandError(
                "--snapshot: lint looks at files alone",
                hints: ["what they would change in a cluster: kubectl egress diff -f FILE --snapshot PATH"])
        }
        let files = ManifestFiles(isRecursive: recursive, standardInput: environment.standardInput) { path, why in
            environment.note("note: \(path) is left out, \(why)")
        }
        let reading = try files.read(filenames)
        guard !reading.documents.isEmpty || !reading.findings.isEmpty else {
            throw CommandError("no objects passed to lint", hints: recursive ? [] : ["-R looks into the folders below too"])
        }
        let checks: [LintCheck.Check] = version.map { version in [{ ciliumDifferences($0, version) }] } ?? []
        let report = LintReport(
            reading, findings: LintCheck(reading: reading, checks: checks).findings(), warningsFail: global.warningsAsErrors)
        try environment.render(report, as: format)
        if format == .table { environment.note(report.summary) }
        if !report.hasFailed { return 0 }
        if report.count(.error) == 0 { environment.note("error: warnings count as errors (--warnings-as-errors)") }
        return 1
    }
}

extension LintReport {
    init(_ reading: KubeReading, findings: [Finding], warningsFail: Bool) {
        let items = reading.documents.map {
            Item(object: $0.reference, resourceName: $0.reference.resourceName(apiVersion: $0.apiVersion), file: $0.file)
        }
        var seen: Set<String> = []
        let files = (items.map(\.file) + findings.compactMap { $0.place?.file }).filter { seen.insert($0).inserted }
        self.init(items: items, files: files, findings: findings, warningsFail: warningsFail)
    }
}
