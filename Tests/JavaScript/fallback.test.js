// Where /v1 is not reachable, files go by X-Start-Byte.
import assert from 'node:assert/strict'
import test from 'node:test'
import { upload } from '../../Sources/Server/Page/cairn.js'
import { MIB, Proxy, Server, TestFile, Watcher, freshBytes } from './support.js'

const small = ['--chunk-size', '64K']
const isSame = async (server, id, bytes) => assert.ok((await server.bytes(id)).equals(Buffer.from(bytes)), 'other bytes')
const blocked = (status) => ({ path: at }) => (at.startsWith('/v1') ? { status, body: 'no' } : undefined)

for (const status of [404, 405, 403]) {
  test(`a file arrives where /v1 is answered ${status}`, async (t) => {
    const server = await Server.shared(small)
    const proxy = await Proxy.start(t, server, blocked(status))
    const bytes = freshBytes(20 * MIB + 3)
    const watcher = new Watcher()
    const receipt = await upload(new TestFile(bytes, 'ü х.bin'), { url: proxy.url, onprogress: watcher.onprogress })
    await isSame(server, receipt.id, bytes)
    assert.equal(watcher.broken, undefined)
    assert.deepEqual([receipt.sent, receipt.known, watcher.last.phase], [bytes.length, 0, 'done'])
    const state = await (await fetch(`${server.url}/v1/uploads/${receipt.id}`)).json()
    assert.deepEqual([state.state, state.name], ['complete', 'ü х.bin'])
    proxy.log.length = 0
    const again = await upload(new TestFile(bytes, 'ü х.bin'), { url: proxy.url })
    assert.deepEqual([again.sent, again.known, again.id], [0, bytes.length, receipt.id])
    assert.equal(proxy.chunkBytes, 0)
  })
}

test('it resumes where the server is, after an abort and after a crash', async (t) => {
  const server = await Server.start(t, small)
  const proxy = await Proxy.start(t, server, blocked(404))
  const bytes = freshBytes(40 * MIB)
  const pause = new AbortController()
  const onprogress = ({ acknowledged }) => acknowledged >= 8 * MIB && pause.abort()
  await assert.rejects(upload(new TestFile(bytes, 'r.bin'), { url: proxy.url, signal: pause.signal, onprogress }), {
    name: 'AbortError',
  })
  await server.kill()
  await server.run()
  const watcher = new Watcher()
  const receipt = await upload(new TestFile(bytes, 'r.bin'), { url: proxy.url, onprogress: watcher.onprogress })
  assert.ok(receipt.known >= 8 * MIB, `${receipt.known}`)
  assert.equal(receipt.sent, bytes.length - receipt.known)
  assert.equal(watcher.broken, undefined)
  await isSame(server, receipt.id, bytes)
})

test('a beginning of another file is not gone on with', async (t) => {
  const server = await Server.shared(small)
  const proxy = await Proxy.start(t, server, blocked(404))
  const bytes = freshBytes(20 * MIB)
  const pause = new AbortController()
  const onprogress = ({ acknowledged }) => acknowledged >= 8 * MIB && pause.abort()
  await assert.rejects(upload(new TestFile(bytes, 'c.bin'), { url: proxy.url, signal: pause.signal, onprogress }))
  const other = bytes.slice()
  other[100] ^= 1
  const receipt = await upload(new TestFile(other, 'c.bin'), { url: proxy.url })
  assert.equal(receipt.sent, other.length)
  await isSame(server, receipt.id, other)
  const first = await upload(new TestFile(bytes, 'c.bin'), { url: proxy.url })
  await isSame(server, first.id, bytes)
})

test('an empty file arrives, and one without a name', async (t) => {
  const server = await Server.shared(small)
  const proxy = await Proxy.start(t, server, blocked(404))
  const empty = await upload(new TestFile(new Uint8Array(), 'empty'), { url: proxy.url })
  await isSame(server, empty.id, [])
  const bytes = freshBytes(100)
  const nameless = await upload(new Blob([bytes]), { url: proxy.url })
  await isSame(server, nameless.id, bytes)
})

test('bytes that are altered on the way are sent again, or are an error', async (t) => {
  const server = await Server.shared(small)
  let alter = 1
  const proxy = await Proxy.start(t, server, (request, body) => {
    if (request.path !== '/upload') return blocked(404)(request)
    if (alter-- <= 0) return undefined
    const forward = Buffer.from(body)
    forward[50] ^= 1
    return { forward }
  })
  const bytes = freshBytes(10 * MIB)
  const receipt = await upload(new TestFile(bytes, 'w.bin'), { url: proxy.url })
  await isSame(server, receipt.id, bytes)
  alter = 1000
  await assert.rejects(upload(new TestFile(freshBytes(10 * MIB), 'x.bin'), { url: proxy.url }), { name: 'CairnError' })
})
