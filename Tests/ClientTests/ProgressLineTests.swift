import CairnClient
import Testing

@Suite struct `A progress line` {
    private static let lengths: [(Int64, String)] = [
        (0, "0 B"), (1023, "1023 B"), (1024, "1.0 KiB"), (1536, "1.5 KiB"), (10_239, "9.9 KiB"), (10_240, "10 KiB"),
        (1 << 20, "1.0 MiB"), (5_368_709_120, "5.0 GiB"), (1 << 50, "1.0 PiB"),
    ]

    private static let times: [(Int64, String)] = [
        (0, "0 s"), (59, "59 s"), (60, "1 min 0 s"), (3599, "59 min 59 s"), (7260, "2 h 1 min"),
    ]

    @Test(arguments: lengths)
    func `shows lengths in fitting units`(length: Int64, text: String) {
        #expect(ProgressLine.bytes(length) == text)
    }

    @Test(arguments: times)
    func `shows times in fitting units`(seconds: Int64, text: String) {
        #expect(ProgressLine.time(seconds) == text)
    }

    @Test func `never shows 100 percent before the end`() {
        #expect(ProgressLine.percent(999_999, of: 1_000_000) == "99 %")
        #expect(ProgressLine.percent(1_000_000, of: 1_000_000) == "100 %")
        #expect(ProgressLine.percent(0, of: 0) == "100 %")
    }

    @Test func `shows rate and time left`() {
        var line = ProgressLine(name: "a")
        #expect(line.text(offset: 0, of: 10 << 20, at: .seconds(1)) == "a  0 %  0 B of 10 MiB")
        let text = line.text(offset: 2 << 20, of: 10 << 20, at: .seconds(3))
        #expect(text == "a  20 %  2.0 MiB of 10 MiB  1.0 MiB/s  8 s left")
        #expect(line.text(offset: 10 << 20, of: 10 << 20, at: .seconds(11)) == "a  100 %  10 MiB of 10 MiB  1.0 MiB/s")
    }

    @Test func `shows no time left while the length is unknown`() {
        var line = ProgressLine(name: "-")
        _ = line.text(offset: 0, of: nil, at: .zero)
        #expect(line.text(offset: 1 << 20, of: nil, at: .seconds(1)) == "-  1.0 MiB  1.0 MiB/s")
    }

    @Test func `takes the rate of the last seconds, not of all`() {
        var line = ProgressLine(name: "a")
        for second in 0..<100 { _ = line.text(offset: Int64(second) << 20, of: nil, at: .seconds(second)) }
        let text = line.text(offset: 104 << 20, of: nil, at: .seconds(200))
        #expect(!text.contains("/s"))
    }

    @Test func `begins anew when the offset falls`() {
        var line = ProgressLine(name: "a")
        _ = line.text(offset: 100, of: 200, at: .seconds(1))
        #expect(line.text(offset: 0, of: 200, at: .seconds(2)) == "a  0 %  0 B of 200 B")
    }
}
