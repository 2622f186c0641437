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
    private static let errors: [UploadError] = [
        .unknownUpload, .gone, .offsetMismatch(prefix), .prefixMismatch(prefix),
        .lengthConflict(declared: 1, prefix), .tooLong(declared: 1, prefix), .alreadyComplete(prefix),
        .digestMismatch(expected: prefix.digest, actual: prefix.digest, prefix), .takenOver, .bodyCut(prefix),
        .stalled(prefix), .stopping(prefix), .limit(.length, 1), .store(.noSpace), .store(.readOnly),
        .store(.damaged(prefix.digest)), .store(.failed("")),
        .checksumMismatch(prefix), .trailer(prefix), .fileMismatch(prefix), .finalUpload, .fallen(prefix),
    ]
    private static let problems: [Problem] =
        errors.map { Problem($0) }
        + [
            RequestError.header(.xFileID), .path, .query, .unknownPath, .noFileID, .method([]), .mediaType,
            .contentCoding, .length(limit: 1), .expectation, .framing, .headerTooLong(limit: 1), .hook(""),
            .hookFailed,
            .precondition, .range(length: 1), .tusVersion, .inconsistentLength, .appendType("a/b"), .unauthorized,
            .forbidden(["put"]), .quota(limit: 1, used: 1), .openUploads(limit: 1), .quotaInUse, .lengthNeeded,
            .linkLength(limit: 1), .linkUsed,
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

    @Test func `has a row for every status a problem has in any dialect`() throws {
        let page = try String(contentsOf: Self.page, encoding: .utf8)
        let table = try #require(page.split(separator: "## Statuses").last?.split(separator: "## Connections").first)
        let rows = Set(table.split(separator: "\n").compactMap { $0.split(separator: "|").first?.trimmingBlanks })
        var statuses = Set(Self.problems.map(\.status.code))
        for error in Self.errors {
            let head = try head(.patch, file, ["Content-Length": "1"])
            for dialect in [XStartByte.self, Tus.self, IETF.self] as [any Dialect.Type] {
                statuses.insert(dialect.answer(to: .refused(error), for: head).head.status.code)
            }
        }
        for status in statuses { #expect(rows.contains("\(status)"), "\(status)") }
    }
}
