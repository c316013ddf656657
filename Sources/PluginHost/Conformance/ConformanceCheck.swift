// SPDX-License-Identifier: Apache-2.0

/// What `egress_plugin.h` asks of a module, one promise a case; in the order in which they are looked at.
enum ConformanceCheck: String, CaseIterable, Sendable {
    case file
    case place
    case symbols
    case load
    case table
    case sameTable = "same-table"
    case open
    case brokenConfig = "broken-config"
    case otherConfig = "other-config"
    case unknownField = "unknown-field"
    case largeConfig = "large-config"
    case deepConfig = "deep-config"
    case resolve
    case answer
    case families
    case sameAnswer = "same-answer"
    case newerRequest = "newer-request"
    case noInterfaces = "no-interfaces"
    case largeRequest = "large-request"
    case brokenRequest = "broken-request"
    case answerBuffers = "answer-buffers"
    case errorBuffers = "error-buffers"
    case instances
    case facts
    case close
    case leaks
    case end
    case processes
    // Seen in all of the above.
    case output
    case log

    /// What holds when it passed.
    var promise: String {
        switch self {
        case .file: "a shared object for this machine"
        case .place: "root alone can change it, so that the helper will load it"
        case .symbols: "exports egress_plugin_v1 and nothing else"
        case .load: "loads with every symbol found, and returns its table"
        case .table: "size, abi, flags, name, version and functions are as the header says"
        case .sameTable: "returns the same table each time"
        case .open: "opens the given configuration"
        case .brokenConfig: "refuses a configuration that is no JSON"
        case .otherConfig: "refuses a configuration that is no JSON object"
        case .unknownField: "refuses a field that it doesn't know, and names it"
        case .largeConfig: "refuses an unknown field of a megabyte"
        case .deepConfig: "refuses 100,000 brackets inside one another"
        case .resolve: "answers a full request"
        case .answer: "the answer is what the header says"
        case .families: "answers with addresses of the families that were asked for"
        case .sameAnswer: "answers the same to the same request"
        case .newerRequest: "takes a request with fields that it doesn't know"
        case .noInterfaces: "takes a request from a node without interfaces"
        case .largeRequest: "takes a request of a megabyte"
        case .brokenRequest: "survives requests that are broken"
        case .answerBuffers: "keeps to its buffer, from 0 bytes to 64 KiB, and says what it needs"
        case .errorBuffers: "keeps error texts to their buffer, and cuts them"
        case .instances: "two instances don't disturb each other"
        case .facts: "takes facts a hundred times, whole and broken"
        case .close: "close sets *instance to NULL, and is harmless on NULL"
        case .leaks: "1,000 instances leave no memory, descriptor or thread behind"
        case .end: "its process ends in peace while an instance is open"
        case .output: "prints nothing on standard output"
        case .processes: "starts no process"
        case .log: "calls log as the header says, and not after close"
        }
    }

    /// Where one of these failed, nothing can be said about this one.
    var needs: [ConformanceCheck] {
        switch self {
        case .file: []
        case .place, .symbols, .load: [.file]
        case .table: [.load]
        case .sameTable, .open, .brokenConfig, .otherConfig, .unknownField, .largeConfig, .deepConfig: [.table]
        case .resolve: [.open]
        case .answer, .sameAnswer, .errorBuffers, .close, .leaks, .end, .processes: [.resolve]
        case .families, .noInterfaces, .largeRequest: [.answer]
        case .newerRequest, .brokenRequest, .answerBuffers, .instances, .facts: [.sameAnswer]
        case .output, .log: [.load]
        }
    }

    /// Whether there is nothing to look at where the request has no answer.
    var needsAnswer: Bool {
        switch self {
        case .answer, .families, .newerRequest, .answerBuffers: true
        default: false
        }
    }
}

/// What is wrong, and what its author can do about it.
struct ConformanceFinding: Hashable, Sendable {
    var what: String
    var advice: String
}
