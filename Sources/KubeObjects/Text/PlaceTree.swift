import JSONText

/// Lines and columns of a value and of what it holds, in the shape of the value.
struct PlaceTree: Sendable, Hashable {
    struct Mark: Sendable, Hashable {
        var line: Int
        var column: Int

        /// Where this is when its text begins at `start`.
        func after(_ start: Mark) -> Mark {
            Mark(line: start.line + line - 1, column: line == 1 ? start.column + column - 1 : column)
        }
    }

    var value: Mark
    /// Where the key of this member stands; `nil` for an element of a list.
    var key: Mark?
    /// Parallel to the members or elements.
    var children: [PlaceTree] = []

    /// The place of what the path leads to; of the nearest thing on the way where it leads nowhere.
    func mark(of path: JSONPath, in root: JSONValue, preferringKey: Bool) -> Mark {
        var tree = self
        var value = root
        for component in path.components {
            guard let (position, child) = Self.step(component, in: value), tree.children.indices.contains(position) else {
                return tree.key ?? tree.value
            }
            tree = tree.children[position]
            value = child
        }
        return preferringKey ? tree.key ?? tree.value : tree.value
    }

    /// The same for a text that begins at `start`.
    func after(_ start: Mark) -> PlaceTree {
        guard start != Mark(line: 1, column: 1) else { return self }
        return PlaceTree(value: value.after(start), key: key?.after(start), children: children.map { $0.after(start) })
    }

    /// The part for a value inside; itself where the path leads nowhere.
    func subtree(at path: JSONPath, in root: JSONValue) -> PlaceTree {
        var tree = self
        var value = root
        for component in path.components {
            guard let (position, child) = Self.step(component, in: value), tree.children.indices.contains(position) else { return self }
            tree = tree.children[position]
            value = child
        }
        return tree
    }

    private static func step(_ component: JSONPath.Component, in value: JSONValue) -> (Int, JSONValue)? {
        switch (component, value) {
        case (.index(let index), .array(let elements)):
            return elements.indices.contains(index) ? (index, elements[index]) : nil
        case (.key(let key), .object(let object)):
            guard let position = object.members.firstIndex(where: { $0.key == key }) else { return nil }
            return (position, object.members[position].value)
        default:
            return nil
        }
    }
}
