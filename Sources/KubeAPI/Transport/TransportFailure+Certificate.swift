import CCurl
import EgressModel

extension TransportFailure {
    /// Why the server's certificate isn't believed, in the words of Go's `crypto/x509`.
    static func unverified(_ detail: String, _ easy: EasyTransfer) -> TransportFailure {
        let route = easy.request.route
        let wanted = route.tlsServerName ?? route.server.host
        // libcurl compares the name itself, after OpenSSL took the chain.
        let isMismatch = detail.contains("subject name matches") || detail.contains("does not match target host name")
        let code = isMismatch ? 0 : easy.number(CURLINFO_SSL_VERIFYRESULT)
        let reason: String
        // The numbers are OpenSSL's X509_V_ERR_….
        switch code {
        case 9, 10:
            reason = "certificate has expired or is not yet valid: \(code == 10 ? "it has expired" : "it is not valid yet")"
        case 2, 18, 19, 20, 21, 27:
            reason = "certificate signed by unknown authority"
        case 24, 32, 79:
            reason = "invalid authority: a certificate in the chain may not sign others"
        case 26:
            reason = "certificate specifies an incompatible key usage"
        case 23:
            reason = "certificate has been revoked"
        case 0:
            reason = mismatch(of: easy.serverNames(), wanted)
        default:
            reason = detail
        }
        return TransportFailure(kind: .untrusted, message: "tls: failed to verify certificate: x509: \(reason)")
    }

    private static func mismatch(of names: [String], _ wanted: String) -> String {
        if IPAddress(wanted) != nil {
            let addresses = names.filter { IPAddress($0) != nil }
            guard !addresses.isEmpty else { return "cannot validate certificate for \(wanted) because it doesn't contain any IP SANs" }
            return "certificate is valid for \(addresses.joined(separator: ", ")), not \(wanted)"
        }
        let hosts = names.filter { IPAddress($0) == nil }
        guard !hosts.isEmpty else { return "certificate is not valid for any names, but wanted to match \(wanted)" }
        return "certificate is valid for \(hosts.joined(separator: ", ")), not \(wanted)"
    }
}

extension EasyTransfer {
    /// The subject's alternative names of the server's own certificate, as OpenSSL writes them:
    /// `DNS:api.example, IP Address:10.0.0.1`.
    fileprivate func serverNames() -> [String] {
        var info: UnsafeMutablePointer<curl_certinfo>?
        guard egress_curl_get_certificates(handle, &info) == CURLE_OK, let info, info.pointee.num_of_certs > 0 else { return [] }
        var line = info.pointee.certinfo?.pointee
        while let entry = line {
            if let data = entry.pointee.data {
                let text = String(cString: data)
                let prefix = "X509v3 Subject Alternative Name:"
                if text.hasPrefix(prefix) { return Self.names(in: text.dropFirst(prefix.count)) }
            }
            line = entry.pointee.next
        }
        return []
    }

    private static func names(in text: Substring) -> [String] {
        text.split(separator: ",").prefix(100).compactMap { part in
            let entry = part.drop { $0 == " " }
            if entry.hasPrefix("DNS:") { return String(entry.dropFirst(4)) }
            guard entry.hasPrefix("IP Address:") else { return nil }
            let address = String(entry.dropFirst("IP Address:".count))
            return IPAddress(address).map(\.description) ?? address
        }
    }
}
