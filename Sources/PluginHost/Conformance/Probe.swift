// SPDX-License-Identifier: Apache-2.0
import CEgressPlugin
import EgressPlan
import Glibc
import JSONText

/// Why a check ends before its last line.
enum ProbeEnd: Error {
    case failed(ConformanceFinding)
    case skipped(String)

    static func failed(_ what: String, _ advice: String) -> ProbeEnd { .failed(ConformanceFinding(what: what, advice: advice)) }
}

/// A module under test, in this process; every call is announced, watched and looked at afterwards.
final class Probe {
    let task: ProbeTask
    /// Of the module, in the middle of zeros.
    let table: egress_plugin
    private let voice: ProbeVoice
    private let host = ProbeLog.makeHost()

    static let longestAnswer = Exchange.longestText
    static let longestError = 2048

    init(task: ProbeTask, table: egress_plugin, voice: ProbeVoice) {
        (self.task, self.table, self.voice) = (task, table, voice)
    }

    /// Says what comes next; it may take as long as `calls` calls.
    func step(_ what: String, calls: Int = 1) { voice.say(.step(what, milliseconds: task.milliseconds * calls)) }

    func warn(_ what: String, _ advice: String) {
        voice.say(.finding(ConformanceFinding(what: what, advice: advice), about: task.check, isWarning: true))
    }

    func buffer(_ capacity: Int) throws(ProbeEnd) -> GuardedBuffer {
        guard let buffer = GuardedBuffer(capacity: capacity) else { throw .skipped("this machine has no memory left") }
        return buffer
    }
}

/// What `open` or `resolve` returned.
struct ProbeAnswer: Hashable {
    var status: Int32
    /// Of `resolve`, with status 0.
    var text = ""
    /// With every other status.
    var error = ""

    var isDone: Bool { status == Int32(EGRESS_PLUGIN_DONE.rawValue) }

    /// `status 3 (no address): there is none`
    var words: String {
        let name: String =
            switch status {
            case 0: "done"
            case 1: "retry"
            case 2: "bad configuration"
            case 3: "no address"
            case 4: "buffer small"
            case 100...: "its own"
            default: "reserved"
            }
        return "status \(status) (\(name))" + (error.isEmpty ? "" : ": \(error)")
    }
}

extension Probe {
    /// An instance, or how it was refused.
    ///
    /// The instance's place holds a pointer to nowhere before the call: a module that leaves it there is seen.
    func open(_ config: String, _ what: String = "", error: GuardedBuffer? = nil) throws(ProbeEnd) -> (ProbeAnswer, ProbeInstance?) {
        guard let function = table.open else { throw .skipped("there is no open") }
        let place = what.isEmpty ? "open" : "open with \(what)"
        let error = if let error { error } else { try buffer(Self.longestError) }
        let nowhere = UnsafeMutableRawPointer(bitPattern: 0x5A5A_5A5A)
        var instance = nowhere
        step(place)
        ProbeLog.opened()
        let status = config.withCString { function(host, $0, &instance, &error.text) }
        if let damage = error.damage { throw Self.damaged(place, damage, "error") }
        if status == Int32(EGRESS_PLUGIN_DONE.rawValue) {
            guard let instance, instance != nowhere else {
                throw .failed("\(place) returned 0 and no instance", "set *instance to something that isn't NULL when open returns 0")
            }
            return (ProbeAnswer(status: status), ProbeInstance(probe: self, pointer: instance))
        }
        ProbeLog.closed()
        guard [1, 2].contains(status) || status >= 100 else {
            throw .failed(
                "\(place) returned status \(status), which open may not",
                "return EGRESS_PLUGIN_BAD_CONFIG, EGRESS_PLUGIN_RETRY, or 100 and up")
        }
        guard instance == nil else {
            throw .failed("\(place) failed and left *instance as it was", "set *instance to NULL before anything else")
        }
        return (ProbeAnswer(status: status, error: error.words), nil)
    }

    /// An instance of the given configuration.
    func opened() throws(ProbeEnd) -> ProbeInstance {
        let (answer, instance) = try open(task.config)
        guard let instance else { throw .skipped("the configuration was refused this time: \(answer.words)") }
        return instance
    }

    static func damaged(_ place: String, _ damage: String, _ buffer: String) -> ProbeEnd {
        .failed(
            "\(place) \(damage) (\(buffer))", "write at most `capacity` bytes, NUL included; snprintf(text->bytes, text->capacity, …) does")
    }
}
