import CairnContent
import CairnDisk
import CairnEngine
import Foundation
import NIOCore
import Testing

@Suite struct `The engine of a namespace` {
    private let bytes = noise(1, 200_000)

    private func create(_ engine: Engine) async throws -> Upload {
        try await engine.create(
            Append(at: 0, ending: .whole), body: OneBody(bytes: ByteBuffer(bytes: bytes)), by: .everyone)
    }

    private func contents(_ file: Upload, _ engine: Engine) async throws -> [UInt8] {
        var all: [UInt8] = []
        for try await part in engine.bytes(0..<file.offset, of: file) { all += part.readableBytesView }
        return all
    }

    @Test func `keeps its files in a folder of its own, beside one ledger`() async throws {
        try await withRealData { data in
            let ledger = try await data.openLedger(logger: silent)
            let first = try await data.engine(over: ledger, logger: silent)
            let other = try await data.engine(over: ledger, namespace: #require(Namespace("other")), logger: silent)
            let file = try await create(other)
            #expect(try await contents(file, other) == bytes)
            await #expect(throws: UploadError.unknownUpload) { try await first.upload(file.id, for: .everyone) }
            #expect(try await data.store.chunk(bytes) == nil)
            await ledger.close()
        }
    }

    /// A data directory whose server was killed and then lost the log of its ledger, and with it a file's facts.
    private func forgetful() async throws -> (RealFolder, UploadID) {
        let folder = try RealFolder()
        let data = try await DataDirectory.open(folder.path, logger: silent, forced: true)
        let ledger = try await data.openLedger(logger: silent)
        let before = try Data(contentsOf: URL(filePath: data.ledgerPath))
        let file = try await create(try await data.engine(over: ledger, logger: silent))
        await ledger.close()
        await data.close()
        try before.write(to: URL(filePath: data.ledgerPath))
        #expect(
            !FileManager.default.fileExists(atPath: data.ledgerPath + "-wal"), "a ledger that is closed leaves no log")
        return (folder, file.id)
    }

    @Test func `finds the files again that the ledger has lost`() async throws {
        let (folder, id) = try await forgetful()
        let data = try await DataDirectory.open(folder.path, logger: silent, forced: true)
        let ledger = try await data.openLedger(logger: silent)
        #expect(ledger.mayHaveForgotten)
        let engine = try await data.engine(over: ledger, logger: silent)
        let file = try await engine.upload(id, for: .everyone)
        #expect(file.state == .complete)
        #expect(try await contents(file, engine) == bytes)
        await ledger.close()
        await data.close()
    }

    @Test func `is none when it cannot look for them`() async throws {
        let (folder, _) = try await forgetful()
        let data = try await DataDirectory.open(folder.path, logger: silent, forced: true)
        let ledger = try await data.openLedger(logger: silent)
        try FileManager.default.removeItem(atPath: folder.path + "/ns/default/manifests")
        let error = await #expect(throws: DiskError.self) { try await data.engine(over: ledger, logger: silent) }
        #expect("\(error as Any)".contains("cannot look for files"))
        await ledger.close()
        await data.close()
    }
}
