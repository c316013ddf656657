import EgressModel

/// Whether a connection's port is among those of a rule.
struct PortJudgement: Sendable {
    let connection: Connection

    /// `nil`: every port and protocol.
    func judge(_ ports: [NetworkPort]?, path: String) -> Judgement {
        guard let ports else { return Judgement(.yes, all: []) }
        return .any(ports.map(judge), nothing: "\(path): names no port")
    }

    private func judge(_ port: NetworkPort) -> Judgement {
        guard let number = connection.port else {
            if port.transport == nil, port.numbers == .all { return Judgement(.yes, all: []) }
            return .unknown(
                .portNotGiven, "\(port.path): depends on the port: give --to \(connection.address) with one, as in ADDRESS:443/tcp")
        }
        let transport = connection.transport ?? "tcp"
        if let wanted = port.transport, wanted != transport {
            return Judgement(.no, "\(port.path): is for \(wanted), not \(transport)")
        }
        switch port.numbers {
        case .all: return Judgement(.yes, "\(port.path): every port\(port.transport.map { " of \($0)" } ?? "")")
        case .range(let range):
            let text = range.count == 1 ? "port \(range.lowerBound)" : "ports \(range.lowerBound) to \(range.upperBound)"
            let isIn = range.contains(number)
            return Judgement(isIn ? .yes : .no, "\(port.path): \(text)\(isIn ? "" : ", not \(number)")")
        case .named(let name): return named(name, number, transport, port.path)
        }
    }

    /// A name means what the destination's containers say, so it never means anything else than pods.
    private func named(_ name: String, _ number: UInt16, _ transport: String, _ path: String) -> Judgement {
        switch connection.place {
        case .pods(let pods):
            let answers = pods.map { pod -> Judgement in
                let own = pod.ports.filter { $0.name.lowercased() == name.lowercased() && $0.transport == transport }
                let numbers = own.map { String($0.number) }.joined(separator: ", ")
                if own.contains(where: { $0.number == number }) { return Judgement(.yes, "\(path): port \(name) is \(number)") }
                let has = own.isEmpty ? "has no port \(name)" : "has port \(name) at \(numbers)"
                return Judgement(.no, "\(path): pod \(pod.namespace)/\(pod.name) \(has)")
            }
            return .agreed(answers, path: path)
        case .node, .outside: return Judgement(.no, "\(path): port \(name) is a name, which only a pod can have")
        case .unclear(let why): return .unknown(.destinationUnclear, "\(path): \(why)")
        }
    }
}

extension Judgement {
    /// What several pods with one address have in common; unknown where they differ.
    static func agreed(_ judgements: [Judgement], path: String) -> Judgement {
        guard let first = judgements.first else { return Judgement(.no, "\(path): there is no such pod") }
        if judgements.allSatisfy({ $0.result == first.result }) { return first }
        return .unknown(.destinationUnclear, "\(path): several pods have the address, and it holds for some of them alone")
    }
}
