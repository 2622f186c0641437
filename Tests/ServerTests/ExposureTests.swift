import CairnServer
import Testing

@Suite struct `Where a server may listen` {
    @Test(arguments: ["127.0.0.1", "127.8.9.255", "localhost", "LOCALHOST", "::1", nil])
    func `only this machine reaches loopback and a socket of the file system`(host: String?) {
        #expect(Exposure(host: host) == .local)
    }

    @Test(arguments: [
        "0.0.0.0", "::", "192.168.1.1", "128.0.0.1", "127.0.0.1.example.org", "127.0.0", "127.0.0.256", "127.0.0.+1",
        "127.0..1", "localhost.example.org", "", "::ffff:127.0.0.1", "::2",
    ])
    func `anything else may be reached by anyone`(host: String) {
        #expect(Exposure(host: host) == .open)
    }

    @Test func `open to anyone it needs protection, or its operator's word`() {
        #expect(Exposure.local.permits(isProtected: false))
        #expect(!Exposure.open.permits(isProtected: false))
        #expect(Exposure.open.permits(isProtected: true))
        #expect(Exposure.open.permits(isProtected: false, isAllowed: true))
    }
}
