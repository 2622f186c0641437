import _NIOFileSystem

/// A file to be sent, and the name it is to have on the server.
package struct LocalEntry: Hashable, Sendable {
    package let path: String
    /// Pieces separated by slashes, none of them `.` or `..`.
    package let name: String
}

/// The files behind a path: itself, or what is in it at any depth, in the order of their names.
package struct LocalTree: Hashable, Sendable {
    package private(set) var files: [LocalEntry] = []
    /// What is there but is no file, and what it is: links to folders, pipes, devices.
    package private(set) var skipped: [Skipped] = []
    /// What may hold files and cannot be sent: folders that cannot be looked into, links that lead nowhere, names that
    /// are no UTF-8.
    package private(set) var unreadable: [ClientError] = []

    package struct Skipped: Hashable, Sendable {
        package let path: String
        package let reason: String
    }

    /// Looks at `path`; a link given here is followed, whatever it points to.
    package init(at path: String) async throws(ClientError) {
        do {
            guard let info = try await FileSystem.shared.info(forFileAt: FilePath(path)) else {
                throw Errno.noSuchFileOrDirectory
            }
            let name = Self.name(of: FilePath(path))
            if info.type == .directory {
                try await add(folder: FilePath(path), name: name)
            } else {
                files.append(LocalEntry(path: path, name: name))
            }
        } catch {
            throw .noInput(path: path, reason: error.reason)
        }
    }

    /// The last piece of a path; nothing when the path only says where we are.
    private static func name(of path: FilePath) -> String {
        guard let last = path.lexicallyNormalized().lastComponent, last.kind == .regular else { return "" }
        return last.string
    }

    private mutating func add(folder: FilePath, name: String) async throws {
        var entries = try await FileSystem.shared.withDirectoryHandle(atPath: folder) { handle in
            try await handle.listContents().reduce(into: []) { $0.append($1) }
        }
        entries.sort { $0.name.string < $1.name.string }
        for entry in entries {
            do {
                try await add(entry, name: name.isEmpty ? entry.name.string : "\(name)/\(entry.name.string)")
            } catch {
                // What cannot be looked at must not keep the rest from being sent.
                fail(entry.path.string, error.reason)
            }
        }
    }

    private mutating func add(_ entry: DirectoryEntry, name: String) async throws {
        let path = entry.path.string
        guard FilePath(path) == entry.path else { return fail(path, "its name is not UTF-8") }
        switch entry.type {
        case .directory: try await add(folder: entry.path, name: name)
        case .regular: files.append(LocalEntry(path: path, name: name))
        case .symlink:
            // A link to a folder may lead back up here.
            switch try await FileSystem.shared.info(forFileAt: entry.path)?.type {
            case .regular: files.append(LocalEntry(path: path, name: name))
            case nil: fail(path, "a link that leads nowhere")
            default: skip(path, "a link that leads to no file")
            }
        default: skip(path, "neither a file nor a folder")
        }
    }

    private mutating func skip(_ path: String, _ reason: String) {
        skipped.append(Skipped(path: path, reason: reason))
    }

    private mutating func fail(_ path: String, _ reason: String) {
        unreadable.append(.noInput(path: path, reason: reason))
    }
}
