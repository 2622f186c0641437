import Foundation
import Testing

@Suite struct `The tree stays tidy` {
    private static let sources = SourceTree.swift("Sources")
    private static let all = sources + SourceTree.swift("Tests")

    @Test func `the tree was found`() {
        #expect(Self.sources.count > 50)
    }

    @Test(arguments: all) func `a line has at most 120 characters and no space at its end`(file: TextFile) {
        for (number, line) in file.lines.enumerated() {
            #expect(line.count <= 120, "\(file.path):\(number + 1)")
            #expect(line.last != " ", "\(file.path):\(number + 1)")
        }
    }

    @Test(arguments: sources) func `a source file is one thing, of at most 350 lines`(file: TextFile) {
        #expect(file.lines.count <= 350)
    }

    /// A status for every case there is, in one switch that does not compile without it.
    private static let tables = ["RequestError", "UploadError"].map { "Sources/Dialects/Problem+\($0).swift" }

    @Test(arguments: sources) func `a function fits a screen`(file: TextFile) {
        guard !Self.tables.contains(file.path) else { return }
        for function in Functions.longest(in: file) { #expect(function.length <= 50, "\(file.path): \(function.name)") }
    }

    @Test(arguments: sources) func `nothing is a manager, a helper or an info`(file: TextFile) {
        let vague = /\b(class|struct|enum|actor|protocol) +\w*(Manager|Helper|Utility|Utils|Base|Common|Impl|Info)\b/
        for line in file.codeLines { #expect(line.firstMatch(of: vague) == nil, "\(file.path): \(line)") }
    }

    @Test(arguments: all) func `nothing is left to do, forced or silenced`(file: TextFile) {
        let banned = /TODO|FIXME|XXX|\btry!|\bfatalError\(|nonisolated\(unsafe\)|\bas!/
        guard file.path != "Tests/TidyTests/TidyTests.swift" else { return }
        for line in file.lines { #expect(line.firstMatch(of: banned) == nil, "\(file.path): \(line)") }
    }

    /// Foundation's reads past the end of a list of descriptors where some 1,350 are open.
    @Test(arguments: all) func `a process is started by swift-subprocess`(file: TextFile) {
        for line in file.codeLines { #expect(line.firstMatch(of: /\bProcess\(\)/) == nil, "\(file.path): \(line)") }
    }

    /// Where C and POSIX are called, and nowhere else.
    private static let unsafeFolders = ["Sources/System/", "Sources/Stores/Disk/FileSystem/"]

    @Test(arguments: sources) func `the word unsafe stands only where C and POSIX are called`(file: TextFile) {
        guard !Self.unsafeFolders.contains(where: file.path.hasPrefix) else { return }
        for line in file.codeLines {
            #expect(line.firstMatch(of: /\bunsafe\b|@unchecked/) == nil, "\(file.path): \(line)")
        }
    }

    /// Which of our modules a folder may import: dependencies point to engine and content, never back.
    private static let allowed: [(folder: String, modules: Set<String>)] = [
        ("Sources/System/", ["COpenSSL", "CLZ4", "CCRC32C"]),
        ("Sources/Content/", ["Hashing", "LZ4"]),
        ("Sources/Engine/", ["CairnContent"]),
        ("Sources/Stores/Disk/", ["CairnContent", "CairnEngine", "Hashing", "LZ4"]),
        ("Sources/Dialects/", ["CairnContent", "CairnEngine", "Hashing"]),
        ("Sources/Trust/", ["CairnContent", "CairnEngine"]),
        ("Sources/Server/", ["CairnContent", "CairnEngine", "CairnDialects", "CairnTrust"]),
        ("Sources/Client/", ["CairnContent", "CairnEngine", "CairnDialects", "Hashing"]),
        (
            "Sources/Apps/",
            ["CairnContent", "CairnEngine", "CairnDialects", "CairnDisk", "CairnServer", "CairnClient", "CairnTrust"]
        ),
    ]

    @Test(arguments: sources) func `imports point down`(file: TextFile) throws {
        let rule = try #require(Self.allowed.first { file.path.hasPrefix($0.folder) }, "a folder without a rule")
        for line in file.lines {
            let importing = /^(?:@\w+ )*(?:public |package |internal )?import (\w+)/
            guard let match = line.firstMatch(of: importing) else { continue }
            let module = String(match.1)
            let isOurs =
                module.hasPrefix("Cairn") || ["Hashing", "LZ4", "COpenSSL", "CLZ4", "CCRC32C"].contains(module)
            #expect(!isOurs || rule.modules.contains(module), "\(file.path) imports \(module)")
        }
    }

    @Test(arguments: SourceTree.files("spec", "md") + SourceTree.files("Sources", "md"))
    func `a link of the documentation leads somewhere`(page: TextFile) {
        let folder = SourceTree.root.appending(path: page.path).deletingLastPathComponent()
        for match in page.text.matches(of: /\]\(([^)#:]+)(#[^)]*)?\)/) {
            let target = folder.appending(path: String(match.1))
            #expect(FileManager.default.fileExists(atPath: target.path), "\(page.path): \(match.1)")
        }
    }

    @Test func `the README names the two commands`() throws {
        let readme = try String(contentsOf: SourceTree.root.appending(path: "README.md"), encoding: .utf8)
        for command in ["make run", "make test"] { #expect(readme.contains(command)) }
    }
}

/// Functions and their lengths, read from the indentation that the formatter guarantees.
enum Functions {
    static func longest(in file: TextFile) -> [(name: String, length: Int)] {
        let lines = file.lines
        return lines.indices.compactMap { start in
            guard let match = lines[start].firstMatch(of: /\b(func +[\w`]+|init[?(<])/),
                let body = bodyStart(lines[start...])
            else { return nil }
            let indent = lines[start].prefix { $0 == " " }
            let end = lines[body...].firstIndex { $0.hasPrefix(indent + "}") && $0.prefix { $0 == " " } == indent }
            return end.map { (String(match.0), $0 - start + 1) }
        }
    }

    /// The line that opens the body; nil for a requirement or a body of one line.
    private static func bodyStart(_ lines: ArraySlice<Substring>) -> Int? {
        for (number, line) in zip(lines.indices, lines) {
            if line.hasSuffix("{") { return number }
            let goesOn = line.hasSuffix("(") || line.hasSuffix(",") || line.hasSuffix("->")
            if !goesOn && !line.hasPrefix(" ") || line.isEmpty || line.hasSuffix("}") { return nil }
        }
        return nil
    }
}
