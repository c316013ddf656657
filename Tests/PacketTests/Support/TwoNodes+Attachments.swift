import BPFDatapath
import EgressModel
import EgressPlan
import TestKit

extension TwoNodes {
    /// What is attached on the gateway and on the pod's node.
    func attachments() throws -> [(namespace: Namespace, datapath: BPFDatapath, places: [Attachment])] {
        let veth = try node.index("pod0")
        return [
            (
                gateway, gatewayPath,
                [
                    Attachment(program: .tunnel, interfaceIndex: try gateway.index("egw0")),
                    Attachment(program: .uplink, interfaceIndex: try gateway.index("ext0")),
                ]
            ),
            (
                node, nodePath,
                [Attachment(program: .podIn, interfaceIndex: veth), Attachment(program: .pod, interfaceIndex: veth)]
                    + (node === gateway ? [] : [Attachment(program: .tunnel, interfaceIndex: try node.index("egw0"))])
            ),
        ]
    }

    func attachAll() throws { try forEach { try $0.execute(.attach($1)) } }
    func detachAll() throws { try forEach { try $0.execute(.detach($1)) } }

    private func forEach(_ body: (BPFDatapath, Attachment) throws -> Void) throws {
        for (namespace, datapath, places) in try attachments() {
            try namespace.inside { for place in places { try body(datapath, place) } }
        }
    }

    /// A connection of the pod with some words both ways; returns who the server saw.
    func talk(port: UInt16) throws -> IPAddress {
        let connection = try open(port: port)
        try connection.exchange()
        return connection.peer
    }

    func open(port: UInt16) throws -> JoinedSockets {
        let listener = try world.inside { try Socket.tcp() }
        try listener.bind(Role.server, port)
        try listener.listen()
        let client = try pod.inside { try Socket.tcp() }
        try client.connect(Role.server, port)
        let (server, peer) = try listener.accept()
        return JoinedSockets(client: client, server: server, peer: peer)
    }
}

struct JoinedSockets {
    let client: Socket
    let server: Socket
    let peer: IPAddress

    func exchange() throws {
        let words = Array("over and out".utf8)
        try client.send(words)
        guard try server.receive(exactly: words.count) == words else { throw TestKitError("other octets arrived") }
        try server.send(words)
        guard try client.receive(exactly: words.count) == words else { throw TestKitError("other octets came back") }
    }
}
