import CairnContent
import CairnDialects
import CairnEngine
import Foundation
import HTTPTypes
import Testing

@Suite struct `The table of problems in spec/http.md` {
    private static let page = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "spec/http.md")

    private static let prefix = Prefix(offset: 0, digest: Digest(hashing: [UInt8]().span))
    private static let problems: [Problem] =
        [
            UploadError.unknownUpload, .gone, .offsetMismatch(prefix), .prefixMismatch(prefix),
            .lengthConflict(declared: 1, prefix), .tooLong(declared: 1, prefix), .alreadyComplete(prefix),
            .digestMismatch(expected: prefix.digest, actual: prefix.digest, prefix), .takenOver, .bodyCut(prefix),
            .stalled(prefix), .stopping(prefix), .limit(.length, 1), .store(.noSpace), .store(.readOnly),
            .store(.damaged(prefix.digest)), .store(.failed("")),
            .checksumMismatch(prefix), .trailer(prefix), .fileMismatch(prefix), .finalUpload, .fallen(prefix),
        ].map { Problem($0) }
        + [
            RequestError.header(.xFileID), .path, .query, .unknownPath, .noFileID, .method([]), .mediaType,
            .contentCoding, .length(limit: 1), .expectation, .framing, .headerTooLong(limit: 1),
            .precondition, .range(length: 1), .tusVersion, .inconsistentLength, .appendType("a/b"),
        ].map { Problem($0) } + [.busy]

    @Test func `names every problem with its status and members`() throws {
        let rows = try String(contentsOf: Self.page, encoding: .utf8).split(separator: "\n")
        for problem in Self.problems {
            let row = rows.first { $0.hasPrefix("|") && $0.split(separator: "|")[0].contains("`\(problem.name)`") }
            let cells = try #require(row, "\(problem.name)").split(separator: "|")
            #expect(cells[1].contains("\(problem.status.code)"), "\(problem.name)")
            for member in problem.memberNames {
                #expect(cells.last?.contains("`\(member)`") == true, "\(problem.name) \(member)")
            }
        }
    }
}
