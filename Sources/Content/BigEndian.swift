// Integers as they stand in every format of ours: the highest byte first.

extension [UInt8] {
    mutating func append<Integer: FixedWidthInteger>(bigEndian integer: Integer) {
        for shift in stride(from: Integer.bitWidth - 8, through: 0, by: -8) {
            append(UInt8(truncatingIfNeeded: integer >> shift))
        }
    }
}

extension Span<UInt8> {
    /// The eight bytes from `place` on.
    func word(at place: Int) -> UInt64 {
        UInt64(half(at: place)) << 32 | UInt64(half(at: place + 4))
    }

    /// The four bytes from `place` on.
    func half(at place: Int) -> UInt32 {
        UInt32(self[place]) << 24 | UInt32(self[place + 1]) << 16 | UInt32(self[place + 2]) << 8
            | UInt32(self[place + 3])
    }
}

extension MutableSpan<UInt8> {
    mutating func write<Integer: FixedWidthInteger>(bigEndian integer: Integer, at place: Int) {
        for (index, shift) in stride(from: Integer.bitWidth - 8, through: 0, by: -8).enumerated() {
            self[place + index] = UInt8(truncatingIfNeeded: integer >> shift)
        }
    }
}
