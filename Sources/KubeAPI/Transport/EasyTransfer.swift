import CCurl

/// libcurl's side of one transfer: its handle, and the lists that must live as long as it. Used on the loop's thread alone.
final class EasyTransfer {
    let transfer: Transfer
    let handle: UnsafeMutableRawPointer
    private var lists: [UnsafeMutablePointer<curl_slist>] = []
    private let errorText = UnsafeMutablePointer<CChar>.allocate(capacity: Int(CURL_ERROR_SIZE))
    /// The head as it comes in.
    private var head = HTTPHead(status: 0)
    private var isHeadComplete = false
    /// libcurl only says that a callback refused.
    private var isTooLong = false

    var request: HTTPRequest { transfer.request }

    init(_ transfer: Transfer) throws(TransportFailure) {
        guard let handle = curl_easy_init() else { throw TransportFailure(kind: .other, message: "libcurl makes no more transfers") }
        self.transfer = transfer
        self.handle = handle
        errorText.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
        try configure()
    }

    deinit {
        curl_easy_cleanup(handle)
        for list in lists { curl_slist_free_all(list) }
        errorText.deallocate()
    }

    /// Of a handle that is still in use.
    static func find(_ handle: UnsafeMutableRawPointer) -> EasyTransfer? {
        var pointer: UnsafeMutableRawPointer?
        guard egress_curl_get_pointer(handle, CURLINFO_PRIVATE, &pointer) == CURLE_OK, let pointer else { return nil }
        return Unmanaged<EasyTransfer>.fromOpaque(pointer).takeUnretainedValue()
    }

    private func configure() throws(TransportFailure) {
        let this = Unmanaged.passUnretained(self).toOpaque()
        try set(CURLOPT_PRIVATE, pointer: this)
        try set(CURLOPT_ERRORBUFFER, pointer: errorText)
        try set(CURLOPT_NOSIGNAL, 1)
        try check(egress_curl_use_live_sockets(handle, request.route.livenessSeconds))
        try configureAnswer(this)
        try configureConnection()
        try configureTLS()
        try configureRequest()
    }

    private func configureAnswer(_ this: UnsafeMutableRawPointer) throws(TransportFailure) {
        try check(egress_curl_set_callback(handle, CURLOPT_HEADERFUNCTION) { receiveHeaderLine($0, $1, $2, $3) })
        try set(CURLOPT_HEADERDATA, pointer: this)
        try check(egress_curl_set_callback(handle, CURLOPT_WRITEFUNCTION) { receiveBody($0, $1, $2, $3) })
        try set(CURLOPT_WRITEDATA, pointer: this)
        try set(CURLOPT_BUFFERSIZE, 128 << 10)
        try set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1)
        // Redirects would carry credentials elsewhere; no API server needs them.
        try set(CURLOPT_FOLLOWLOCATION, 0)
        try set(CURLOPT_ACCEPT_ENCODING, text: request.acceptsCompression ? "gzip" : nil)
    }

    private func configureRequest() throws(TransportFailure) {
        try set(CURLOPT_TIMEOUT_MS, Self.milliseconds(request.deadline))
        if let body = request.body {
            try check(body.withUnsafeBytes { egress_curl_set_body(handle, $0.baseAddress, $0.count) })
        }
        try set(CURLOPT_CUSTOMREQUEST, text: request.method)
        // Without "Expect" a large body goes at once; curl's own would wait a second for servers that don't know it.
        var lines = ["Expect:"]
        for (name, value) in request.headers {
            guard Self.isLine(name), Self.isLine(value) else {
                throw TransportFailure(kind: .other, message: "net/http: invalid header field value for \"\(name)\"")
            }
            lines.append(value.isEmpty ? "\(name);" : "\(name): \(value)")
        }
        try set(CURLOPT_HTTPHEADER, list: lines)
    }

    /// What would end a header's line early isn't sent.
    private static func isLine(_ text: String) -> Bool { text.utf8.allSatisfy { ($0 >= 0x20 && $0 != 0x7F) || $0 == 0x09 } }

    static func milliseconds(_ seconds: Double) -> Int {
        guard seconds > 0 else { return 0 }
        return Int(max(1, min(seconds * 1000, Double(Int32.max))))
    }

    // MARK: Options

    func set(_ option: CURLoption, _ value: Int) throws(TransportFailure) { try check(egress_curl_set_long(handle, option, value)) }
    func set(_ option: CURLoption, text: String?) throws(TransportFailure) {
        guard let text else { return try check(egress_curl_set_text(handle, option, nil)) }
        guard !text.utf8.contains(0) else { throw TransportFailure(kind: .other, message: "a text with a NUL for the connection") }
        try check(egress_curl_set_text(handle, option, text))
    }
    func set(_ option: CURLoption, pointer: UnsafeMutableRawPointer) throws(TransportFailure) {
        try check(egress_curl_set_pointer(handle, option, pointer))
    }
    func set(_ option: CURLoption, blob bytes: [UInt8]) throws(TransportFailure) {
        try check(bytes.withUnsafeBytes { egress_curl_set_blob(handle, option, $0.baseAddress, $0.count) })
    }
    func set(_ option: CURLoption, list lines: [String]) throws(TransportFailure) {
        var list: UnsafeMutablePointer<curl_slist>?
        for line in lines { list = curl_slist_append(list, line) ?? list }
        if let list { lists.append(list) }
        try check(egress_curl_set_list(handle, option, list))
    }

    private func check(_ code: CURLcode) throws(TransportFailure) {
        guard code == CURLE_OK else {
            throw TransportFailure(kind: .other, message: "libcurl: \(String(cString: curl_easy_strerror(code)))")
        }
    }

    // MARK: What comes in

    fileprivate func receiveHeader(_ line: UnsafeBufferPointer<UInt8>) -> Bool {
        var text = String(decoding: line, as: UTF8.self)[...]
        while let last = text.last, last == "\r\n" || last == "\n" || last == "\r" || last == " " || last == "\t" { text.removeLast() }
        if text.hasPrefix("HTTP/") {
            // Interim answers (1xx) come first; trailers have no such line.
            head = HTTPHead(status: text.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0)
            isHeadComplete = false
        } else if text.isEmpty {
            if head.status >= 200, !isHeadComplete { transfer.receive(head) }
            isHeadComplete = head.status >= 200
        } else if !isHeadComplete, let colon = text.firstIndex(of: ":") {
            guard head.headers.count < 1000 else { return false }
            let value = text[text.index(after: colon)...].drop { $0 == " " || $0 == "\t" }
            head.headers.append(HTTPHead.Header(name: text[..<colon].lowercased(), value: String(value)))
        }
        return true
    }

    fileprivate func receiveBytes(_ bytes: UnsafeBufferPointer<UInt8>) -> Int {
        switch transfer.receive(bytes) {
        case .taken: return bytes.count
        case .wait: return Int(CURL_WRITEFUNC_PAUSE)
        case .refused:
            isTooLong = true
            return 0
        }
    }

    /// Why libcurl gave up, in words.
    func failure(_ code: CURLcode) -> TransportFailure {
        if isTooLong { return TransportFailure(kind: .tooLong, message: "the answer is longer than this program takes in") }
        return TransportFailure(code, detail: String(cString: errorText), of: self, hasHead: head.status > 0)
    }
}

private func receiveHeaderLine(_ bytes: UnsafeMutablePointer<CChar>?, _ size: Int, _ count: Int, _ context: UnsafeMutableRawPointer?) -> Int
{
    guard let bytes, let context else { return 0 }
    let length = size * count
    let easy = Unmanaged<EasyTransfer>.fromOpaque(context).takeUnretainedValue()
    return bytes.withMemoryRebound(to: UInt8.self, capacity: length) {
        easy.receiveHeader(UnsafeBufferPointer(start: $0, count: length)) ? length : 0
    }
}

private func receiveBody(_ bytes: UnsafeMutablePointer<CChar>?, _ size: Int, _ count: Int, _ context: UnsafeMutableRawPointer?) -> Int {
    guard let bytes, let context else { return 0 }
    let length = size * count
    let easy = Unmanaged<EasyTransfer>.fromOpaque(context).takeUnretainedValue()
    return bytes.withMemoryRebound(to: UInt8.self, capacity: length) {
        easy.receiveBytes(UnsafeBufferPointer(start: $0, count: length))
    }
}
