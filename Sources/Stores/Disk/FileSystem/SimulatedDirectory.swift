/// A directory of a simulated file system.
final class SimulatedDirectory: Directory {
    private let fileSystem: SimulatedFileSystem
    private let node: Int
    /// For rules and failures; empty for the root.
    private let path: String

    init(_ fileSystem: SimulatedFileSystem, _ node: Int, path: String) {
        self.fileSystem = fileSystem
        self.node = node
        self.path = path
    }

    func directory(_ name: String) throws(FileSystemError) -> any Directory {
        let child = try fileSystem.call(.openDirectory, path(name)) { disk throws(FileSystemError) in
            let child = try disk.node(name, in: node)
            guard disk.names.isDirectory(child) else { throw .io(number: 20, call: "not a directory") }
            return child
        }
        return SimulatedDirectory(fileSystem, child, path: path(name))
    }

    func makeDirectory(_ name: String) throws(FileSystemError) {
        try fileSystem.call(.makeDirectory, path(name)) { disk throws(FileSystemError) in
            try disk.name(disk.makeDirectory(), name, in: node)
        }
    }

    func makeFile() throws(FileSystemError) -> any OpenFile {
        let file = try fileSystem.call(.makeFile, path) { disk throws(FileSystemError) in disk.makeFile() }
        return SimulatedFile(fileSystem, file, subject: "\(path)/#\(file)")
    }

    func file(_ name: String, for access: Access) throws(FileSystemError) -> any OpenFile {
        let file = try fileSystem.call(.openFile, path(name)) { disk throws(FileSystemError) in
            let file = try disk.node(name, in: node)
            if disk.names.isDirectory(file) { throw .io(number: 21, call: "a directory") }
            return file
        }
        return SimulatedFile(fileSystem, file, subject: path(name))
    }

    func lock(_ name: String) throws(FileSystemError) -> any OpenFile {
        let file = try fileSystem.call(.lock, path(name)) { disk throws(FileSystemError) in
            if disk.names.node(name, in: node) == nil { try disk.name(disk.makeFile(), name, in: node) }
            let file = try disk.node(name, in: node)
            guard disk.lock(file) else { throw .locked }
            return file
        }
        return SimulatedFile(fileSystem, file, subject: path(name), isLock: true)
    }

    func link(_ file: any OpenFile, as name: String) throws(FileSystemError) {
        guard let file = file as? SimulatedFile else { preconditionFailure("a file of elsewhere") }
        try fileSystem.call(.link, path(name)) { disk throws(FileSystemError) in
            try disk.name(file.node, name, in: node)
        }
    }

    func rename(_ name: String, to newName: String, in other: any Directory) throws(FileSystemError) {
        guard let other = other as? SimulatedDirectory else { preconditionFailure("a directory of elsewhere") }
        try fileSystem.call(.rename, "\(path(name)) to \(other.path(newName))") { disk throws(FileSystemError) in
            let moved = try disk.node(name, in: node)
            disk.names.change([
                .init(directory: other.node, name: newName, node: moved),
                .init(directory: node, name: name, node: nil),
            ])
        }
    }

    func unlink(_ name: String) throws(FileSystemError) {
        try fileSystem.call(.unlink, path(name)) { disk throws(FileSystemError) in
            _ = try disk.node(name, in: node)
            disk.names.change([.init(directory: node, name: name, node: nil)])
        }
    }

    func sync() throws(FileSystemError) {
        try fileSystem.sync(.syncDirectory, path) { $0.names.sync(node) }
    }

    func names() throws(FileSystemError) -> [String] {
        try fileSystem.call(.list, path) { disk throws(FileSystemError) in disk.names.names(in: node) }
    }

    func space() throws(FileSystemError) -> Space {
        try fileSystem.call(.look, path) { disk throws(FileSystemError) in disk.space }
    }

    func kind() throws(FileSystemError) -> String {
        try fileSystem.call(.look, path) { disk throws(FileSystemError) in disk.kind }
    }

    private func path(_ name: String) -> String { path.isEmpty ? name : "\(path)/\(name)" }
}

extension SimulatedDisk {
    fileprivate func node(_ name: String, in directory: Int) throws(FileSystemError) -> Int {
        guard let node = names.node(name, in: directory) else { throw .absent }
        return node
    }

    fileprivate mutating func name(_ node: Int, _ name: String, in directory: Int) throws(FileSystemError) {
        guard names.node(name, in: directory) == nil else { throw .exists }
        names.change([.init(directory: directory, name: name, node: node)])
    }
}
