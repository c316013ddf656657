// SPDX-License-Identifier: Apache-2.0
import CEgressShims
import Glibc

/// The file system that a file is on. With FUSE it is a process that says whose a file is and what is in it.
enum ModuleMount {
    /// The user whose process serves the file's mount, when that isn't root; `nil` also where nobody can tell.
    static func foreignUser(ofFile path: String) -> UInt32? {
        var number: UInt64 = 0
        guard egress_mount_number(path, &number) == 0 else { return nil }
        return foreignUser(ofMount: number, in: readAll("/proc/self/mountinfo"))
    }

    /// `mountinfo` as in proc_pid_mountinfo(5): the mount's number first; its file system and that one's options after ` - `.
    static func foreignUser(ofMount number: UInt64, in mountinfo: String) -> UInt32? {
        for line in mountinfo.split(separator: "\n") {
            let words = line.split(separator: " ")
            guard words.first.flatMap({ UInt64($0) }) == number, let dash = words.firstIndex(of: "-") else { continue }
            let options = words[dash...].last?.split(separator: ",") ?? []
            let user = options.first { $0.hasPrefix("user_id=") }.flatMap { UInt32($0.dropFirst("user_id=".count)) }
            return user == 0 ? nil : user
        }
        return nil
    }

    private static func readAll(_ path: String) -> String {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return "" }
        defer { close(file) }
        var (text, buffer) = ([UInt8](), [UInt8](repeating: 0, count: 64 << 10))
        while text.count < 16 << 20 {
            let count = read(file, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { break }
            text += buffer[..<count]
        }
        return String(decoding: text, as: UTF8.self)
    }
}
