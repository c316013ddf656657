import TestKit

/// Thousands of TCP connections of one namespace to one server, each with words of its own, which the server must say back.
enum Crowd {
    struct Outcome {
        /// Heard their own words, twice.
        var served: Int
        /// Ended by somebody.
        var reset: Int
        /// Heard other words.
        var wrong: Int
        /// Never got through.
        var silent: Int
    }

    /// Says back what it hears, until it is let go.
    static func serve(_ address: String, _ port: UInt16) throws -> RunningCommand {
        try Command.start(["/usr/bin/python3", "-c", server, address, "\(port)"])
    }

    /// All of `count` connections are open at a time. Its output is for ``outcome(_:)``.
    static func come(_ name: String, _ count: Int, to address: String, _ port: UInt16) throws -> RunningCommand {
        try Command.start(["/usr/bin/python3", "-c", clients, name, "\(count)", address, "\(port)"])
    }

    static func outcome(_ command: RunningCommand) throws -> Outcome {
        let outcome = command.finish()
        let numbers = outcome.output.split(separator: " ").compactMap { Int($0.filter(\.isNumber)) }
        guard outcome.succeeded, numbers.count == 4 else { throw TestKitError("a crowd: \(outcome.output) \(outcome.errors)") }
        return Outcome(served: numbers[0], reset: numbers[1], wrong: numbers[2], silent: numbers[3])
    }

    private static let limit = """
        import resource, selectors, socket, sys, time
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard if hard != resource.RLIM_INFINITY else 65536, hard))

        """

    private static let server =
        limit + """
            listener = socket.create_server((sys.argv[1], int(sys.argv[2])), backlog=4096)
            listener.setblocking(False)
            poll = selectors.DefaultSelector()
            poll.register(listener, selectors.EVENT_READ)
            while True:
                for key, _ in poll.select():
                    if key.fileobj is listener:
                        connection, _ = listener.accept()
                        connection.setblocking(False)
                        poll.register(connection, selectors.EVENT_READ)
                        continue
                    try:
                        heard = key.fileobj.recv(4096)
                        if heard:
                            key.fileobj.sendall(heard)
                            continue
                    except OSError:
                        pass
                    poll.unregister(key.fileobj)
                    key.fileobj.close()
            """

    /// A connection whose SYN gets no answer is given up after three seconds; a word after five.
    private static let clients =
        limit + """
            name, count, server = sys.argv[1], int(sys.argv[2]), (sys.argv[3], int(sys.argv[4]))
            poll = selectors.DefaultSelector()
            state, served, reset, wrong, silent = {}, 0, 0, 0, 0

            def drop(connection):
                poll.unregister(connection)
                del state[connection]
                connection.close()

            def round(word, patience):
                global reset, wrong, silent
                waiting = set(state)
                end = time.monotonic() + patience
                for connection in list(waiting):
                    if state[connection][1]:
                        connection.sendall((state[connection][0] + word).encode())
                while waiting and time.monotonic() < end:
                    for key, events in poll.select(0.1):
                        connection = key.fileobj
                        try:
                            if events & selectors.EVENT_WRITE:
                                error = connection.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
                                if error:
                                    raise OSError(error, "connect")
                                state[connection][1] = True
                                poll.modify(connection, selectors.EVENT_READ)
                                connection.sendall((state[connection][0] + word).encode())
                                continue
                            heard = connection.recv(4096).decode()
                        except OSError:
                            heard = ""
                        waiting.discard(connection)
                        if heard == "":
                            reset += 1
                            drop(connection)
                        elif heard != state[connection][0] + word:
                            wrong += 1
                            drop(connection)
                silent += len(waiting)
                for connection in waiting:
                    drop(connection)

            for number in range(count):
                connection = socket.socket()
                connection.setblocking(False)
                connection.connect_ex(server)
                state[connection] = [f"{name} {number}: ", False]
                poll.register(connection, selectors.EVENT_WRITE)
                if number % 100 == 99:
                    time.sleep(0.02)
            round("here", 6)
            round("still here", 5)
            print(len(state), reset, wrong, silent)
            """
}
