import Glibc

/// A descriptor that this object owns and closes.
///
/// A class, since Swift ends a noncopyable value at its last use: the descriptor would be closed while a call uses it.
final class FileDescriptor {
    let number: Int32

    /// Takes ownership of `number`.
    init(owning number: Int32) {
        self.number = number
    }

    deinit {
        close(number)
    }
}
