/// The threads of one store, by what they wait for, so that one kind of waiting does not stand in another's way.
package struct DiskThreads: Sendable {
    /// Reads and writes, mostly from and to memory.
    let work: BlockingThreads
    /// Waits for the disk; as many as may be synced in parallel.
    let sync: BlockingThreads
    /// Encodes chunks; what each holds meanwhile is three chunks of memory.
    let encode: BlockingThreads

    package init() {
        work = BlockingThreads(count: 4)
        sync = BlockingThreads(count: 8)
        encode = BlockingThreads(count: 2)
    }

    /// One thread for all, so that the calls to the file system come in one order.
    package init(oneForAll: Void) {
        work = BlockingThreads(count: 1)
        sync = work
        encode = work
    }

    func stop() async {
        for threads in [work, sync, encode] { await threads.stop() }
    }
}
