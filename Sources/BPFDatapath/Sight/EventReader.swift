import CEgressABI
import CLibBPF
import Glibc

/// A thread that waits for the ring buffer and hands over what is in it, burst by burst.
///
/// Unchecked: the buffer is the thread's alone from ``start(_:)`` to its end, which ``stop()`` waits for.
final class EventReader: @unchecked Sendable {
    private let buffer: OpaquePointer
    private let burst: EventBurst
    /// Becomes readable when the thread is to end.
    private let bell: FileDescriptor
    private let rope: FileDescriptor
    private var thread: pthread_t?

    /// What is in the buffer from an earlier watch is thrown away. The map isn't owned.
    init(_ map: Int32) throws {
        burst = EventBurst()
        var ends: [Int32] = [-1, -1]
        let kind = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
        guard socketpair(AF_UNIX, kind, 0, &ends) == 0 else { throw DatapathError("a pair of sockets can't be made", errno: errno) }
        (bell, rope) = (FileDescriptor(owning: ends[0]), FileDescriptor(owning: ends[1]))
        let made = ring_buffer__new(
            map,
            { burst, data, size in
                guard let burst, let data else { return 0 }
                Unmanaged<EventBurst>.fromOpaque(burst).takeUnretainedValue().append(UnsafeRawBufferPointer(start: data, count: Int(size)))
                return 0
            }, Unmanaged.passUnretained(burst).toOpaque(), nil)
        guard let made else { throw DatapathError("the ring buffer of events can't be read", errno: errno) }
        buffer = made
        ring_buffer__consume(buffer)
        burst.events = []
    }

    deinit {
        ring_buffer__free(buffer)
    }

    /// Once. `take` is called on the thread.
    func start(_ take: @escaping @Sendable ([egress_event]) -> Void) throws {
        burst.take = take
        var made = pthread_t()
        let reader = Unmanaged.passRetained(self)
        let result = pthread_create(
            &made, nil,
            { reader in
                guard let reader else { return nil }
                Unmanaged<EventReader>.fromOpaque(reader).takeRetainedValue().read()
                return nil
            }, reader.toOpaque())
        guard result == 0 else {
            reader.release()
            throw DatapathError("a thread for events can't be made", errno: result)
        }
        thread = made
    }

    /// Waits for the thread's end.
    func stop() {
        guard let thread else { return }
        var one: UInt8 = 1
        _ = write(rope.number, &one, 1)
        pthread_join(thread, nil)
        self.thread = nil
    }

    private func read() {
        var ready = [
            pollfd(fd: ring_buffer__epoll_fd(buffer), events: Int16(POLLIN), revents: 0),
            pollfd(fd: bell.number, events: Int16(POLLIN), revents: 0),
        ]
        while ready[1].revents == 0 {
            guard poll(&ready, 2, -1) >= 0 || errno == EINTR else { return }
            // Negative only for a sample that was refused, and none is.
            ring_buffer__consume(buffer)
            burst.flush()
        }
    }
}

/// Events on their way from libbpf's callback; the reading thread's alone.
private final class EventBurst {
    /// The whole buffer is less than this many.
    private static let most = 4096

    var events: [egress_event] = []
    var take: (([egress_event]) -> Void)?

    /// What isn't an event of ours, or not whole, is passed over.
    func append(_ bytes: UnsafeRawBufferPointer) {
        guard bytes.count >= MemoryLayout<egress_event>.size else { return }
        events.append(bytes.loadUnaligned(as: egress_event.self))
        if events.count >= Self.most { flush() }
    }

    func flush() {
        guard !events.isEmpty else { return }
        take?(events)
        events.removeAll(keepingCapacity: true)
    }
}
