import Foundation

/// What a configuration file says, line by line (spec/operating.md, "Configuration").
///
///     # Where to listen.
///     listen = 127.0.0.1:8080   # what follows a blank and # is a comment
struct ConfigurationFile {
    struct Line {
        /// From one.
        let number: Int
        let name: String
        let value: String
    }

    /// In bytes.
    private static let limit = 64 * 1024

    let lines: [Line]

    init(at path: String) throws(ConfigurationError) {
        let bytes: Data
        do {
            bytes = try Data(contentsOf: URL(filePath: path))
        } catch {
            throw ConfigurationError(place: path, fault: error.localizedDescription)
        }
        guard bytes.count <= Self.limit, let text = String(bytes: bytes, encoding: .utf8) else {
            throw ConfigurationError(place: path, fault: "not UTF-8, or longer than \(Self.limit) bytes")
        }
        try self.init(text, at: path)
    }

    init(_ text: String, at path: String) throws(ConfigurationError) {
        var lines: [Line] = []
        for (index, raw) in text.split(separator: /\r?\n/, omittingEmptySubsequences: false).enumerated() {
            let line = raw.replacing(/(^|[ \t])#.*/, with: "").trimmingCharacters(in: .whitespaces)
            if line.isEmpty { continue }
            guard let sign = line.firstIndex(of: "=") else {
                throw ConfigurationError(place: "\(path):\(index + 1)", fault: "a line is name = value")
            }
            let name = line[..<sign].trimmingCharacters(in: .whitespaces)
            let value = line[line.index(after: sign)...].trimmingCharacters(in: .whitespaces)
            lines.append(Line(number: index + 1, name: name, value: value))
        }
        self.lines = lines
    }
}

/// What is wrong with a setting, and where it stands.
struct ConfigurationError: Error, CustomStringConvertible {
    let place: String
    let fault: String

    var description: String { "\(place): \(fault)" }
}
