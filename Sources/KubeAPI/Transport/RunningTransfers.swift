import CCurl

/// What the thread knows: the transfers that run, and their handles. Used on that thread alone.
struct RunningTransfers {
    private let multi: Multi
    private var transfers: [ObjectIdentifier: EasyTransfer] = [:]

    init(_ multi: Multi) {
        self.multi = multi
        _ = egress_curl_multi_set_long(multi.handle, CURLMOPT_PIPELINING, Int(CURLPIPE_MULTIPLEX))
    }

    mutating func carryOut(_ command: TransferLoop.Command) {
        switch command {
        case .start(let transfer): start(transfer)
        case .cancel(let transfer): end(ObjectIdentifier(transfer), .failure(.cancelled))
        case .resume(let transfer): if let easy = transfers[ObjectIdentifier(transfer)] { curl_easy_pause(easy.handle, CURLPAUSE_CONT) }
        }
    }

    /// Moves bytes until there is nothing to move and waits for more, or for a command.
    mutating func perform() {
        var count: Int32 = 0
        curl_multi_perform(multi.handle, &count)
        collect()
        // libcurl waits no longer than its own timers say.
        curl_multi_poll(multi.handle, nil, 0, 60_000, nil)
    }

    mutating func endAll() {
        for key in Array(transfers.keys) { end(key, .failure(.cancelled)) }
    }

    private mutating func start(_ transfer: Transfer) {
        guard !transfer.hasEnded else { return }
        let easy: EasyTransfer
        do throws(TransportFailure) {
            easy = try EasyTransfer(transfer)
        } catch {
            return transfer.finish(.failure(error))
        }
        guard curl_multi_add_handle(multi.handle, easy.handle) == CURLM_OK else {
            return transfer.finish(.failure(TransportFailure(kind: .other, message: "libcurl takes no more transfers")))
        }
        transfers[ObjectIdentifier(transfer)] = easy
    }

    private mutating func end(_ key: ObjectIdentifier, _ result: Result<Void, TransportFailure>) {
        guard let easy = transfers.removeValue(forKey: key) else { return }
        curl_multi_remove_handle(multi.handle, easy.handle)
        easy.transfer.finish(result)
    }

    private mutating func collect() {
        var left: Int32 = 0
        while let message = curl_multi_info_read(multi.handle, &left) {
            guard message.pointee.msg == CURLMSG_DONE, let handle = message.pointee.easy_handle else { continue }
            let code = message.pointee.data.result
            guard let easy = EasyTransfer.find(handle) else { continue }
            end(ObjectIdentifier(easy.transfer), code == CURLE_OK ? .success(()) : .failure(easy.failure(code)))
        }
    }
}
