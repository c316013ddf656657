import EgressPlan
import EgressWire
import Glibc
import NIOCore

extension IOError {
    var isBrokenPipe: Bool { errnoCode == EPIPE || errnoCode == ECONNRESET }
}

extension HelperError {
    static func unreachable(_ path: String, _ error: any Error) -> HelperError {
        guard let code = (error as? IOError)?.errnoCode else {
            return HelperError(code: "unreachable", message: "can't reach the helper at \(path): \(error)", hint: isRunning)
        }
        return unreachable(path, errno: code)
    }

    static func unreachable(_ path: String, errno code: CInt) -> HelperError {
        let (reason, hint): (String, String) =
            switch code {
            case ENOENT: ("there is no such socket", isRunning)
            case ECONNREFUSED: ("nobody listens there", isRunning)
            case EACCES, EPERM: ("permission denied", "run as root, or as a member of the socket's group")
            case EAGAIN: ("too many clients are waiting", "try again in a moment")
            default: (errnoText(code), isRunning)
            }
        return HelperError(code: "unreachable", message: "can't reach the helper at \(path): \(reason)", hint: hint)
    }

    static func connectionEnded(_ path: String) -> HelperError {
        HelperError(code: "unreachable", message: "the helper at \(path) closed the connection", hint: isRunning)
    }

    static func silent(_ path: String, seconds: Int64) -> HelperError {
        HelperError(code: "timeout", message: "what listens at \(path) did not say hello in \(seconds) s", hint: isRunning)
    }

    static func late(_ method: HelperMethod, _ path: String, seconds: Int64) -> HelperError {
        HelperError(
            code: "timeout", message: "the helper at \(path) did not answer \(method.rawValue) in \(seconds) s",
            hint: "it may still finish; its log and status.get tell")
    }

    static func badAnswer(_ reason: String) -> HelperError {
        HelperError(
            code: "bad_answer", message: "the helper sent something that is not its protocol: \(reason)",
            hint: "compare `kubectl egress version` with `egress-helper version`")
    }

    private static var isRunning: String {
        "is egress-helper running on this node? start it with `egress-helper run --node NAME`, or name its socket with --socket"
    }
}
