import Dispatch
import Glibc
import KubeObjects

/// Says that something under a folder, or one file, may have changed, by inotify(7).
///
/// Safe because everything that changes is touched on `queue` alone.
final class FolderWatch: @unchecked Sendable {
    /// Bursts, such as the steps of an editor that saves, are one change.
    static let quietTime = DispatchTimeInterval.milliseconds(20)
    static let retryTime = DispatchTimeInterval.milliseconds(500)

    private static let mask = UInt32(
        IN_CLOSE_WRITE | IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR)

    private let files: ManifestFiles
    private let queue = DispatchQueue(label: "kubectl-egress.folder-watch")
    private let report: @Sendable () -> Void
    private var file: Int32 = -1
    private var source: (any DispatchSourceRead)?
    /// The watch of the folder around, while the root is a file or isn't there.
    private var parentWatch: Int32?
    private var isReportDue = false
    private var isRetryDue = false
    private var isEnded = false

    /// - Parameter report: called on the watch's own queue, once a burst.
    init(_ files: ManifestFiles, report: @escaping @Sendable () -> Void) {
        self.files = files
        self.report = report
    }

    /// Begins to watch, then reports once: what changed before is in the first reading, what changes after is reported.
    func start() {
        queue.async { [self] in
            open()
            watchFolders()
            report()
        }
    }

    func end() {
        queue.async { [self] in
            isEnded = true
            source?.cancel()
            source = nil
        }
    }

    private func open() {
        let opened = inotify_init1(Int32(IN_NONBLOCK | IN_CLOEXEC))
        guard opened >= 0, !isEnded else {
            if opened >= 0 { close(opened) }
            return retry()
        }
        file = opened
        let source = DispatchSource.makeReadSource(fileDescriptor: opened, queue: queue)
        source.setEventHandler { [weak self] in self?.readEvents() }
        source.setCancelHandler { close(opened) }
        source.resume()
        self.source = source
    }

    /// Adding a watch twice for one folder is the same watch, so this runs again whenever a folder came or went.
    private func watchFolders() {
        guard !isEnded else { return }
        if file < 0 { open() }
        guard file >= 0 else { return }
        do {
            if files.isFolder {
                try watch(files.root)
                try files.visitFolders { path, _ in _ = try? watch(path) }
            } else {
                parentWatch = try watch(AtomicFile.folder(of: files.root))
            }
        } catch {
            // Gone, perhaps for a moment, or the system's limit of watches is reached.
            retry()
        }
    }

    @discardableResult
    private func watch(_ path: String) throws -> Int32 {
        try SystemCall.check("can't watch \(path)") { inotify_add_watch(file, path, Self.mask) }
    }

    private func retry() {
        guard !isRetryDue, !isEnded else { return }
        isRetryDue = true
        queue.asyncAfter(deadline: .now() + Self.retryTime) { [weak self] in
            guard let self else { return }
            isRetryDue = false
            watchFolders()
            reportSoon()
        }
    }

    private func reportSoon() {
        guard !isReportDue, !isEnded else { return }
        isReportDue = true
        queue.asyncAfter(deadline: .now() + Self.quietTime) { [weak self] in
            guard let self, !isEnded else { return }
            isReportDue = false
            report()
        }
    }

    private func readEvents() {
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = read(file, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return }
            buffer[..<count].withUnsafeBytes(takeEvents)
        }
    }

    private func takeEvents(_ bytes: UnsafeRawBufferPointer) {
        let headerSize = MemoryLayout<inotify_event>.size
        var offset = 0
        while offset + headerSize <= bytes.count {
            let event = bytes.loadUnaligned(fromByteOffset: offset, as: inotify_event.self)
            let nameEnd = min(bytes.count, offset + headerSize + Int(event.len))
            let name = String(decoding: bytes[(offset + headerSize)..<nameEnd].prefix { $0 != 0 }, as: UTF8.self)
            take(event, name)
            offset = nameEnd
        }
    }

    private func take(_ event: inotify_event, _ name: String) {
        if event.wd == parentWatch, !name.isEmpty {
            guard name == AtomicFile.name(of: files.root) || name == "..data" else { return }
            watchFolders()
            return reportSoon()
        }
        let isFolder = event.mask & UInt32(IN_ISDIR) != 0
        // Events of a folder itself have no name: it went away, or events were lost.
        if name.isEmpty || isFolder && !name.hasPrefix(".") {
            watchFolders()
            return reportSoon()
        }
        // `..data` is the link that Kubernetes flips when it updates a mounted ConfigMap.
        if name == "..data" || ManifestFiles.holdsManifests(name) { reportSoon() }
    }
}
