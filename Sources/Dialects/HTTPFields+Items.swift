import HTTPTypes
import StructuredFieldValues

extension HTTPFields {
    /// The value of a structured item (RFC 9651, section 3.3), its parameters passed over.
    ///
    /// Nil also when it is of another type, out of range, malformed or sent twice: such a field is to be ignored.
    func item<Value: Codable>(_ name: HTTPField.Name, _ type: Value.Type) -> Value? {
        guard let text = self[name] else { return nil }
        // What is wrong with an ignored field is of no account.
        return try? StructuredFieldValueDecoder().decode(Item<Value>.self, from: Array(text.utf8)).item
    }

    /// A count of bytes.
    func itemCount(_ name: HTTPField.Name) -> Int64? { item(name, Int64.self).flatMap { $0 >= 0 ? $0 : nil } }
}

private struct Item<Value: Codable>: StructuredFieldValue {
    static var structuredFieldType: StructuredFieldType { .item }

    let item: Value
}
