// SPDX-License-Identifier: Apache-2.0

extension Probe {
    /// Makes the check of the task.
    func check() throws(ProbeEnd) {
        switch task.check {
        case .file, .place, .symbols, .load, .table, .sameTable, .output, .log: return
        case .open: try checkOpen()
        case .brokenConfig: try checkBrokenConfig()
        case .otherConfig: try checkOtherConfig()
        case .unknownField: try checkUnknownField()
        case .largeConfig: try checkLargeConfig()
        case .deepConfig: try checkDeepConfig()
        case .resolve: try checkResolve()
        case .answer: try checkAnswer()
        case .families: try checkFamilies()
        case .sameAnswer: try checkSameAnswer()
        case .newerRequest: try checkNewerRequest()
        case .noInterfaces: try checkNoInterfaces()
        case .largeRequest: try checkLargeRequest()
        case .brokenRequest: try checkBrokenRequest()
        case .answerBuffers: try checkAnswerBuffers()
        case .errorBuffers: try checkErrorBuffers()
        case .instances: try checkInstances()
        case .facts: try checkFacts()
        case .close: try checkClose()
        case .leaks: try checkLeaks()
        case .processes: try checkProcesses()
        case .end: try checkEnd()
        }
    }
}
