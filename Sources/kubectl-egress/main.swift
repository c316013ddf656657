import ClusterFolder
import EgressCommands
import Glibc
import HelperSocket

// A reader of our output that goes away is an error of write(2), not the end without a word.
signal(SIGPIPE, SIG_IGN)

let environment = CommandEnvironment.ofProcess(
    openCluster: { ClusterFolder(path: $0) }, openHelper: { try await HelperClient.connect(path: $0) })

exit(await EgressProgram.run(CommandLine.arguments, in: environment))
