import CairnDisk
import Foundation

/// A folder of a real file system that goes when it is let go; in memory where that can be, for its calls are real too.
final class RealFolder: Sendable {
    let path: String

    init() throws {
        let memory = URL(filePath: "/dev/shm")
        let isThere = FileManager.default.isWritableFile(atPath: memory.path)
        let base = isThere ? memory : FileManager.default.temporaryDirectory
        let url = base.appending(path: "cairn-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        path = url.path
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }  // what is left behind is in a temporary place
}

/// Opens a data directory on the real file system, hands it out, and removes it.
@discardableResult
func withRealData<Value>(_ work: (DataDirectory) async throws -> Value) async throws -> Value {
    let folder = try RealFolder()
    let data = try await DataDirectory.open(folder.path, logger: silent, forced: true)
    do {
        let value = try await work(data)
        await data.close()
        return value
    } catch {
        await data.close()
        throw error
    }
}
