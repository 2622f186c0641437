import ArgumentParser

/// `cairn store`: work on a data directory that no server uses.
struct Store: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Look after a data directory that no server is using.",
        subcommands: [Collect.self])
}
