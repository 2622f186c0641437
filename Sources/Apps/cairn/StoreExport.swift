import ArgumentParser
import CairnClient
import CairnContent
import CairnDialects
import CairnDisk
import CairnEngine
import Foundation

extension Store {
    /// `cairn store export`: finished files as plain files.
    struct Export: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Write finished files as plain files into a folder.",
            discussion: """
                Every byte is verified on the way. Where the file system can share blocks between files (XFS, btrfs), \
                and the folder is on the same one, chunks that lie as they are take no room twice. Files are called as \
                they were uploaded; where two have one name their ids are added; those of other namespaces lie in \
                folders of theirs. What is in the folder already is left alone: run it again to go on.
                """)

        @OptionGroup var place: DataOptions

        @Argument(help: ArgumentHelp("Where to; made when it is absent.", valueName: "folder"))
        var target: String

        @Argument(help: ArgumentHelp("The ids of files; without any, all of them.", valueName: "id"))
        var files: [String] = []

        @OptionGroup var output: OutputOptions

        func validate() throws {
            for file in files where UploadID(file) == nil { throw ValidationError("\(file) is not an id.") }
        }

        func run() async throws {
            let console = Console(output)
            _ = ProcessLimits.prepare()
            let wanted = Set(files.compactMap(UploadID.init))
            try await OpenedStore.with(place, console, .errorsOnly) { store in
                var export = Exporting(target: target, console: console)
                do {
                    for space in try await store.spaces(Limits(), .silent) {
                        let isOther = space.engine.namespace != .standard
                        try await export.run(
                            wanted, space.engine, space.store, under: isOther ? "\(space.engine.namespace)/" : "")
                    }
                } catch {
                    console.failure("\(target): \((error as? UploadError)?.advice ?? error.localizedDescription)")
                    throw ExitCode(74)
                }
                console.result(
                    [
                        ("files", .number(Int64(export.count))), ("bytes", .number(export.length)),
                        ("shared", .number(export.shared)), ("damaged", .number(Int64(export.damaged))),
                    ],
                    """
                    \(export.count) files, \(ProgressLine.bytes(export.length)), \
                    \(ProgressLine.bytes(export.shared)) of it not copied by hand; \(export.damaged) have lost bytes
                    """)
                for id in wanted.subtracting(export.met) { console.failure("no finished file here has the id \(id)") }
                if !wanted.isSubset(of: export.met) { throw ExitCode(66) }
                if export.damaged > 0 { throw ExitCode(65) }
            }
        }
    }
}

/// One export, file by file.
private struct Exporting {
    let target: String
    let console: Console
    var met: Set<UploadID> = []
    var count = 0
    var length: Int64 = 0
    var shared: Int64 = 0
    var damaged = 0

    /// Exports the files of these ids, or all, of one namespace.
    mutating func run(
        _ wanted: Set<UploadID>, _ engine: Engine, _ store: DiskStore, under folder: String
    ) async throws {
        try FileManager.default.createDirectory(atPath: target, withIntermediateDirectories: true)
        var names: [ExportName: Int] = [:]
        try await engine.forEachFile { names[ExportName($0.metadata.name), default: 0] += 1 }
        try await engine.forEachFile { file in
            guard wanted.isEmpty || wanted.contains(file.id) else { return }
            var name = ExportName(file.metadata.name)
            if name.isEmpty || names[name, default: 0] > 1 { name.append(file.id) }
            try await export(file, as: folder + name.path, engine, store)
        }
    }

    private mutating func export(
        _ file: Upload, as name: String, _ engine: Engine, _ store: DiskStore
    ) async throws {
        met.insert(file.id)
        let place = "\(target)/\(name)"
        guard !FileManager.default.fileExists(atPath: place) else { return }
        let folder = URL(fileURLWithPath: place).deletingLastPathComponent().path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        do throws(StoreError) {
            let manifest: Manifest
            do { manifest = try await engine.manifest(of: file) } catch { throw .failed("\(error)") }
            shared += try await store.export(manifest, to: place)
            count += 1
            length += file.offset
            console.note(place)
        } catch .damaged {
            damaged += 1
            console.failure("\(file.id) has lost bytes; it is left out")
        } catch {
            throw UploadError.store(error)
        }
    }
}

/// Where a file goes: as it was called, but never outside of the folder.
struct ExportName: Hashable {
    /// Names of folders, and of the file, from the outermost in.
    private(set) var pieces: [String]

    /// The longest name of a file or folder, in bytes, less what an id and `.part` need.
    private static let limit = 255 - 40
    private static let depthLimit = 32

    init(_ name: String?) {
        pieces = (name ?? "").split(separator: "/").map(Self.harmless).filter { !$0.isEmpty }
        if pieces.count > Self.depthLimit { pieces = Array(pieces.suffix(1)) }
    }

    var isEmpty: Bool { pieces.isEmpty }

    /// Tells it apart from others of the same name.
    mutating func append(_ id: UploadID) {
        let last = pieces.popLast()
        pieces.append(last.map { "\(id)-\($0)" } ?? "\(id)")
    }

    var path: String { pieces.joined(separator: "/") }

    /// Without what means something to a file system or a terminal, and not too long for the one.
    private static func harmless(_ piece: Substring) -> String {
        let scalars = piece.unicodeScalars.map { $0.properties.generalCategory == .control ? "_" : $0 }
        var name = String(String.UnicodeScalarView(scalars))
        while name.utf8.count > limit { name.removeLast() }
        return name == "." || name == ".." ? "" : name
    }
}
