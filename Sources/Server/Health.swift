import CairnEngine
import Synchronization

/// Whether the store still takes bytes. Once a store is read-only it stays so until the server is restarted, so the
/// first refusal is remembered.
final class Health: Sendable {
    private let sawReadOnly = Atomic<Bool>(false)

    var isWritable: Bool { !sawReadOnly.load(ordering: .relaxed) }

    func note(_ error: UploadError) {
        if error == .store(.readOnly) { sawReadOnly.store(true, ordering: .relaxed) }
    }
}
