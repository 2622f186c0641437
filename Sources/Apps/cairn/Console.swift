import CairnClient
import CairnDialects
import Foundation
import Synchronization

/// What is printed: results on standard output, everything else on standard error.
final class Console: Sendable {
    private struct State {
        var line = ProgressLine(name: "")
        /// When the progress line was last drawn; nil when none is on the screen.
        var drawn: Duration?
    }

    /// Between two drawings of the progress line.
    private static let pause: Duration = .milliseconds(200)

    private let output: OutputOptions
    private let isTerminal = isatty(STDERR_FILENO) == 1
    private let start = ContinuousClock.now
    private let state = Mutex(State())

    init(_ output: OutputOptions) { self.output = output }

    /// A result: as JSON or in words.
    func result(_ members: @autoclosure () -> [(String, JSON)], _ words: @autoclosure () -> String) {
        endProgress()
        Self.print(output.json ? JSON.object(members()).description : Self.visible(words()))
    }

    /// Something worth knowing that is neither a result nor an error.
    func note(_ text: String) {
        guard !output.quiet else { return }
        endProgress()
        Self.complain(Self.visible(text))
    }

    func failure(_ text: String) {
        endProgress()
        Self.complain("cairn: \(Self.visible(text))")
    }

    /// From here on progress is that of `name`.
    func begin(_ name: String) { state.withLock { $0.line = ProgressLine(name: name) } }

    /// How far a long work has come.
    func show(_ progress: String) { draw { _, _ in progress } }

    func show(_ event: TransferEvent) {
        switch event {
        case .acknowledged(let offset, let length): draw { $0.text(offset: offset, of: length, at: $1) }
        case .verifying(let offset, let length):
            draw { _, _ in
                "comparing the first \(ProgressLine.bytes(length))  \(ProgressLine.percent(offset, of: length))"
            }
        case .resumed(let offset): note("going on from \(ProgressLine.bytes(offset))")
        case .changed: note("the file is not the one that was begun; starting over")
        case .retrying(let pause, let cause): note("\(cause.cause); trying again in \(pause.seconds) s")
        }
    }

    private func draw(_ text: (inout ProgressLine, Duration) -> String) {
        guard isTerminal, !output.quiet else { return }
        let now = ContinuousClock.now - start
        let line: String? = state.withLock {
            let text = text(&$0.line, now)
            if let drawn = $0.drawn, now - drawn < Self.pause { return nil }
            $0.drawn = now
            return text
        }
        if let line { Self.write("\r\u{1B}[K\(Self.visible(line))", to: .standardError) }
    }

    private func endProgress() {
        guard state.withLock({ $0.drawn.take() != nil }) else { return }
        Self.write("\r\u{1B}[K", to: .standardError)
    }
}

extension Console {
    /// The text without what a terminal would obey: names come from other people.
    private static func visible(_ text: String) -> String {
        let scalars = text.unicodeScalars.map { scalar in
            let isCommand =
                scalar.properties.generalCategory == .control || (0x202A...0x202E).contains(scalar.value)
                || (0x2066...0x2069).contains(scalar.value)
            return isCommand ? "\u{FFFD}" as Unicode.Scalar : scalar
        }
        return String(String.UnicodeScalarView(scalars))
    }

    /// A line on standard output, there when this returns.
    static func print(_ text: String) { write("\(text)\n", to: .standardOutput) }

    /// A line on standard error.
    static func complain(_ text: String) { write("\(text)\n", to: .standardError) }

    private static func write(_ text: String, to handle: FileHandle) {
        // Nobody is left to be told when these are closed.
        try? handle.write(contentsOf: Data(text.utf8))
    }
}

extension Duration {
    /// With one digit behind the point.
    fileprivate var seconds: String {
        let tenths = Int64(self / .milliseconds(100))
        return "\(tenths / 10).\(tenths % 10)"
    }
}

extension ClientError {
    /// What happened, without what to do next.
    fileprivate var cause: String {
        switch self {
        case .unavailable(let cause): cause
        case .busy(let refusal): "the server is busy: \(refusal)"
        default: description
        }
    }
}
