import EgressModel
import EgressPolicy

extension CiliumVersion {
    static let asCiliumHelp = "Say what this release of Cilium does with the same manifests where it differs: 1.12 to 1.20."

    /// `--as-cilium` as typed.
    init(asked text: String) throws(CommandError) {
        guard let version = CiliumVersion(text) else {
            throw CommandError(
                "--as-cilium \(plainText(text)): that release of Cilium isn't known here",
                hints: ["known are: \(Self.known.joined(separator: ", ")); a patch may follow, such as 1.20.1"])
        }
        self = version
    }
}

extension CommandEnvironment {
    /// Where Cilium itself runs the policies, what it does is another question, and there is a flag for it.
    func noteCiliumInCharge(_ snapshot: ClusterSnapshot, asked: CiliumVersion?) {
        guard let owner = snapshot.ciliumEgressGateway, asked == nil else { return }
        let line = "note: Cilium's own egress gateway is on (\(owner)); --as-cilium VERSION says where it does otherwise"
        if notes.take(line) { note(line) }
    }
}
