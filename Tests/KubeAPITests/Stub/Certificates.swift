import Glibc
import TestKit

/// What openssl made for this test process, in a folder that goes with it.
enum Certificates {
    static let folder: Result<String, any Error> = Result {
        var template = Array("/tmp/egt-certificates-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw TestKitError("mkdtemp: \(String(cString: strerror(errno)))") }
        let path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        atexit { removeCertificates() }
        try Command.run(["\(Programs.top)/Tests/KubeAPITests/Stub/make-certificates", path])
        return path
    }

    static func path(_ file: String) throws -> String { try folder.get() + "/" + file }

    static func pem(_ file: String) throws -> [UInt8] {
        guard let text = FileText.read(try path(file)) else { throw TestKitError("\(file) wasn't made") }
        return Array(text.utf8)
    }
}

private func removeCertificates() {
    guard let folder = try? Certificates.folder.get() else { return }
    _ = try? Command.outcome(["rm", "-rf", folder])
}
