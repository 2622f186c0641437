import ArgumentParser
import Foundation

/// What a command is told, by whom: flags over the environment over a file over defaults. Of a setting that is given
/// several times only the topmost layer counts, also when it may be repeated.
struct Layers {
    struct Entry {
        let setting: Settings.Setting
        let values: [String]
        /// `--name`, a variable, or a file and its line.
        let place: String
    }

    let settings: Settings
    /// By the settings' names.
    private(set) var entries: [String: Entry] = [:]

    /// - Parameters:
    ///   - arguments: The command line behind the subcommand's name; it has been understood before.
    ///   - file: The path of the file, if any.
    init(
        _ settings: Settings, arguments: [String], environment: [String: String], file: String?
    ) throws(ConfigurationError) {
        self.settings = settings
        if let file { try add(ConfigurationFile(at: file), at: file) }
        try add(environment)
        add(arguments)
    }

    /// All of it as a command line.
    func arguments() throws(ConfigurationError) -> [String] {
        var arguments: [String] = []
        for setting in settings.all {
            guard let entry = entries[setting.name] else { continue }
            arguments += try Self.arguments(entry)
        }
        return arguments
    }

    /// Each layer below the command line checked by itself, so that a fault is told where it stands.
    func check<Options: ParsableArguments>(as options: Options.Type) throws(ConfigurationError) {
        for entry in entries.values.sorted(by: { $0.place < $1.place }) {
            let arguments = try Self.arguments(entry)
            do { _ = try options.parse(arguments) } catch {
                throw ConfigurationError(place: entry.place, fault: options.message(for: error))
            }
        }
    }

    private static func arguments(_ entry: Entry) throws(ConfigurationError) -> [String] {
        var arguments: [String] = []
        for value in entry.values {
            do throws(Settings.Refusal) {
                arguments += try entry.setting.arguments(value)
            } catch {
                throw ConfigurationError(place: entry.place, fault: error.text)
            }
        }
        return arguments
    }

    private mutating func add(_ file: ConfigurationFile, at path: String) throws(ConfigurationError) {
        for line in file.lines {
            let place = "\(path):\(line.number)"
            guard let setting = settings.named(line.name) else {
                throw ConfigurationError(place: place, fault: "there is no setting \(line.name)")
            }
            guard let entry = entries[line.name] else {
                entries[line.name] = Entry(setting: setting, values: [line.value], place: place)
                continue
            }
            guard setting.isRepeating else {
                throw ConfigurationError(place: place, fault: "\(line.name) stands there twice")
            }
            entries[line.name] = Entry(setting: setting, values: entry.values + [line.value], place: entry.place)
        }
    }

    private mutating func add(_ environment: [String: String]) throws(ConfigurationError) {
        for (name, value) in environment.sorted(by: { $0.key < $1.key }) where name.hasPrefix("CAIRN_SERVE_") {
            if name == "CAIRN_SERVE_CONFIGURATION" { continue }
            guard let setting = settings.all.first(where: { $0.variable == name }) else {
                throw ConfigurationError(place: name, fault: "there is no such setting")
            }
            let values =
                setting.isRepeating ? value.split(separator: ",").map { String($0).trimmed } : [value.trimmed]
            entries[setting.name] = Entry(setting: setting, values: values, place: name)
        }
    }

    /// Reads what ArgumentParser has understood already: `--name value`, `--name=value`, `--flag`, `--no-flag`.
    private mutating func add(_ arguments: [String]) {
        var given: Set<String> = []
        var rest = arguments[...]
        while let argument = rest.popFirst() {
            guard argument.hasPrefix("--") else { continue }
            let halves = argument.dropFirst(2).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            var name = String(halves[0])
            var value = halves.count == 2 ? String(halves[1]) : nil
            if settings.named(name) == nil, name.hasPrefix("no-") {
                name = String(name.dropFirst(3))
                value = "false"
            }
            guard let setting = settings.named(name) else { continue }
            let found = value ?? (setting.isFlag ? "true" : rest.popFirst() ?? "")
            let earlier = given.contains(name) && setting.isRepeating ? entries[name]?.values ?? [] : []
            entries[name] = Entry(setting: setting, values: earlier + [found], place: "--\(name)")
            given.insert(name)
        }
    }
}

extension Layers: CustomStringConvertible {
    /// A configuration file that says the same, with where each value comes from.
    var description: String {
        settings.all.flatMap { setting in
            if let entry = entries[setting.name] {
                return entry.values.map { Self.line(setting.name, $0, entry.place) }
            }
            guard let standard = setting.standard ?? (setting.isFlag ? "false" : nil) else {
                return ["# \(setting.name) is not set"]
            }
            return [Self.line(setting.name, Self.plain(standard, of: setting), "default")]
        }.joined(separator: "\n")
    }

    /// ArgumentParser words the default of a flag that has two names by that name.
    private static func plain(_ standard: String, of setting: Settings.Setting) -> String {
        setting.isFlag ? "\(!standard.contains("no-") && standard != "false")" : standard
    }

    private static func line(_ name: String, _ value: String, _ place: String) -> String {
        let text = "\(name) = \(value)"
        return text + String(repeating: " ", count: max(1, 48 - text.count)) + "# \(place)"
    }
}

extension String {
    fileprivate var trimmed: String { trimmingCharacters(in: .whitespaces) }
}
