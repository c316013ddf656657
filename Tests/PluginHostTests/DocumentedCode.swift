// SPDX-License-Identifier: Apache-2.0
import TestKit

/// What a page tells its reader to write and to run, in its order: fences that begin with `… file=NAME` and `sh run`.
struct DocumentedCode {
    enum Step: Equatable {
        case file(name: String, text: String)
        case run(String)
    }

    let steps: [Step]

    init(page: String) throws {
        var steps: [Step] = []
        var fence: (words: [Substring], lines: [Substring])?
        for line in page.split(separator: "\n", omittingEmptySubsequences: false) {
            guard line.hasPrefix("```") else {
                fence?.lines.append(line)
                continue
            }
            guard let done = fence else {
                fence = (line.dropFirst(3).split(separator: " "), [])
                continue
            }
            fence = nil
            let text = done.lines.map { "\($0)\n" }.joined()
            if let name = done.words.first(where: { $0.hasPrefix("file=") }) {
                steps.append(.file(name: String(name.dropFirst("file=".count)), text: text))
            } else if done.words == ["sh", "run"] {
                steps.append(.run(text))
            }
        }
        guard fence == nil else { throw Failure(text: "a fence has no end") }
        self.steps = steps
    }

    /// One script for bash, so that what a step exports and where it went holds for the next; ends with the first failure.
    var script: String {
        let end = "END_OF_A_DOCUMENTED_FILE"
        return steps.reduce(into: "set -euxo pipefail\n") { script, step in
            switch step {
            case .file(let name, let text): script += "cat >'\(name)' <<'\(end)'\n\(text)\(end)\n"
            case .run(let text): script += text
            }
        }
    }
}
