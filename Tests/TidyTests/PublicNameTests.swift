import Foundation
import Testing

@Suite struct `What others may use` {
    /// The sources of the products, and of what they give out besides.
    private static let products = ["Content", "Engine", "Stores", "Server", "Client", "Trust", "Dialects"]
        .flatMap { SourceTree.swift("Sources/\($0)") }

    @Test(arguments: products) func `a public name says what it is for`(file: TextFile) {
        for (name, isExplained) in PublicNames.all(in: file) { #expect(isExplained, "\(file.path): \(name)") }
    }

    @Test func `a name without a word is noticed, and what the standard library explains is not`() {
        func explained(_ text: String) -> [Bool] {
            PublicNames.all(in: TextFile(path: "a.swift", text: text)).map(\.isExplained)
        }
        #expect(explained("public struct A {\n    /// Of b.\n    public private(set) var b = 0") == [false, true])
        #expect(explained("/// An a.\n@safe public struct A") == [true])
        #expect(explained("/// An a.\n@safe\npublic struct A") == [true])
        #expect(explained("    // Not told.\n    public static func a() {}") == [false])
        #expect(explained("    public static func == (left: A, right: A) -> Bool { true }\npublic import A").isEmpty)
        #expect(explained("    package var a = 0\n    public func encode(to encoder: any Encoder) throws {").isEmpty)
    }

    private static let articles = SourceTree.files("Sources", "md")
    private static let consumers = SourceTree.swift("Tests/Consumers/Sources")

    @Test(arguments: articles) func `an example of an article is code that is built and run`(article: TextFile) {
        for example in Examples.all(in: article) {
            #expect(Self.consumers.contains { Examples.holds($0, example) }, "\(article.path): \(example)")
        }
    }

    @Test func `the articles were found, and an example with another word is noticed`() {
        #expect(Self.articles.flatMap(Examples.all).count >= 8)
        let code = TextFile(path: "a.swift", text: "  if a {\n\n    b()\n  }")
        #expect(Examples.holds(code, ["if a {", "b()"]) && !Examples.holds(code, ["if a {", "c()"]))
        #expect(!Examples.holds(code, ["if a {", "}"]) && !Examples.holds(code, []))
    }
}

/// The examples of an article: lines of code, without their indentation and without empty ones.
enum Examples {
    static func all(in article: TextFile) -> [[String]] {
        article.text.matches(of: /```swift\n((?s:.*?))\n```/).map { lines(String($0.1)) }
    }

    /// Whether the lines of `example` stand in `file`, one after the other.
    static func holds(_ file: TextFile, _ example: [String]) -> Bool {
        guard !example.isEmpty else { return false }
        return lines(file.text).contains(example)
    }

    private static func lines(_ text: String) -> [String] {
        text.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty }
    }
}

/// The public declarations of a file, and whether a comment for readers stands above each.
enum PublicNames {
    static func all(in file: TextFile) -> [(name: String, isExplained: Bool)] {
        let lines = file.lines
        return lines.indices.compactMap { number in
            let line = lines[number]
            guard line.firstMatch(of: declaration) != nil, line.firstMatch(of: told) == nil else { return nil }
            let above = lines[..<number].last { $0.firstMatch(of: /^ *@/) == nil } ?? ""
            return (line.trimmingCharacters(in: .whitespaces), above.firstMatch(of: /^ *\/\/\/ ./) != nil)
        }
    }

    private static var declaration: Regex<Substring> {
        /^ *(?:@\w+(?:\([^)]*\))? +)*public (?!import |extension )/
    }

    /// What the protocols of the standard library ask for, and explain.
    private static var told: Regex<Substring> {
        /func (?:==|<|hash\(into|encode\(to)|init\(from decoder|rawValue/
    }
}
