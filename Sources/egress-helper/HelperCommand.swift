import ArgumentParser
import EgressHelper
import EgressPlan
import Glibc
import HelperSocket
import PluginHost

struct HelperCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "egress-helper",
        abstract: "The node's half of kubectl-egress that holds the kernel: programs, maps, interfaces and strategy modules.",
        subcommands: [
            RunCommand.self, IPCCommand.self, PluginCheckCommand.self, PluginHostCommand.self, PluginProbeCommand.self, VersionCommand.self,
        ])
}

struct IPCCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ipc", abstract: "Join standard input and output to the helper's socket, for reading only.",
        discussion: "Speaks the JSON lines of docs/protocol. What changes something is answered with `forbidden`.")

    @OptionGroup var socket: SocketOption

    func run() throws {
        try HelperRelay(path: socket.path).run(input: STDIN_FILENO, output: STDOUT_FILENO)
    }
}

struct PluginHostCommand: ParsableCommand {
    static let name = "plugin-host"
    static let configuration = CommandConfiguration(
        commandName: name, abstract: "Hold one strategy module; started by the helper itself, with a socket as descriptor 3.")

    @Argument(help: "Absolute path of the module.")
    var module: String

    func run() throws {
        throw ExitCode(pluginHostMain(module: module))
    }
}

struct VersionCommand: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "version", abstract: "Print the helper's version.")

    func run() { print("egress-helper \(HelperIdentity.version)") }
}

struct SocketOption: ParsableArguments {
    @Option(name: .customLong("socket"), help: "The helper's socket. {node} in it stands for the node's name.")
    var path = HelperSocketPath.standard
}
