import CMalloc
import Glibc

/// What a process that keeps a store should ask of the system before it opens one.
public enum ProcessLimits {
    /// Takes as many open files as the system allows, and hears of a file that is too long as an error and not as a
    /// signal that ends the process.
    ///
    /// - Returns: The most files that may be open at once. An upload needs up to 130, a connection one.
    public static func prepare() -> Int {
        _ = signal(SIGXFSZ, SIG_IGN)
        keepBuffers()
        var limit = rlimit()
        guard unsafe getrlimit(openFiles, &limit) == 0 else { return 0 }
        limit.rlim_cur = limit.rlim_max
        // Refused, the old limit stands, and the next line reads it.
        _ = unsafe setrlimit(openFiles, &limit)
        guard unsafe getrlimit(openFiles, &limit) == 0 else { return 0 }
        return Int(clamping: limit.rlim_cur)
    }

    /// Lets the allocator keep what large reads were made in: given back to the system each time, every page of every
    /// read is a fault again, a tenth of the time of an upload.
    package static func keepBuffers() {
        _ = mallopt(M_MMAP_THRESHOLD, 32 << 20)
        _ = mallopt(M_TRIM_THRESHOLD, 128 << 20)
    }

    private static let openFiles = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
}
