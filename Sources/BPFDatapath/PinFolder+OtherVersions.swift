import Glibc

/// What a helper with another layout of the maps left beside our folder.
extension PinFolder {
    /// Its links become ours, and are given our programs when they are renewed: no interface is without a program for a
    /// moment. Where our maps know nothing yet, what is claimed is dropped until a plan is in force.
    func adoptLinks() throws {
        for other in try others() {
            for name in try names(in: other.links) {
                let (old, new) = ("\(other.links)/\(name)", "\(links)/\(name)")
                guard rename(old, new) == 0 else { throw DatapathError("\(old) can't become \(new)", errno: errno) }
            }
        }
    }

    /// Its maps and programs go: nothing runs them any more.
    func removeOthers() throws {
        for other in try others() {
            for folder in [other.programs, other.links, other.maps] {
                for name in try names(in: folder) { unlink("\(folder)/\(name)") }
                guard rmdir(folder) != 0, errno != ENOENT else { continue }
                throw DatapathError("folder \(folder) can't be removed", errno: errno)
            }
        }
    }

    /// None in a folder that went already, before an earlier helper ended in the middle.
    private func names(in folder: String) throws -> [String] {
        access(folder, F_OK) == 0 ? try fileNames(in: folder) : []
    }

    /// The number of its layout.
    var version: Int? {
        let name = maps.split(separator: "/").last ?? ""
        return name.first == "v" ? Int(name.dropFirst()) : nil
    }

    /// Folders beside ours that are named as ours is: `v` and a number.
    func others() throws -> [PinFolder] {
        guard let end = maps.lastIndex(of: "/") else { return [] }
        let root = maps[..<end]
        return try fileNames(in: String(root)).filter { $0.first == "v" && Int($0.dropFirst()) != nil }.map {
            PinFolder(maps: "\(root)/\($0)")
        }
        .filter { $0.maps != maps }
    }
}
