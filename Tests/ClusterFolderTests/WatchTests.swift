import ClusterFolder
import EgressModel
import EgressPorts
import Glibc
import Synchronization
import Testing

/// Counts the changes that a cluster tells of, while the body runs.
private final class ChangeCount: Sendable {
    private let count = Mutex(0)
    private let ended = Mutex(false)

    var value: Int { count.withLock { $0 } }
    var hasEnded: Bool { ended.withLock { $0 } }

    func follow(_ stream: AsyncStream<Void>) async {
        for await _ in stream { count.withLock { $0 += 1 } }
        ended.withLock { $0 = true }
    }

    /// Waits until more than `before` were seen, five seconds at most.
    func moreThan(_ before: Int) async throws -> Bool {
        for _ in 0..<500 {
            if value > before { return true }
            try await Task.sleep(for: .milliseconds(10))
        }
        return false
    }
}

private func watching(_ path: String, _ body: (ChangeCount) async throws -> Void) async throws {
    let changes = ChangeCount()
    let stream = ClusterFolder(path: path).changes()
    let follower = Task { await changes.follow(stream) }
    #expect(try await changes.moreThan(0))
    try await body(changes)
    follower.cancel()
    await follower.value
}

@Suite struct WatchTests {
    @Test func `writing, renaming, removing and new subfolders are told of`() async throws {
        let folder = TemporaryFolder()
        folder.makeFolder("old")
        try await watching(folder.path) { changes in
            let steps: [@Sendable () -> Void] = [
                { folder.write("a: 1", "a.yaml") },
                { folder.write("a: 2", "a.yaml") },
                {
                    folder.write("a: 3", ".a.yaml.swp")
                    rename(folder.path + "/.a.yaml.swp", folder.path + "/a.yaml")
                },
                { folder.write("b: 1", "old/b.json") },
                { folder.makeFolder("new") },
                { folder.write("c: 1", "new/c.yaml") },
                { rename(folder.path + "/new", folder.path + "/newer") },
                { folder.write("c: 2", "newer/c.yaml") },
                { unlink(folder.path + "/a.yaml") },
            ]
            for (number, step) in steps.enumerated() {
                let before = changes.value
                step()
                #expect(try await changes.moreThan(before), "step \(number)")
                // A step's own burst must not stand in for the next step.
                try await Task.sleep(for: .milliseconds(60))
            }
        }
    }

    @Test func `hidden files and other endings are passed over`() async throws {
        let folder = TemporaryFolder()
        try await watching(folder.path) { changes in
            folder.write("x", ".hidden.yaml")
            folder.write("x", "notes.txt")
            _ = try await ClusterFolder(path: folder.path).tunnelTokens()
            try await Task.sleep(for: .milliseconds(200))
            #expect(changes.value == 1)
        }
    }

    @Test func `a burst is few changes`() async throws {
        let folder = TemporaryFolder()
        try await watching(folder.path) { changes in
            for number in 0..<200 { folder.write("a: \(number)", "f\(number).yaml") }
            #expect(try await changes.moreThan(1))
            try await Task.sleep(for: .milliseconds(200))
            #expect(changes.value < 50)
        }
    }

    @Test func `one file is watched through replacement`() async throws {
        let folder = TemporaryFolder()
        folder.write("a: 1", "one.yaml")
        try await watching(folder.path + "/one.yaml") { changes in
            for number in 0..<3 {
                let before = changes.value
                folder.write("a: \(number)", "next")
                rename(folder.path + "/next", folder.path + "/one.yaml")
                #expect(try await changes.moreThan(before))
                try await Task.sleep(for: .milliseconds(60))
            }
            let before = changes.value
            folder.write("b: 1", "two.yaml")
            try await Task.sleep(for: .milliseconds(150))
            #expect(changes.value == before)
        }
    }

    @Test func `a folder that goes away and comes back is watched again`() async throws {
        let outer = TemporaryFolder()
        let path = outer.path + "/inner"
        outer.makeFolder("inner")
        try await watching(path) { changes in
            var before = changes.value
            rmdir(path)
            #expect(try await changes.moreThan(before))
            try await Task.sleep(for: .milliseconds(100))
            before = changes.value
            outer.makeFolder("inner")
            #expect(try await changes.moreThan(before))
            try await Task.sleep(for: .milliseconds(100))
            before = changes.value
            outer.write("a: 1", "inner/a.yaml")
            #expect(try await changes.moreThan(before))
        }
    }

    @Test func `standard input changes once and ends`() async throws {
        let changes = ChangeCount()
        await changes.follow(ClusterFolder(path: "-").changes())
        #expect(changes.value == 1)
        #expect(changes.hasEnded)
    }
}
