import ArgumentParser
import EgressModel
import EgressPolicy

struct ExplainIPCommand: RunnableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ip",
        abstract: "Say who leaves by an address, and what the address is in the cluster.",
        discussion: """
            # Whose connections does a server outside see from this address?
            kubectl egress explain ip 203.0.113.100

            # IPv6 as it is
            kubectl egress explain ip 2001:db8::100 -o json
            """,
        aliases: ["address", "addr"])

    @OptionGroup(title: GlobalOptions.sectionTitle) var global: GlobalOptions
    @Option(
        name: .shortAndLong, help: OutputFormat.help(.json, .yaml, .wide, .name),
        completion: OutputFormat.completion(.json, .yaml, .wide, .name))
    var output: String?
    @Argument(help: ArgumentHelp("", valueName: "ADDRESS")) var addresses: [String] = []

    func run(in environment: CommandEnvironment) async throws -> Int32 {
        let format = try OutputFormat(output, allowed: [.json, .yaml, .wide, .name])
        guard let text = addresses.first, addresses.count == 1 else {
            throw CommandError.usage("explain ip takes one address, \(addresses.count) were given", of: "kubectl egress explain ip")
        }
        let address = try Self.address(text)
        let cluster = try environment.cluster(global)
        let snapshot = try await environment.snapshot(of: cluster)
        let effective = environment.effectivePolicy(of: snapshot)
        let use = AddressUse(of: address, in: effective, services: snapshot.services)
        try environment.render(AddressUseReport(use: use, effective: effective, snapshot: snapshot), as: format)
        return 0
    }

    private static func address(_ text: String) throws(CommandError) -> IPAddress {
        let bare = text.hasPrefix("[") && text.hasSuffix("]") ? String(text.dropFirst().dropLast()) : text
        if let address = IPAddress(bare) { return address }
        if let prefix = IPPrefix(bare) {
            guard prefix.length != prefix.family.bitWidth else { return prefix.address }
            throw CommandError("\(plainText(text)) is a range", hints: ["name one address, such as \(prefix.address)"])
        }
        throw CommandError("\"\(plainText(text))\" is not an IP address", hints: ["such as 203.0.113.100 or 2001:db8::100"])
    }
}
