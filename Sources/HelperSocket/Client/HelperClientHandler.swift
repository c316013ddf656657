import EgressPlan
import EgressWire
import NIOCore

/// Bytes from the helper to replies.
final class HelperClientHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let calls: PendingCalls
    private let path: String
    private var lines = LineSplitter(limit: WireLimits.answerLine)

    init(calls: PendingCalls, path: String) {
        self.calls = calls
        self.path = path
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        lines.append(unwrapInboundIn(data).readableBytesView)
        do {
            while let line = try lines.next() {
                if let reply = try HelperReply.reading(line: line) { calls.deliver(reply) }
            }
        } catch {
            calls.failAll(error as? HelperError ?? .badAnswer("a line is longer than \(WireLimits.answerLine) bytes"))
            context.close(promise: nil)
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        calls.failAll(.connectionEnded(path))
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // An answer that is already in the socket is still read: the helper says why before it closes.
        if (error as? IOError)?.isBrokenPipe != true { context.close(promise: nil) }
    }
}
