/// Names of an object's members as a reader knows them: those that it reads, then those that it passes over.
///
/// A member with any other name ends the walk with a ``JSONDetour``: what is new to the reader may matter.
public struct JSONFields: Sendable {
    private let names: [StaticString]

    /// At most 64 names; what is above is as if it weren't there.
    public init(_ read: [StaticString], passed: [StaticString] = []) { names = Array((read + passed).prefix(64)) }

    /// Looks from `guess` on, as members come mostly in one order.
    func index(of key: JSONSlice, from guess: Int) -> Int? {
        for index in guess..<max(guess, names.count) where key == names[index] { return index }
        for index in 0..<min(guess, names.count) where key == names[index] { return index }
        return nil
    }
}

/// Which members of an object were met.
public struct JSONMembers {
    let fields: JSONFields
    var met: UInt64 = 0
    var guess = 0

    public init(_ fields: JSONFields) { self.fields = fields }
}
