import ArgumentParser

/// The data directory that a command works on while no server uses it.
struct DataOptions: ParsableArguments {
    @Argument(help: ArgumentHelp("The data directory.", valueName: "folder"))
    var data: String

    @Flag(help: "Use it also on a file system whose syncs promise nothing, such as NFS or an overlay.")
    var force = false
}
