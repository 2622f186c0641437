public import ArgumentParser
import CairnDialects
import Foundation
public import Logging

/// How a server logs.
enum LogFormat: String, ExpressibleByArgument, CaseIterable {
    /// For people.
    case text
    /// One object a line, for programs.
    case json

    func handler(_ label: String, _ level: Logger.Level) -> any LogHandler {
        switch self {
        case .text:
            var handler = StreamLogHandler.standardError(label: label)
            handler.logLevel = level
            return handler
        case .json: return JSONLog(label: label, logLevel: level)
        }
    }
}

extension Logger.Level: @retroactive ExpressibleByArgument {}

/// Writes one JSON object a line on standard error: `time`, `level`, `label`, `message`, and what is known besides.
struct JSONLog: LogHandler {
    let label: String
    var logLevel: Logger.Level
    var metadata: Logger.Metadata = [:]
    var metadataProvider: Logger.MetadataProvider?

    private static let own: Set = ["time", "level", "label", "message"]
    private static let time = Date.ISO8601FormatStyle(includingFractionalSeconds: true)

    init(label: String, logLevel: Logger.Level) {
        self.label = label
        self.logLevel = logLevel
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        var all = metadata
        for more in [metadataProvider?.get(), event.metadata] { all.merge(more ?? [:]) { $1 } }
        let known: [(String, JSON)] = [
            ("time", .string(Date.now.formatted(Self.time))), ("level", .string(event.level.rawValue)),
            ("label", .string(label)), ("message", .string("\(event.message)")),
        ]
        let members = all.sorted { $0.key < $1.key }.map { key, value in
            (Self.own.contains(key) ? key + "_" : key, Self.json(value))
        }
        Console.complain(JSON.object(known + members).description)
    }

    /// Numbers stay numbers.
    private static func json(_ value: Logger.Metadata.Value) -> JSON {
        switch value {
        case .string(let text): .string(text)
        case .stringConvertible(let value as any BinaryInteger): .number(Int64(clamping: value))
        case .stringConvertible(let value): .string("\(value)")
        case .array(let values): .array(values.map(json))
        case .dictionary(let values): .object(values.sorted { $0.key < $1.key }.map { ($0.key, json($0.value)) })
        }
    }
}
