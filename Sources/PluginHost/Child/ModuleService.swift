// SPDX-License-Identifier: Apache-2.0
import CEgressShims
import EgressPlan
import Glibc
import JSONText

/// Answers requests, one after the other, until the other end closes.
struct ModuleService {
    private let module: Result<LoadedModule, HelperError>
    /// What this process could not give up.
    private let missing: [String]
    private var pending: [UInt8] = []

    /// A module that can't be loaded is the answer to every request.
    init(path: String, missing: [String]) {
        self.missing = missing
        do throws(HelperError) {
            module = .success(try Self.load(path))
        } catch {
            module = .failure(error)
        }
    }

    /// The helper checked the file when it started this process. Here it is checked again, before and after: the file that
    /// was loaded is one that was found good, and every folder on the way to it is root's alone, so nobody but root could
    /// have put another in between; root's new file is noticed by the helper, which starts a new process for it.
    /// (Loading by descriptor, from /proc/self/fd, would be as good but for `$ORIGIN` in the module's search path.)
    private static func load(_ path: String) throws(HelperError) -> LoadedModule {
        let file = try checked(path)
        // So that no other file gets its number meanwhile.
        let held = egress_hold_file(file.path)
        defer { if held >= 0 { close(held) } }
        let module = try LoadedModule(path: file.path)
        guard try checked(path) == file else {
            throw HelperError(code: "plugin_failed", message: "was replaced while it was loaded")
        }
        return module
    }

    private static func checked(_ path: String) throws(HelperError) -> ModuleFile {
        do throws(Untrusted) {
            return try ModuleFile(checking: path)
        } catch {
            throw HelperError(code: "plugin_failed", message: error.reason)
        }
    }

    mutating func serve() -> Int32 {
        while let line = nextLine() {
            guard write(Exchange.line(answer(line))) else { return 1 }
        }
        return 0
    }

    private func answer(_ line: ArraySlice<UInt8>) -> JSONValue {
        guard let request = try? JSONValue(parsing: line), let id = request["id"] else {
            return ["id": nil, "error": Exchange.error(HelperError(code: "bad_request", message: "not a request"))]
        }
        let answer: (key: String, value: JSONValue)
        do throws(HelperError) {
            answer = ("result", try result(request))
        } catch {
            answer = ("error", Exchange.error(error))
        }
        return .object(JSONObject([("id", id), answer, ("descriptors", JSONValue(countOpenDescriptors()))]))
    }

    private func result(_ request: JSONValue) throws(HelperError) -> JSONValue {
        let module = try module.get()
        switch request["method"]?.stringValue.flatMap(Exchange.Method.init(rawValue:)) {
        case .describe:
            return [
                "name": .string(module.description.name), "version": .string(module.description.version),
                "missing": .array(missing.map { .string($0) }),
            ]
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
