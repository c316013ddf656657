/// Sends requests over connections that it keeps, several at a time over one where the server speaks HTTP/2.
final class HTTPTransport: Sendable {
    private let loop = TransferLoop()

    /// Starts a request. It ends when its task is cancelled, at its deadline, or with the transport.
    func start(_ request: HTTPRequest) -> Transfer {
        let transfer = Transfer(request, loop: loop)
        loop.start(transfer)
        return transfer
    }

    /// Ends what is under way and closes the connections.
    func close() { loop.stop() }

    deinit { loop.stop() }
}
