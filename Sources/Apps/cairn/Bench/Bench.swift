import ArgumentParser
import CairnClient
import CairnDialects
import CairnDisk
import Foundation

/// `cairn bench`: what one's own line, server and disk can do.
struct Bench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Measure what a server or a disk can do, and tell what the limit is.",
        discussion: """
            Of a server: how long a small question takes, and how fast random bytes are put there and got back. The \
            file is removed afterwards, also when this is interrupted. It takes the rights to put, get and delete.

            Of a folder: how fast its disk makes bytes durable and reads them, and how long a small file takes. Its \
            files have no names, or are removed at once.
            """)

    @Argument(help: ArgumentHelp("The URL of a server, or a folder.", valueName: "url|folder"))
    var target: BenchTarget

    @Option(help: ArgumentHelp("How many bytes, at least 1M: bytes, or K, M, G.", valueName: "length"))
    var length = ByteLength(bytes: 256 << 20)

    @Option(help: ArgumentHelp("How long each measurement may go on, 1 to 3600.", valueName: "seconds"))
    var seconds = 60

    @OptionGroup var trust: TrustOptions
    @OptionGroup var output: OutputOptions

    func validate() throws {
        guard length.bytes >= 1 << 20 else { throw ValidationError("--length is 1M or more.") }
        guard (1...3600).contains(seconds) else { throw ValidationError("--seconds is 1 to 3600.") }
    }

    func run() async throws {
        let console = Console(output)
        let time = Duration.seconds(seconds)
        switch target {
        case .folder(let path): try await disk(path, time, console)
        case .server(let address): try await server(address, time, console)
        }
    }

    private func disk(_ path: String, _ time: Duration, _ console: Console) async throws {
        let isFolder = (try? URL(filePath: path).resourceValues(forKeys: [.isDirectoryKey]))?.isDirectory
        guard isFolder == true else {  // what cannot be looked at cannot be written to
            console.failure("\(path): no such folder. The address of a server begins with http:// or https://")
            throw ExitCode(66)
        }
        let length = length.bytes
        let measured = await untilInterrupted { () async -> Result<DiskFigures, DiskError> in
            do throws(DiskError) {
                let speed = try await DiskSpeed.measure(in: path, length: length, within: time)
                return .success(DiskFigures(processor: ProcessorSpeed.measured(), disk: speed))
            } catch { return .failure(error) }
        }
        guard let measured else {
            console.note("interrupted; nothing is left of it")
            throw ExitCode(75)
        }
        switch measured {
        case .success(let figures): console.show(figures.members, figures.lines, asJSON: output.json)
        case .failure(let error):
            console.failure("\(path): \(error.advice)")
            throw error.exitCode
        }
    }

    private func server(_ address: ServerAddress, _ time: Duration, _ console: Console) async throws {
        let length = length.bytes
        var policy = RetryPolicy.brief
        policy.stall = .seconds(20)
        let figures: ServerFigures?
        do {
            figures = try await Remote.connected(
                to: address, token: trust.credential, policy: policy, authorities: trust.authorities,
                report: console.show
            ) { remote throws(ClientError) in
                try await ServerTrial(remote: remote, console: console, length: length, time: time).run()
            }
        } catch {
            console.failure(error.description)
            throw error.exitCode
        }
        guard let figures else { throw ExitCode(75) }
        console.show(figures.members, figures.lines, asJSON: output.json)
    }
}

/// What is measured: what has a scheme is a server.
enum BenchTarget: ExpressibleByArgument {
    case server(ServerAddress)
    case folder(String)

    init?(argument: String) {
        guard argument.contains("://") else {
            if argument.isEmpty { return nil }
            self = .folder(argument)
            return
        }
        guard let address = ServerAddress(argument) else { return nil }
        self = .server(address)
    }
}

/// Bytes, or KiB, MiB and GiB as `64K`, `256M` and `1G`; at most 1 TiB.
struct ByteLength: ExpressibleByArgument {
    let bytes: Int64

    init(bytes: Int64) { self.bytes = bytes }

    init?(argument: String) {
        let shifts: [Character: Int] = ["K": 10, "M": 20, "G": 30]
        let shift = argument.last.flatMap { shifts[$0] } ?? 0
        let digits = shift == 0 ? argument[...] : argument.dropLast()
        guard digits.allSatisfy(\.isNumber), let count = Int64(digits), count <= (1 << 40) >> shift else { return nil }
        bytes = count << shift
    }

    var defaultValueDescription: String { "\(bytes >> 20)M" }
}

extension Console {
    /// Figures: one JSON object, or a line for each and one that says what they mean.
    fileprivate func show(_ members: [(String, JSON)], _ lines: [String], asJSON: Bool) {
        if asJSON { return result(members, "") }
        for line in lines { result([], line) }
    }
}
