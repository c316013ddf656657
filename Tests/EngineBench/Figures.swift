import Glibc

/// What was measured, printed at once and kept for the file.
struct Figures {
    enum Unit: String {
        case milliseconds = "ms"
        case microseconds = "us"

        var duration: Duration { self == .milliseconds ? .milliseconds(1) : .microseconds(1) }
    }

    let rounds: Int
    let file: String
    private var lines: [String] = []

    init(rounds: Int, file: String) {
        self.rounds = rounds
        self.file = file
    }

    /// Processor time, the median of all rounds: the work is one thread without I/O, so on a processor of its own it is the
    /// wall time, which stands beside it. `repeats`: how many such pieces of work are done in a round.
    mutating func measure(
        _ name: String, _ percent: Int, _ unit: Unit, repeats: Int = 1, note: String = "", _ work: () -> Void
    ) {
        let clock = ContinuousClock()
        var wall: [Double] = []
        var processor: [Double] = []
        for _ in 0..<rounds {
            let before = Processor.time
            wall.append(clock.measure(work) / unit.duration / Double(repeats))
            processor.append((Processor.time - before) / unit.duration / Double(repeats))
        }
        let passed = (wall.sorted()[rounds / 2] * 100).rounded() / 100
        let notes = ["processor time, median of \(rounds)", "wall \(passed) \(unit.rawValue)"] + (note.isEmpty ? [] : [note])
        add(name, percent, processor.sorted()[rounds / 2], unit.rawValue, notes.joined(separator: "; "))
    }

    mutating func note(_ name: String, _ percent: Int, _ value: Double, _ unit: String, _ note: String) {
        add(name, percent, value, unit, note)
    }

    private mutating func add(_ name: String, _ percent: Int, _ value: Double, _ unit: String, _ note: String) {
        let value = (value * 100).rounded() / 100
        print("  \(name)".padded(to: 34) + "\(value) \(unit)".padded(to: 14) + note)
        lines.append(
            "{\"name\":\"engine-\(name)-\(percent)-percent\",\"unit\":\"\(unit)\",\"ours\":\(value),\"peers\":{},\"note\":\"\(note)\"}\n")
    }

    func append() {
        guard let output = fopen(file, "ae") else {
            print("\(file) can't be written: \(String(cString: strerror(errno)))")
            return
        }
        fputs(lines.joined(), output)
        fclose(output)
    }
}

extension String {
    fileprivate func padded(to width: Int) -> String { self + String(repeating: " ", count: max(1, width - count)) }
}
