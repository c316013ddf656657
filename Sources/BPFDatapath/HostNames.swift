import Glibc

/// Indices of the interfaces of the calling thread's network namespace.
func interfaceIndices() throws -> [Int] {
    guard let list = if_nameindex() else { throw DatapathError("interfaces can't be listed", errno: errno) }
    defer { if_freenameindex(list) }
    var indices: [Int] = []
    var next = list
    while next.pointee.if_index != 0 {
        indices.append(Int(next.pointee.if_index))
        next += 1
    }
    return indices
}

/// Names in a folder, without those that begin with a dot.
func fileNames(in folder: String) throws -> [String] {
    guard let stream = opendir(folder) else { throw DatapathError("\(folder) can't be listed", errno: errno) }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
        let name = withUnsafeBytes(of: &entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
        if !name.hasPrefix(".") { names.append(name) }
    }
    return names
}
