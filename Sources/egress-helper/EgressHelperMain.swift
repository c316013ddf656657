import ArgumentParser
import Glibc
import PluginHost

@main enum EgressHelperMain {
    static func main() async {
        // A module's process gives its privileges up before anything else runs in it.
        if CommandLine.arguments.count == 3, CommandLine.arguments[1] == PluginHostCommand.name {
            exit(pluginHostMain(module: CommandLine.arguments[2]))
        }
        if CommandLine.arguments.count == 3, CommandLine.arguments[1] == PluginProbeCommand.name {
            exit(pluginProbeMain(module: CommandLine.arguments[2]))
        }
        await HelperCommand.main()
    }
}
