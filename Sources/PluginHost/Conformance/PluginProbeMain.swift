// SPDX-License-Identifier: Apache-2.0
import CEgressShims
import Glibc
import JSONText

/// The whole life of a process that makes one check of ``PluginCheck``: `egress-helper plugin-probe /absolute/path.so`.
///
/// Reads what to do from standard input and tells how it went on descriptor 3. Must be called on the main thread before
/// anything else runs: it gives the process's privileges up, as the process of a module in use does.
public func pluginProbeMain(module path: String) -> Int32 {
    let bytes = readAll(STDIN_FILENO)
    guard fcntl(Exchange.descriptor, F_GETFD) >= 0, let task = (try? JSONValue(parsing: bytes)).flatMap(ProbeTask.init) else {
        ModuleLog.write(.error, "plugin-probe is started by plugin-check, with a task and a socket")
        return 64
    }
    _ = fcntl(Exchange.descriptor, F_SETFD, FD_CLOEXEC)
    let nothing = Glibc.open("/dev/null", O_RDONLY)
    dup2(nothing, STDIN_FILENO)
    close(nothing)
    // Whoever started this process may be gone by then.
    alarm(600)
    var stillRoot: Int32 = 0
    guard egress_probe_prepare(task.keepsUser ? 1 : 0) == 0, egress_sandbox_enter(&stillRoot) == 0 else {
        ModuleLog.write(.error, "can't give privileges up: \(String(cString: strerror(errno)))")
        return 71
    }
    egress_probe_lead()
    // Where there are no filters, the children that are left are seen.
    if task.check == .processes { _ = egress_probe_forbid_processes() }
    let voice = ProbeVoice()
    tryModule(path, task, voice)
    for finding in ProbeLog.findings { voice.say(.finding(finding, about: .log, isWarning: false)) }
    if egress_probe_children() != 0 {
        let finding = ConformanceFinding(
            what: "started a process while \(task.check.rawValue) was checked",
            advice: "don't fork: a module's process is confined, and so is what it may start; use a thread")
        voice.say(.finding(finding, about: .processes, isWarning: false))
    }
    fflush(nil)
    voice.say(.done)
    return 0
}

private func tryModule(_ path: String, _ task: ProbeTask, _ voice: ProbeVoice) {
    do throws(ProbeEnd) {
        let module = try ProbedModule(path: path, voice: voice, task: task)
        try module.check()
    } catch {
        switch error {
        case .failed(let finding): voice.say(.finding(finding, about: task.check, isWarning: false))
        case .skipped(let reason): voice.say(.skipped(reason))
        }
    }
}

private func readAll(_ descriptor: Int32) -> [UInt8] {
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 64 << 10)
    while bytes.count <= Exchange.longestRequestLine * 2 {
        let count = read(descriptor, &buffer, buffer.count)
        if count < 0, errno == EINTR { continue }
        guard count > 0 else { break }
        bytes += buffer[..<count]
    }
    return bytes
}
