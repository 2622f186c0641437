import Foundation

/// A file of spec/vectors.
func vectors<Vectors: Decodable>(_ name: String, as type: Vectors.Type = Vectors.self) throws -> Vectors {
    let file = URL(filePath: #filePath).appending(path: "../../../spec/vectors/\(name)").standardizedFileURL
    return try JSONDecoder().decode(type, from: Data(contentsOf: file))
}

/// The bytes spelled by pairs of hexadecimal digits.
func bytes(hex: String) -> [UInt8] {
    let digits = hex.utf8.map { UInt8(Character(UnicodeScalar($0)).hexDigitValue ?? 0) }
    return stride(from: 0, to: digits.count - 1, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
}

func hex(_ bytes: some Sequence<UInt8>) -> String {
    bytes.map { String(format: "%02x", $0) }.joined()
}
