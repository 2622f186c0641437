import NIOCore
import Synchronization

/// One request that goes on, and that ends when the token it came with counts no more.
///
/// First its body ends, so that what arrived is kept and the answer says why; a client that neither sends nor reads
/// hears no answer, so its connection is closed a little later.
final class Presence: Sendable {
    /// Between the two, in milliseconds: together with the interval of `TokenWatch` less than a second.
    static let patience: Int64 = 250

    private let channel: (any Channel)?
    private let flag = Atomic<Bool>(false)
    private let onEnd: @Sendable () -> Void

    init(_ channel: (any Channel)?, onEnd: @escaping @Sendable () -> Void = {}) {
        self.channel = channel
        self.onEnd = onEnd
    }

    deinit { onEnd() }

    /// Whether it was cut.
    var isCut: Bool { flag.load(ordering: .relaxed) }

    func cut() {
        guard !flag.exchange(true, ordering: .relaxed), let channel else { return }
        channel.eventLoop.scheduleTask(in: .milliseconds(Self.patience)) { [weak self] in
            if self != nil { channel.close(promise: nil) }
        }
    }
}

/// The token counts no more.
struct Revoked: Error {}
