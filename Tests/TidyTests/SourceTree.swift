import Foundation
import Testing

/// A file of the project, as text.
struct TextFile: CustomTestStringConvertible, Sendable {
    /// From the project's root, with `/`.
    let path: String
    let text: String

    var lines: [Substring] { text.split(separator: "\n", omittingEmptySubsequences: false) }
    var testDescription: String { path }

    /// Lines without comments and without what stands in string literals on one line.
    var codeLines: [String] {
        lines.map { line in
            let bare = line.replacing(/"(\\.|[^"\\])*"/, with: "\"\"")
            return String(bare.prefix(upTo: bare.firstRange(of: "//")?.lowerBound ?? bare.endIndex))
        }
    }
}

/// What the tidy tests look at: the project as it lies on disk.
enum SourceTree {
    static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    /// Swift files below `folder`, in order of their paths.
    static func swift(_ folder: String) -> [TextFile] { files(folder, "swift") }

    static func files(_ folder: String, _ suffix: String) -> [TextFile] {
        let base = root.appending(path: folder)
        guard let walk = FileManager.default.enumerator(at: base, includingPropertiesForKeys: nil) else { return [] }
        return walk.compactMap { $0 as? URL }
            .filter { $0.pathExtension == suffix }
            .sorted { $0.path < $1.path }
            .compactMap { url in
                // A file may be gone again: an editor's.
                guard let text = try? String(contentsOf: url, encoding: .utf8) else { return nil }
                return TextFile(path: String(url.path.dropFirst(root.path.count + 1)), text: text)
            }
    }
}
