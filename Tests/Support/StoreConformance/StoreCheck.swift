package import CairnEngine

/// One promise of a store, and how to see whether it holds.
package struct StoreCheck: Sendable, CustomStringConvertible {
    /// The promise, as a sentence.
    package let description: String
    private let body: @Sendable (any Store) async throws -> Void

    init(_ promise: String, _ body: @escaping @Sendable (any Store) async throws -> Void) {
        description = promise
        self.body = body
    }

    /// Throws when the promise does not hold for `store`, which is new and empty.
    package func run(on store: any Store) async throws { try await body(store) }
}

/// A promise that did not hold, and where that was seen.
struct BrokenStorePromise: Error, CustomStringConvertible {
    let description: String
}

/// Goes on only when both are equal.
func expect<Value: Equatable>(
    _ found: Value, is wanted: Value, _ what: String = "", file: StaticString = #fileID, line: UInt = #line
) throws {
    guard found != wanted else { return }
    let (found, wanted) = (String(describing: found).prefix(500), String(describing: wanted).prefix(500))
    throw BrokenStorePromise(description: "\(file):\(line): \(what)\nfound: \(found)\nwanted: \(wanted)")
}
