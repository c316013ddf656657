import CCurl
import Glibc

extension TransportFailure {
    /// What libcurl says, in the words that kubectl's users know: those of Go's `net`, `net/http` and `crypto/tls`.
    init(_ code: CURLcode, detail: String, of easy: EasyTransfer, hasHead: Bool) {
        let place = Place(easy)
        switch code {
        case CURLE_COULDNT_RESOLVE_HOST:
            self.init(kind: .other, message: "dial tcp: lookup \(place.host): no such host")
        case CURLE_COULDNT_RESOLVE_PROXY:
            self.init(kind: .other, message: "proxyconnect tcp: dial tcp: lookup \(place.proxy): no such host")
        case CURLE_COULDNT_CONNECT:
            self = Self.unconnected(place, error: Int32(truncatingIfNeeded: easy.number(CURLINFO_OS_ERRNO)))
        case CURLE_OPERATION_TIMEDOUT:
            self = Self.late(place, easy, hasHead: hasHead)
        case CURLE_PEER_FAILED_VERIFICATION:
            self = Self.unverified(detail, easy)
        case CURLE_SSL_CACERT_BADFILE:
            self = .noRoots
        case CURLE_SSL_CERTPROBLEM:
            self = Self.badIdentity(detail)
        case CURLE_GOT_NOTHING:
            self.init(kind: .reset, message: "EOF")
        case CURLE_PARTIAL_FILE:
            self.init(kind: .reset, message: "unexpected EOF")
        case CURLE_HTTP2, CURLE_HTTP2_STREAM:
            self.init(kind: .reset, message: "http2: \(detail)")
        case CURLE_URL_MALFORMAT:
            self.init(kind: .other, message: "parse \"\(place.url)\": invalid URL")
        default:
            self = Self.broken(code, detail, place)
        }
    }

    /// Where it was going.
    private struct Place {
        var host: String
        var url: String
        /// Of the peer that was tried, a proxy perhaps.
        var address: String
        var proxy: String

        init(_ easy: EasyTransfer) {
            let route = easy.request.route
            host = route.server.host
            url = "\(route.server.scheme)://\(route.server.authority)"
            proxy = Self.hostAndPort(ofURL: route.proxy ?? "")
            let ip = easy.text(CURLINFO_PRIMARY_IP)
            let port = easy.number(CURLINFO_PRIMARY_PORT)
            address = ip.isEmpty ? route.server.authority : "\(ServerAddress.bracketed(ip)):\(port > 0 ? port : route.server.port)"
        }

        /// Without name and password.
        static func hostAndPort(ofURL url: String) -> String {
            let rest = url.split(separator: "/").dropFirst(url.contains("://") ? 1 : 0).first ?? ""
            return String(rest.split(separator: "@").last ?? "")
        }
    }

    private static func unconnected(_ place: Place, error: Int32) -> TransportFailure {
        let what = "dial tcp \(place.address): connect: \(error == 0 ? "failed" : goText(ofError: error))"
        if !place.proxy.isEmpty {
            return TransportFailure(
                kind: .other,
                message: "proxyconnect tcp: dial tcp \(place.proxy): connect: \(error == 0 ? "failed" : goText(ofError: error))")
        }
        return TransportFailure(kind: error == ECONNREFUSED ? .refused : .other, message: what)
    }

    private static func goText(ofError error: Int32) -> String {
        switch error {
        case ETIMEDOUT: "connection timed out"
        default: String(cString: strerror(error)).lowercased()
        }
    }

    private static func late(_ place: Place, _ easy: EasyTransfer, hasHead: Bool) -> TransportFailure {
        let isConnected = easy.offset(CURLINFO_CONNECT_TIME_T) > 0
        let isOpen = !easy.request.route.server.isSecure || easy.offset(CURLINFO_APPCONNECT_TIME_T) > 0
        let message =
            if hasHead {
                "context deadline exceeded (Client.Timeout or context cancellation while reading body)"
            } else if isConnected && isOpen {
                "net/http: request canceled (Client.Timeout exceeded while awaiting headers)"
            } else if isConnected {
                "net/http: TLS handshake timeout"
            } else {
                "dial tcp \(place.address): i/o timeout"
            }
        return TransportFailure(kind: .timedOut, message: message)
    }

    private static func badIdentity(_ detail: String) -> TransportFailure {
        let message =
            if detail.contains("key values mismatch") || detail.contains("does not match") {
                "tls: private key does not match public key"
            } else if detail.contains("key") {
                "tls: failed to parse private key"
            } else {
                "tls: failed to find any PEM data in certificate input"
            }
        return TransportFailure(kind: .untrusted, message: message)
    }

    private static func broken(_ code: CURLcode, _ detail: String, _ place: Place) -> TransportFailure {
        // OpenSSL: "error:0A00045C:SSL routines::tlsv13 alert certificate required, errno 0".
        if let alert = detail.firstRange(of: " alert ") {
            let words = detail[alert.upperBound...].prefix { $0 != "," && $0 != ":" }
            return TransportFailure(kind: .untrusted, message: "remote error: tls: \(alertText(String(words)))")
        }
        if detail.contains("wrong version number") || detail.contains("packet length too long") {
            return TransportFailure(kind: .other, message: "http: server gave HTTP response to HTTPS client")
        }
        if let proxy = proxyAnswer(detail) { return proxy }
        if detail.lowercased().contains("connection reset") || detail.contains("errno 104") {
            return TransportFailure(kind: .reset, message: "read tcp \(place.address): connection reset by peer")
        }
        if detail.lowercased().contains("timed out") || detail.contains("errno 110") || detail.contains("errno 113") {
            return TransportFailure(kind: .reset, message: "read tcp \(place.address): connection timed out")
        }
        // Of a connection that the other side closed while we wrote; in TLS 1.3 so ends one whose certificate wasn't liked.
        if detail.contains("bad write retry") || detail.contains("errno 107") || detail.contains("errno 32") {
            return TransportFailure(kind: .reset, message: "write tcp \(place.address): broken pipe")
        }
        if detail.contains("unexpected eof") || detail.contains("SSL_ERROR_ZERO_RETURN") || detail.contains("SSL_ERROR_SYSCALL") {
            return TransportFailure(kind: .reset, message: "EOF")
        }
        let text = detail.isEmpty ? String(cString: curl_easy_strerror(code)) : detail
        switch code {
        case CURLE_SEND_ERROR, CURLE_RECV_ERROR: return TransportFailure(kind: .reset, message: text)
        case CURLE_SSL_CONNECT_ERROR: return TransportFailure(kind: .untrusted, message: "tls: \(text)")
        default: return TransportFailure(kind: .other, message: text)
        }
    }

    /// "Received HTTP code 407 from proxy after CONNECT"
    private static func proxyAnswer(_ detail: String) -> TransportFailure? {
        guard detail.contains("from proxy after CONNECT") || detail.contains("CONNECT tunnel failed") else { return nil }
        let status = detail.split(separator: " ").lazy.compactMap { Int($0) }.first ?? 0
        let words = [
            403: "Forbidden", 407: "Proxy Authentication Required", 502: "Bad Gateway", 503: "Service Unavailable", 504: "Gateway Timeout",
        ]
        return TransportFailure(kind: .other, message: words[status] ?? "the proxy answered \(status) to CONNECT")
    }

    /// RFC 8446, section 6.2, as Go calls them where that differs.
    private static func alertText(_ words: String) -> String {
        switch words {
        case "unknown ca": "unknown certificate authority"
        case "protocol version": "protocol version not supported"
        case "certificate required": "certificate required"
        case "certificate expired": "expired certificate"
        case "certificate revoked": "revoked certificate"
        case "certificate unknown": "unknown certificate"
        default: words
        }
    }
}

extension EasyTransfer {
    func number(_ info: CURLINFO) -> Int {
        var value = 0
        return egress_curl_get_long(handle, info, &value) == CURLE_OK ? value : 0
    }

    func offset(_ info: CURLINFO) -> Int64 {
        var value: curl_off_t = 0
        return egress_curl_get_offset(handle, info, &value) == CURLE_OK ? Int64(value) : 0
    }

    func text(_ info: CURLINFO) -> String {
        var pointer: UnsafeMutableRawPointer?
        guard egress_curl_get_pointer(handle, info, &pointer) == CURLE_OK, let pointer else { return "" }
        return String(cString: pointer.assumingMemoryBound(to: CChar.self))
    }
}
