// What goes wrong on the way: servers that die or are busy, lines that break, bytes that change.
import assert from 'node:assert/strict'
import test from 'node:test'
import v8 from 'node:v8'
import vm from 'node:vm'
import { CairnError, contentIdOf, upload } from '../../Sources/Server/Page/cairn.js'
import { MIB, Proxy, Server, TestFile, Watcher, freshBytes } from './support.js'

const small = ['--chunk-size', '64K']
const isSame = async (server, id, bytes) => assert.ok((await server.bytes(id)).equals(Buffer.from(bytes)), 'other bytes')
const isChunks = ({ path: at }) => at.endsWith('/chunks')

test('a server that is killed and started again in the middle costs nothing that it acknowledged', async (t) => {
  const server = await Server.start(t, small)
  const bytes = freshBytes(16 * MIB)
  const watcher = new Watcher()
  let killed
  watcher.onstate = ({ acknowledged }) => {
    if (acknowledged < 4 * MIB || killed) return
    killed = server.kill().then(() => server.run())
  }
  const receipt = await upload(new TestFile(bytes), { url: server.url, onprogress: watcher.onprogress })
  assert.ok(killed, 'it was over before')
  await killed
  await isSame(server, receipt.id, bytes)
  assert.equal(watcher.broken, undefined)
  assert.ok(watcher.phases.includes('waiting'))
  const waiting = watcher.states.find(({ phase }) => phase === 'waiting')
  assert.match(waiting.reason, /reached/)
  assert.ok(waiting.retryAt > 0)
})

test('connections that break again and again are tried again', async (t) => {
  const server = await Server.shared(small)
  let count = 0
  const proxy = await Proxy.start(t, server, () => (count++ % 3 === 2 ? 'cut' : undefined))
  const bytes = freshBytes(2 * MIB)
  const receipt = await upload(new TestFile(bytes), { url: proxy.url })
  assert.ok(count > 6)
  await isSame(server, receipt.id, bytes)
})

test('an answer that is lost is asked for again, and what it answered is not undone', async (t) => {
  const server = await Server.shared(small)
  const lost = new Set()
  const proxy = await Proxy.start(t, server, async ({ method, path: at, search, headers }, body) => {
    if (method === 'GET' || lost.has(at)) return undefined
    lost.add(at)
    const { 'content-length': _, connection: __, ...rest } = headers
    await (await fetch(server.url + at + search, { method, headers: rest, body })).arrayBuffer()
    return 'cut'
  })
  const bytes = freshBytes(MIB)
  const receipt = await upload(new TestFile(bytes, 'lost.bin'), { url: proxy.url })
  assert.ok(lost.size >= 4, `${[...lost]}`)
  await isSame(server, receipt.id, bytes)
})

test('bytes that are altered on the way once are sent again', async (t) => {
  const server = await Server.shared(small)
  let altered = 0
  const proxy = await Proxy.start(t, server, (request, body) => {
    if (!isChunks(request) || altered > 0) return undefined
    altered += 1
    const forward = Buffer.from(body)
    forward[1000] ^= 1
    return { forward }
  })
  const bytes = freshBytes(MIB)
  const receipt = await upload(new TestFile(bytes), { url: proxy.url })
  assert.equal(altered, 1)
  await isSame(server, receipt.id, bytes)
})

test('bytes that are altered always are an error, and no file', async (t) => {
  const server = await Server.shared(small)
  const proxy = await Proxy.start(t, server, (request, body) => {
    if (!isChunks(request)) return undefined
    const forward = Buffer.from(body)
    forward[1000] ^= 1
    return { forward }
  })
  const watcher = new Watcher()
  const bytes = freshBytes(MIB)
  const failed = upload(new TestFile(bytes), { url: proxy.url, onprogress: watcher.onprogress })
  await assert.rejects(failed, { name: 'CairnError', type: 'garbled' })
  assert.equal(watcher.broken, undefined)
  const state = await (await fetch(`${server.url}/v1/uploads/${watcher.last.id}`)).json()
  assert.equal(state.state, 'open')
})

test('a server that says complete of another file is not believed', async (t) => {
  const server = await Server.shared(small)
  const proxy = await Proxy.start(t, server, async ({ path: at, method }, body) => {
    if (!at.endsWith('/complete')) return undefined
    const answer = await (await fetch(server.url + at, { method, body })).json()
    return { status: 201, body: JSON.stringify({ ...answer, contentId: '0'.repeat(64) }) }
  })
  const watcher = new Watcher()
  const lied = upload(new TestFile(freshBytes(MIB)), { url: proxy.url, onprogress: watcher.onprogress })
  await assert.rejects(lied, { type: 'other-content' })
  assert.ok(!watcher.phases.includes('done'))
})

test('a busy server is waited for as long as it asks', async (t) => {
  const server = await Server.shared(small)
  const times = []
  const proxy = await Proxy.start(t, server, (request) => {
    if (!isChunks(request)) return undefined
    times.push(Date.now())
    return times.length === 1 ? { status: 503, headers: { 'Retry-After': '2' }, body: 'busy' } : undefined
  })
  const watcher = new Watcher()
  const bytes = freshBytes(65536)
  const receipt = await upload(new TestFile(bytes), { url: proxy.url, onprogress: watcher.onprogress })
  await isSame(server, receipt.id, bytes)
  assert.equal(times.length, 2)
  assert.ok(times[1] - times[0] >= 1990, `${times[1] - times[0]} ms`)
  assert.match(watcher.states.find(({ phase }) => phase === 'waiting').reason, /503/)
})

test('too many requests are waited for, too; the last try is an error that says so', async (t) => {
  const server = await Server.shared(small)
  const proxy = await Proxy.start(t, server, (request) => (isChunks(request) ? { status: 429 } : undefined))
  const failed = upload(new TestFile(freshBytes(65536)), { url: proxy.url, tries: 3 })
  await assert.rejects(failed, { status: 429, retryable: true })
  assert.equal(proxy.log.filter(isChunks).length, 3)
})

test('a refusal is not tried again', async (t) => {
  const limited = await Server.start(t, [...small, '--limit-length', '1000'])
  const proxy = await Proxy.start(t, limited)
  await assert.rejects(upload(new TestFile(freshBytes(1001)), { url: proxy.url }), (error) => {
    assert.ok(error instanceof CairnError)
    assert.deepEqual([error.status, error.type, error.retryable], [413, 'too-large', false])
    return true
  })
  assert.equal(proxy.log.filter(({ method }) => method === 'POST').length, 1)
  const guarded = await Proxy.start(t, limited, () => ({ status: 401 }))
  await assert.rejects(upload(new TestFile(freshBytes(10)), { url: guarded.url, token: 't' }), { status: 401 })
  assert.equal(guarded.log.length, 1)
  assert.equal(guarded.log[0].headers.authorization, 'Bearer t')
})

test('a pause ends the waiting at once', async (t) => {
  const proxy = await Proxy.start(t, {}, () => ({ status: 503, headers: { 'Retry-After': '600' } }))
  const pause = new AbortController()
  const onprogress = ({ phase }) => phase === 'waiting' && setTimeout(() => pause.abort(), 20)
  const failed = upload(new TestFile(freshBytes(10)), { url: proxy.url, signal: pause.signal, onprogress })
  await assert.rejects(failed, { name: 'AbortError' })
})

test('without a network nothing is tried; it goes on by itself', async (t) => {
  const server = await Server.shared(small)
  const proxy = await Proxy.start(t, server)
  const before = Object.getOwnPropertyDescriptor(globalThis, 'navigator')
  let onLine = true
  Object.defineProperty(globalThis, 'navigator', { configurable: true, value: { get onLine() { return onLine } } })
  t.after(() => (before ? Object.defineProperty(globalThis, 'navigator', before) : delete globalThis.navigator))
  const watcher = new Watcher()
  let during
  watcher.onstate = ({ phase, reason, retryAt, acknowledged }) => {
    if (acknowledged > 0 && onLine && during === undefined) {
      onLine = false
      setTimeout(() => {
        during = proxy.log.length
        setTimeout(() => {
          during -= proxy.log.length
          onLine = true
        }, 300)
      }, 500)
    }
    if (phase === 'waiting') assert.deepEqual([reason, retryAt], ['offline', null])
  }
  const bytes = freshBytes(8 * MIB)
  const receipt = await upload(new TestFile(bytes), { url: proxy.url, onprogress: watcher.onprogress })
  assert.ok(watcher.phases.includes('waiting'))
  assert.equal(during, 0, 'requests were made meanwhile')
  assert.equal(watcher.broken, undefined)
  await isSame(server, receipt.id, bytes)
})

/** Changes under the reader: what was hashed is not what is read later. */
class MovingFile extends TestFile {
  constructor(bytes, change) {
    super(bytes, 'moving.bin')
    this.change = change
  }

  slice(start, end) {
    return { size: end - start, arrayBuffer: () => this.change(start, end, () => super.slice(start, end).arrayBuffer()) }
  }
}

test('a file that changes while it is read is an error that says so, and no file', async (t) => {
  const server = await Server.shared(small)
  const gone = Object.assign(new Error('gone'), { name: 'NotReadableError' })
  let reads = 0
  const changes = {
    'it cannot be read any more': (start, end, read) => (start > MIB ? Promise.reject(gone) : read()),
    'it is shorter': async (start, end, read) => (start > MIB ? (await read()).slice(1) : read()),
    'it has other bytes at a second reading': async (start, end, read) => {
      const buffer = await read()
      if (start === 0 && reads++ > 0) new Uint8Array(buffer)[7] ^= 1
      return buffer
    },
  }
  // So that chunks are read a second time: a digest that is kept leads to one that is not there.
  for (const [name, change] of Object.entries(changes)) {
    const bytes = freshBytes(2 * MIB)
    const digests = new Map()
    if (name.includes('second')) {
      const other = await Server.start(t, small)
      await upload(new MovingFile(bytes, change), { url: other.url, digests })
      reads = 1
    }
    const watcher = new Watcher()
    const failed = upload(new MovingFile(bytes, change), { url: server.url, digests, onprogress: watcher.onprogress })
    await assert.rejects(failed, { name: 'CairnError', type: 'file-changed', retryable: false }, name)
    assert.ok(!watcher.phases.includes('done'))
  }
})

test('a file that gives fewer bytes than it has gets no content id', async () => {
  const short = new MovingFile(freshBytes(2 * MIB), async (start, end, read) => (await read()).slice(1))
  await assert.rejects(contentIdOf(short), { name: 'CairnError', type: 'file-changed' })
})

test('a large sparse file takes little memory, and its zeros travel once', async (t) => {
  const server = await Server.start(t)
  const length = 3 * 1024 * MIB
  const file = {
    name: 'sparse', size: length, lastModified: 1,
    slice: (start, end) => ({ arrayBuffer: async () => new ArrayBuffer(end - start) }),
  }
  let most = 0
  const timer = setInterval(() => { most = Math.max(most, process.memoryUsage().rss) }, 20)
  t.after(() => clearInterval(timer))
  const receipt = await upload(file, { url: server.url })
  assert.equal(receipt.length, length)
  assert.ok(receipt.sent <= 16 * MIB, `${receipt.sent} bytes travelled`)
  assert.ok(most < 300 * MIB, `${most / MIB} MiB`)
})

test('a large file is held in pieces only', async (t) => {
  v8.setFlagsFromString('--expose-gc')
  const collect = vm.runInNewContext('gc')
  const server = await Server.start(t)
  const length = 256 * MIB
  let most = 0
  let reads = 0
  const file = {
    name: 'large', size: length, lastModified: 1,
    slice: (start, end) => ({
      arrayBuffer: async () => {
        if (reads++ % 4 === 0) {
          collect()
          most = Math.max(most, process.memoryUsage().arrayBuffers)
        }
        const buffer = new ArrayBuffer(end - start)
        new DataView(buffer).setUint32(0, start / 65536 + 1)
        return buffer
      },
    }),
  }
  const receipt = await upload(file, { url: server.url, connections: 2 })
  assert.equal(receipt.sent, length)
  // 4 chunks of 4 MiB; the rest is what fetch copies, and what was let go and not yet given back.
  assert.ok(most < 128 * MIB, `${most / MIB} MiB`)
})
