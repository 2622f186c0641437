import CairnDisk
import CairnEngine
import CairnTrust

/// Of an error that a data directory gave: what is wrong, and what the operator can do.
enum Advice {
    static func on(_ error: any Error) -> String {
        switch error {
        case let error as DiskError: error.advice
        case let error as StoreError: error.advice
        case let error as UploadError: error.advice
        case let error as TokenFileError:
            "\(TokenTable.fileName): \(error). Put a copy of it in its place; or move it away, and make tokens anew by "
                + "`cairn token create`"
        default: "\(error)"  // of the ledger, whose text says it
        }
    }
}
