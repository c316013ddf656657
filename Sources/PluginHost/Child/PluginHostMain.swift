// SPDX-License-Identifier: Apache-2.0
import CEgressShims
import EgressPlan
import Glibc
import JSONText

/// The whole life of the process that holds one module: `egress-helper plugin-host /absolute/path.so`.
///
/// Speaks on descriptor 3, which the helper opened, and returns the exit status when that ends. Must be called on the main
/// thread before anything else runs: it gives the process's privileges up.
public func pluginHostMain(module path: String) -> Int32 {
    guard fcntl(Exchange.descriptor, F_GETFD) >= 0 else {
        ModuleLog.write(.error, "plugin-host is started by the helper, with a socket as descriptor 3")
        return 64
    }
    _ = fcntl(Exchange.descriptor, F_SETFD, FD_CLOEXEC)
    var stillRoot: Int32 = 0
    let failure = egress_sandbox_enter(&stillRoot)
    guard failure == 0 else {
        ModuleLog.write(.error, "can't give privileges up: \(String(cString: strerror(failure)))")
        return 71
    }
    if stillRoot != 0 { ModuleLog.write(.warning, "stays user 0, without capabilities: CAP_SETUID and CAP_SETGID are missing") }
    var service = ModuleService(path: path)
    return service.serve()
}

/// Answers requests, one after the other, until the other end closes.
private struct ModuleService {
    private var module: Result<LoadedModule, HelperError>
    private var pending: [UInt8] = []

    /// A module that can't be loaded is the answer to every request.
    init(path: String) {
        do throws(HelperError) {
            module = .success(try LoadedModule(path: path))
        } catch {
            module = .failure(error)
        }
    }

    mutating func serve() -> Int32 {
        while let line = nextLine() {
            // A module that hangs ends its process by itself, should the helper be gone meanwhile.
            alarm(60)
            let answer = Exchange.line(answer(line))
            alarm(0)
            guard write(answer) else { return 1 }
        }
        return 0
    }

    private func answer(_ line: ArraySlice<UInt8>) -> JSONValue {
        guard let request = try? JSONValue(parsing: line), let id = request["id"] else {
            return ["id": nil, "error": Exchange.error(HelperError(code: "bad_request", message: "not a request"))]
        }
        do throws(HelperError) {
            return ["id": id, "result": try result(request)]
        } catch {
            return ["id": id, "error": Exchange.error(error)]
        }
    }

    private func result(_ request: JSONValue) throws(HelperError) -> JSONValue {
        let module = try module.get()
        switch request["method"]?.stringValue.flatMap(Exchange.Method.init(rawValue:)) {
        case .describe:
            return ["name": .string(module.description.name), "version": .string(module.description.version)]
        case .resolve:
            guard let config = request["config"]?.stringValue, let text = request["request"]?.stringValue else { break }
            return ["answer": .string(try module.resolve(config: config, request: text))]
        case .facts:
            guard let facts = request["facts"]?.stringValue else { break }
            module.tell(facts: facts)
            return [:]
        case nil: break
        }
        throw HelperError(code: "bad_request", message: "not a request that a module's process knows")
    }

    /// Without the newline; `nil` at the end, or when a line is longer than any request.
    private mutating func nextLine() -> ArraySlice<UInt8>? {
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            if let end = pending.firstIndex(of: UInt8(ascii: "\n")) {
                let line = pending[..<end]
                pending = Array(pending[(end + 1)...])
                return line
            }
            guard pending.count <= Exchange.longestRequestLine else { return nil }
            let count = read(Exchange.descriptor, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return nil }
            pending += buffer[..<count]
        }
    }

    private func write(_ bytes: [UInt8]) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { send(Exchange.descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return false }
            rest = rest.dropFirst(count)
        }
        return true
    }
}
