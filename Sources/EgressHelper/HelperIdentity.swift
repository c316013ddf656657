import EgressModel

/// Which helper this is.
public struct HelperIdentity: Sendable, Hashable {
    /// Of the programs of this repository; all are released together.
    public static let version = ProductVersion.current

    public var node: String

    /// `nil` for what can't be the name of a node (RFC 1123: a subdomain of at most 253 bytes), and so neither part of a path.
    public init?(node: String) {
        guard (1...253).contains(node.utf8.count), node.utf8.allSatisfy(Self.isNameByte), node.first != ".", node.first != "-" else {
            return nil
        }
        self.node = node
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."): true
        default: false
        }
    }
}
