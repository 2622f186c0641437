import ArgumentParser
import Foundation

/// The settings of a command, as its options declare them: an option is the one home of a setting's name, its default,
/// its help and its check. Its name is also that in a file; in the environment it is `CAIRN_SERVE_` and the same in
/// capitals.
struct Settings {
    struct Setting {
        /// As on the command line, without the dashes.
        let name: String
        let isFlag: Bool
        /// Whether a flag can also be taken back, by `--no-`.
        let isInverted: Bool
        let isRepeating: Bool
        let standard: String?

        var variable: String { "CAIRN_SERVE_" + name.uppercased().replacing("-", with: "_") }

        /// What the command line would say instead.
        func arguments(_ value: String) throws(Refusal) -> [String] {
            guard !value.isEmpty else { throw Refusal(text: "\(name) has no value") }
            guard isFlag else { return ["--\(name)=\(value)"] }
            switch value {
            case "true": return ["--\(name)"]
            case "false": return isInverted ? ["--no-\(name)"] : []
            default: throw Refusal(text: "\(name) is true or false, not \(value)")
            }
        }
    }

    struct Refusal: Error { let text: String }

    let all: [Setting]

    init<Options: ParsableArguments>(of options: Options.Type) {
        // What `--experimental-dump-help` prints: ArgumentParser's own account of the options.
        let help = Data(options._dumpHelp().utf8)
        guard let help = try? JSONDecoder().decode(Help.self, from: help) else {
            preconditionFailure("ArgumentParser words its help in another way")
        }
        let arguments = help.command.arguments ?? []
        let names = Set(arguments.compactMap(\.name))
        all = arguments.compactMap { argument in
            guard let name = argument.name, name != "help" else { return nil }
            // The second name of a flag comes as an argument of its own.
            if name.hasPrefix("no-"), names.contains(String(name.dropFirst(3))) { return nil }
            return Setting(
                name: name, isFlag: argument.kind == "flag", isInverted: names.contains("no-\(name)"),
                isRepeating: argument.isRepeating, standard: argument.defaultValue)
        }
    }

    func named(_ name: String) -> Setting? { all.first { $0.name == name } }

    private struct Help: Decodable {
        struct Command: Decodable { let arguments: [Argument]? }
        struct Argument: Decodable {
            let kind: String
            let names: [Name]?
            let isRepeating: Bool
            let defaultValue: String?

            var name: String? { names?.first { $0.kind == "long" }?.name }
        }
        struct Name: Decodable {
            let kind: String
            let name: String
        }
        let command: Command
    }
}
