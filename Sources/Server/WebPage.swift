import CairnContent
import CairnDialects
import HTTPTypes

/// The page and its module, served from the binary (spec/page.md).
enum WebPage {
    /// The first pieces of the paths it answers.
    static let names: Set<String> = Set(files.keys)

    /// The answer to a request for one of its files; nil when the path is none of them.
    static func answer(to request: RequestHead) -> Answer? {
        guard request.path.count == 1, let file = files[request.path[0]] else { return nil }
        guard request.method == .get || request.method == .head else {
            return Problem(.method([.get, .head])).answer(for: request.id)
        }
        if let tags = request.fields[.ifNoneMatch], EntityTags(tags).contain(file.tag) {
            return Answer(.notModified, file.fields)
        }
        return Answer(.ok, file.fields, body: [.bytes(file.bytes)])
    }

    private struct File {
        let bytes: [UInt8]
        let type: String
        let tag: String

        init(_ bytes: [UInt8], _ type: String) {
            self.bytes = bytes
            self.type = type
            tag = Digest(hashing: bytes.span).description
        }

        /// Asked for anew each time, so that page and server are of one version; unchanged, it is 304.
        var fields: HTTPFields {
            [
                .contentType: type, .eTag: "\"\(tag)\"", .cacheControl: "no-cache",
                .contentSecurityPolicy: WebPage.policy, .xContentTypeOptions: "nosniff",
                .init("Referrer-Policy")!: "no-referrer", .init("Cross-Origin-Opener-Policy")!: "same-origin",
                .init("Cross-Origin-Resource-Policy")!: "same-origin",
            ]
        }
    }

    /// Everything comes from this server and goes to it; nothing runs that stands in the markup.
    private static let policy = [
        "default-src 'none'", "script-src 'self'", "worker-src 'self'", "style-src 'self'", "img-src 'self'",
        "connect-src 'self'", "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'",
    ].joined(separator: "; ")

    private static let script = "text/javascript; charset=utf-8"

    private static let files: [String: File] = [
        "": File(PackageResources.index_html, "text/html; charset=utf-8"),
        "page.css": File(PackageResources.page_css, "text/css; charset=utf-8"),
        "icon.svg": File(PackageResources.icon_svg, "image/svg+xml"),
        "page.js": File(PackageResources.page_js, script),
        "access.js": File(PackageResources.access_js, script),
        "choosing.js": File(PackageResources.choosing_js, script),
        "entry.js": File(PackageResources.entry_js, script),
        "listing.js": File(PackageResources.listing_js, script),
        "records.js": File(PackageResources.records_js, script),
        "rows.js": File(PackageResources.rows_js, script),
        "saving.js": File(PackageResources.saving_js, script),
        "transfer.js": File(PackageResources.transfer_js, script),
        "transfers.js": File(PackageResources.transfers_js, script),
        "wording.js": File(PackageResources.wording_js, script),
        "cairn.js": File(PackageResources.cairn_js, script),
        "cairn-worker.js": File(PackageResources.cairn_worker_js, script),
        "cairn.d.ts": File(PackageResources.cairn_d_ts, "application/typescript"),
    ]
}
