import Glibc

/// What kind of file system lies under an open descriptor, as Linux tells in `/proc`.
enum Mounts {
    /// The kernel's word for the kind, or nothing when `/proc` does not tell.
    static func kind(of descriptor: CInt) throws(FileSystemError) -> String {
        guard let mount = field("mnt_id:", in: try text(of: "/proc/self/fdinfo/\(descriptor)")) else { return "" }
        return kind(ofMount: mount, in: try text(of: "/proc/self/mountinfo")) ?? ""
    }

    /// The kind in the line of `mountinfo` that begins with the mount's number: the first word after ` - `.
    static func kind(ofMount mount: Substring, in mounts: String) -> String? {
        for line in mounts.split(separator: "\n") {
            let words = line.split(separator: " ")
            guard words.first == mount, let dash = words.firstIndex(of: "-"), dash + 1 < words.count else { continue }
            return String(words[dash + 1])
        }
        return nil
    }

    private static func field(_ name: String, in text: String) -> Substring? {
        text.split(separator: "\n").first { $0.hasPrefix(name) }?.split(whereSeparator: \.isWhitespace).last
    }

    private static func text(of path: String) throws(FileSystemError) -> String {
        let file = Descriptor(try attempt("open") { unsafe open(path, O_RDONLY | O_CLOEXEC) })
        var text: [UInt8] = []
        while true {
            let piece = try piece(of: file)
            if piece.isEmpty { return String(decoding: text, as: UTF8.self) }
            text += piece
        }
    }

    private static func piece(of file: borrowing Descriptor) throws(FileSystemError) -> [UInt8] {
        var piece = [UInt8](repeating: 0, count: 4096)
        let number = file.number
        let count = try attempt("read") { unsafe read(number, &piece, piece.count) }
        return Array(piece.prefix(count))
    }
}
