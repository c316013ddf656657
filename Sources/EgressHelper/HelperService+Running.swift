public import ServiceLifecycle

extension HelperService: Service {
    /// Follows the node until a graceful shutdown; the datapath stays as it is then, and goes on without us.
    public func run() async throws {
        await withTaskGroup { group in
            group.addTask { await self.followChanges() }
            group.addTask { await self.keepHouse() }
        }
        endWatching()
    }

    private nonisolated func followChanges() async {
        for await _ in await changes().cancelOnGracefulShutdown() { await hostChanged() }
    }

    private nonisolated func keepHouse() async {
        while !Task.isCancelled, !Task.isShuttingDownGracefully {
            do {
                try await cancelWhenGracefulShutdown { try await Task.sleep(for: .seconds(10)) }
            } catch {
                return
            }
            await tend()
        }
    }
}
