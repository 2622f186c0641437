import ArgumentParser

/// The command: each subcommand is a file of its own (spec/command.md).
@main
struct Cairn: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cairn",
        abstract: "Moves large files onto a server: sends no byte twice and believes none unverified.",
        discussion: """
            The server of put, get, status, ls and rm is given by --to, or else by the variable CAIRN_URL.

            Exit codes:
              0   done
              64  the command line is wrong
              65  files have lost bytes (store check, rebuild, export)
              66  no such file, here or on the server
              69  the server cannot be reached
              70  a fault of this program
              74  a local file cannot be read or written
              75  not now: run the same command again later
              76  the server refuses, is no Cairn server, or its bytes fail verification
              77  the server does not allow it
            """,
        version: "0.1.0",
        subcommands: [
            Serve.self, Put.self, Get.self, Status.self, List.self, Remove.self, Identify.self, Store.self,
            TokenCommand.self, Link.self, Bench.self,
        ])
}
