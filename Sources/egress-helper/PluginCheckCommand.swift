import ArgumentParser
import Glibc
import PluginHost

struct PluginCheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plugin-check", abstract: "Try a strategy module against what egress_plugin.h asks of it, and say what is wrong.",
        discussion: """
            Ends with 0 when nothing is wrong, with 1 when something is, with 64 when it can't check. Needs no rights; as root
            it tries the module with as few of them as the helper gives it.

              egress-helper plugin-check ./my-module.so
              egress-helper plugin-check ./my-module.so '{"ipv4": ["198.51.100.7"]}'
              egress-helper plugin-check ./my-module.so @config.json --request @request.json -o json
            """)

    @Argument(help: "Path of the module.")
    var module: String
    @Argument(help: "A configuration that it takes: a JSON object, or @FILE.")
    var config = "{}"
    @Option(help: "A request that it answers: a JSON object, or @FILE. Without one, a node that is made up asks.")
    var request: String?
    @Option(name: .shortAndLong, help: "text or json.")
    var output = CheckOutput.text

    func run() throws {
        let report: PluginCheckReport
        do {
            report = try PluginCheck(
                executable: try ownExecutable(), module: module, config: try text(config), request: try request.map(text)
            ).run()
        } catch let misused as PluginCheck.Misused {
            throw ValidationError(misused.description)
        }
        print(output == .json ? report.json() : report.text(), terminator: "")
        if !report.hasPassed { throw ExitCode(1) }
    }

    /// `@FILE` as the file's content.
    private func text(_ argument: String) throws -> String {
        guard argument.hasPrefix("@") else { return argument }
        let path = String(argument.dropFirst())
        guard let file = fopen(path, "re") else { throw ValidationError("\(path) can't be read: \(String(cString: strerror(errno)))") }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        while bytes.count <= 1 << 20 {
            let count = fread(&buffer, 1, buffer.count, file)
            guard count > 0 else { break }
            bytes += buffer[..<count]
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Modules are tried in processes of this program.
    private func ownExecutable() throws -> String {
        guard let path = realpath("/proc/self/exe", nil) else { throw ValidationError("can't read /proc/self/exe: is /proc mounted?") }
        defer { free(path) }
        return String(cString: path)
    }
}

enum CheckOutput: String, ExpressibleByArgument, CaseIterable {
    case text
    case json
}

struct PluginProbeCommand: ParsableCommand {
    static let name = "plugin-probe"
    static let configuration = CommandConfiguration(
        commandName: name, abstract: "Make one check of plugin-check; started by it, with a socket as descriptor 3.", shouldDisplay: false)

    @Argument(help: "Absolute path of the module.")
    var module: String

    func run() throws {
        throw ExitCode(pluginProbeMain(module: module))
    }
}
