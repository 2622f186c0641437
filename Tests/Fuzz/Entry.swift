import Foundation

/// Hands over to libFuzzer, which calls `takeInput` again and again. SwiftPM names the entry point anew, so libFuzzer's
/// own is not the one that is called.
@main enum Fuzz {
    static func main() {
        var count = CommandLine.argc
        var arguments = unsafe CommandLine.unsafeArgv
        exit(unsafe runDriver(&count, &arguments, takeInput))
    }
}

@_silgen_name("LLVMFuzzerRunDriver")
private func runDriver(
    _ count: UnsafeMutablePointer<CInt>,
    _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>,
    _ take: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt
) -> CInt

/// One input for the target that `FUZZ_TARGET` names. The name is libFuzzer's.
@_cdecl("LLVMFuzzerTestOneInput")
func takeInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    chosen.take(unsafe Array(UnsafeBufferPointer(start: start, count: count)))
    return 0
}

private let chosen: Target = {
    let name = ProcessInfo.processInfo.environment["FUZZ_TARGET"] ?? ""
    guard let target = Target.all.first(where: { $0.name == name }) else {
        print("FUZZ_TARGET is one of: \(Target.all.map(\.name).joined(separator: " "))")
        exit(2)
    }
    return target
}()

/// Something that reads bytes from outside, and what must hold whatever they are.
struct Target: Sendable {
    let name: String
    /// Traps when something does not hold.
    let take: @Sendable ([UInt8]) -> Void

    static let all = contents + disk + dialects
}

/// A claim about an input. A broken one ends the process, which is what the fuzzer looks for.
func claim(_ holds: Bool, _ what: @autoclosure () -> String) {
    guard !holds else { return }
    FileHandle.standardError.write(Data("claim broken: \(what())\n".utf8))
    abort()
}

/// Takes an input apart from its front; what is not there is zero or empty.
struct Input {
    private(set) var rest: ArraySlice<UInt8>

    init(_ bytes: [UInt8]) { rest = bytes[...] }

    mutating func byte() -> UInt8 { rest.popFirst() ?? 0 }

    /// A number of four bytes, the highest first.
    mutating func number() -> Int { (0..<4).reduce(0) { number, _ in number << 8 | Int(byte()) } }

    mutating func bytes(_ count: Int) -> [UInt8] {
        defer { rest = rest.dropFirst(count) }
        return Array(rest.prefix(count))
    }

    var bytes: [UInt8] { Array(rest) }
    var text: String { String(decoding: rest, as: UTF8.self) }
}
