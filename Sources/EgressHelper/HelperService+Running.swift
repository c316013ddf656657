public import ServiceLifecycle

extension HelperService: Service {
    /// Follows the node until a graceful shutdown; the datapath stays as it is then, and goes on without us.
    public func run() async throws {
        await withTaskGroup { group in
            group.addTask { await self.followChanges() }
            group.addTask { await self.keepHouse() }
            group.addTask { await self.keepAttached() }
        }
        endWatching()
    }

    private nonisolated func followChanges() async {
        for await _ in await changes().cancelOnGracefulShutdown() { await hostChanged() }
    }

    private nonisolated func keepHouse() async { await repeatedly(every: .seconds(10)) { await self.tend() } }

    /// Where the kernel doesn't tell, a look three times a second; else with each change of the node.
    private nonisolated func keepAttached() async {
        guard await !hearsOfAttachments else { return }
        await repeatedly(every: .milliseconds(300)) { await self.mend() }
    }

    private nonisolated func repeatedly(every pause: Duration, _ body: @Sendable () async -> Void) async {
        while !Task.isCancelled, !Task.isShuttingDownGracefully {
            do {
                try await cancelWhenGracefulShutdown { try await Task.sleep(for: pause) }
            } catch {
                return
            }
            await body()
        }
    }
}
