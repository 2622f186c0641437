import CairnContent
import CairnDialects
import CairnEngine

/// What the access log says of an outcome.
extension Outcome {
    /// The upload it speaks of.
    var upload: Upload? {
        switch self {
        case .appended(let upload), .created(let upload), .upload(let upload), .file(let upload),
            .manifest(_, of: let upload):
            upload
        case .prefix(let upload): upload
        case .native(let outcome): outcome.upload
        case .begun(let upload, _): upload
        case .uploads, .cancelled, .capabilities, .health, .options, .refused, .rejected: nil
        }
    }

    /// The offset it states, in bytes.
    var offset: Int64? {
        if case .refused(let error) = self { error.prefix?.offset } else { upload?.offset }
    }
}
