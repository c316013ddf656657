// SPDX-License-Identifier: Apache-2.0
import EgressPlan
import Glibc

/// The whole life of the process that holds one module: `egress-helper plugin-host /absolute/path.so`.
///
/// Speaks on descriptor 3, which the helper opened, and returns the exit status when that ends. Must be called on the main
/// thread before anything else runs: it gives the process's privileges up. The process is killed when the thread that
/// started it ends.
public func pluginHostMain(module path: String) -> Int32 {
    guard fcntl(Exchange.descriptor, F_GETFD) >= 0 else {
        ModuleLog.write(.error, "plugin-host is started by the helper, with a socket as descriptor 3")
        return 64
    }
    _ = fcntl(Exchange.descriptor, F_SETFD, FD_CLOEXEC)
    let missing: [String]
    do throws(HelperError) {
        missing = try ModuleSandbox.enter()
    } catch {
        ModuleLog.write(.error, error.message)
        return 71
    }
    for text in missing { ModuleLog.write(.warning, text) }
    // The helper may have gone before its end could end this process.
    guard !isHungUp(Exchange.descriptor) else { return 0 }
    var service = ModuleService(path: path, missing: missing)
    return service.serve()
}

private func isHungUp(_ socket: Int32) -> Bool {
    var polled = pollfd(fd: socket, events: 0, revents: 0)
    return poll(&polled, 1, 0) > 0 && Int32(polled.revents) & POLLHUP != 0
}
