import CairnDisk
import CairnEngine
import Testing

@Suite struct `Namespaces of one data directory` {
    private let fileSystem = SimulatedFileSystem()

    @Test func `keep the same bytes apart, at the same time`() async throws {
        let data = try await DataDirectory.open(fileSystem)
        let other = try await data.store(for: #require(Namespace("other")), logger: silent)
        try await data.store.keep(noise(1, 1000))
        #expect(try await other.chunk(noise(1, 1000)) == nil)
        try await other.keep(noise(2, 1000))
        #expect(try await data.store.chunk(noise(2, 1000)) == nil)
        #expect(try await other.chunk(noise(2, 1000)) == noise(2, 1000))
        await data.close()
    }

    @Test func `are told by their names, also those that were opened by another process`() async throws {
        var data = try await DataDirectory.open(fileSystem)
        for name in ["zebra", "other"] { _ = try await data.store(for: #require(Namespace(name)), logger: silent) }
        await data.close()
        data = try await DataDirectory.open(fileSystem)
        #expect(try await data.namespaces().map(\.description) == ["default", "other", "zebra"])
        await data.close()
    }

    @Test func `that cannot be made or listed are errors`() async throws {
        let data = try await DataDirectory.open(fileSystem)
        fileSystem.obey {
            [.makeDirectory, .list].contains($0.operation) ? .fail(.io(number: 5, call: "mkdir")) : .perform
        }
        await #expect(throws: DiskError.self) {
            try await data.store(for: #require(Namespace("other")), logger: silent)
        }
        await #expect(throws: DiskError.self) { try await data.namespaces() }
        await data.close()
    }
}
