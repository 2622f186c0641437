// Uploads to a real server: what arrives, what travels, what is told meanwhile.
import assert from 'node:assert/strict'
import crypto from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import test from 'node:test'
import { CairnError, cancel, contentIdOf, list, status, upload, verify } from '../../Sources/Server/Page/cairn.js'
import { MIB, Proxy, Server, TestFile, Watcher, freshBytes, randomBytes, seed } from './support.js'

const small = ['--chunk-size', '64K']
const isSame = async (server, id, bytes) => assert.ok((await server.bytes(id)).equals(Buffer.from(bytes)), 'other bytes')

test(`a file arrives, and its id is the one computed here (seed ${seed})`, async (t) => {
  const server = await Server.shared(small)
  const bytes = freshBytes(3 * MIB + 17)
  const file = new TestFile(bytes, 'фото 1.bin', 1700000000000, 'image/png')
  const watcher = new Watcher()
  const receipt = await upload(file, { url: server.url, onprogress: watcher.onprogress })
  await isSame(server, receipt.id, bytes)
  const contentId = await contentIdOf(file, { chunkSize: 65536 })
  assert.deepEqual(receipt, {
    id: receipt.id, url: `${server.url}/files/${receipt.id}`, contentId, length: bytes.length, sent: bytes.length, known: 0,
  })
  const state = await status(receipt.id, { url: server.url })
  assert.equal(state.name, 'фото 1.bin')
  assert.equal(state.type, 'image/png')
  assert.equal(watcher.broken, undefined)
  assert.equal(watcher.last.phase, 'done')
  assert.equal(watcher.last.acknowledged, bytes.length)
  assert.deepEqual(watcher.phases.filter((phase) => phase === 'waiting'), [])
  assert.equal((await list({ url: server.url }))[0].id, receipt.id)
})

test('the second upload of a file sends no byte of it, under the same name and under another', async (t) => {
  const server = await Server.shared(small)
  const proxy = await Proxy.start(t, server)
  const bytes = freshBytes(MIB)
  const first = await upload(new TestFile(bytes), { url: proxy.url })
  assert.ok(proxy.chunkBytes >= MIB)
  for (const file of [new TestFile(bytes), new TestFile(bytes, 'b.bin'), new Blob([bytes])]) {
    proxy.log.length = 0
    const again = await upload(file, { url: proxy.url })
    assert.equal(proxy.chunkBytes, 0)
    assert.equal(again.sent, 0)
    assert.equal(again.known, MIB)
    assert.equal(again.contentId, first.contentId)
    await isSame(server, again.id, bytes)
  }
})

test('what a file has twice travels once', async (t) => {
  const server = await Server.shared(small)
  // Slow enough that the others are named before the first of their kind has arrived.
  const proxy = await Proxy.start(t, server, async ({ path: at }) => {
    if (at.endsWith('/chunks')) await new Promise((resolve) => setTimeout(resolve, 300))
  })
  const part = freshBytes(8 * 65536)
  const bytes = Buffer.concat([part, new Uint8Array(16 * 65536), part, new Uint8Array(100)])
  const watcher = new Watcher()
  const receipt = await upload(new TestFile(bytes), { url: proxy.url, onprogress: watcher.onprogress })
  await isSame(server, receipt.id, bytes)
  assert.equal(watcher.broken, undefined)
  assert.equal(receipt.sent + receipt.known, bytes.length)
  // A chunk that arrives while others of its kind are being named may have to come once more.
  assert.ok(proxy.chunkBytes <= part.length + 8 * 65536, `${proxy.chunkBytes} bytes`)
})

test('every length around the boundaries of chunks arrives', async (t) => {
  const server = await Server.shared(small)
  for (const length of [0, 1, 65535, 65536, 65537, 131071, 131072, 131073, 17 * 65536 - 1]) {
    const bytes = freshBytes(length)
    const watcher = new Watcher()
    const receipt = await upload(new TestFile(bytes, `${length}`), { url: server.url, onprogress: watcher.onprogress })
    await isSame(server, receipt.id, bytes)
    assert.equal(receipt.length, length)
    assert.equal(watcher.broken, undefined)
    assert.equal(watcher.last.acknowledged, length)
  }
})

test('an abort pauses: what was acknowledged need not travel again', async (t) => {
  const server = await Server.shared(small)
  const proxy = await Proxy.start(t, server)
  const bytes = freshBytes(8 * MIB)
  const pause = new AbortController()
  const watcher = new Watcher()
  watcher.onstate = ({ acknowledged }) => { if (acknowledged > 2 * MIB) pause.abort() }
  const paused = upload(new TestFile(bytes), { url: proxy.url, signal: pause.signal, onprogress: watcher.onprogress })
  await assert.rejects(paused, { name: 'AbortError' })
  const { id, acknowledged } = watcher.last
  assert.ok(acknowledged > 2 * MIB && acknowledged < 8 * MIB)
  proxy.log.length = 0
  const second = new Watcher()
  const receipt = await upload(new TestFile(bytes), { url: proxy.url, resume: id, onprogress: second.onprogress })
  assert.equal(receipt.id, id)
  assert.ok(receipt.known >= acknowledged, `${receipt.known} of ${acknowledged}`)
  assert.ok(proxy.chunkBytes < 8 * MIB - acknowledged + MIB / 2, `${proxy.chunkBytes}`)
  assert.equal(second.broken, undefined)
  await isSame(server, id, bytes)
})

test('an abort before the beginning leaves nothing', async (t) => {
  const server = await Server.shared(small)
  const before = await (await fetch(`${server.url}/v1/uploads`)).json()
  await assert.rejects(upload(new TestFile(randomBytes(10, 1)), { url: server.url, signal: AbortSignal.abort() }), {
    name: 'AbortError',
  })
  const after = await (await fetch(`${server.url}/v1/uploads`)).json()
  assert.deepEqual(after, before)
})

async function half(server, bytes, options = {}) {
  const pause = new AbortController()
  const watcher = new Watcher()
  watcher.onstate = ({ acknowledged }) => { if (acknowledged > bytes.length / 4) pause.abort() }
  await assert.rejects(upload(new TestFile(bytes, 'a.bin', 1), {
    url: server.url, signal: pause.signal, onprogress: watcher.onprogress, ...options,
  }), { name: 'AbortError' })
  return watcher.last.id
}

test('a file that changed is not joined to the old beginning: another upload begins before a byte travels', async (t) => {
  const server = await Server.shared(small)
  const bytes = freshBytes(4 * MIB)
  const id = await half(server, bytes)
  const other = bytes.slice()
  // In the last chunk that the first upload named: all before it are the same.
  const { entries } = await status(id, { url: server.url })
  other[entries * 65536 - 1] ^= 1
  const proxy = await Proxy.start(t, server)
  const receipt = await upload(new TestFile(other, 'a.bin', 1), { url: proxy.url, resume: id })
  assert.notEqual(receipt.id, id)
  await isSame(server, receipt.id, other)
  const toOld = proxy.log.filter(({ path: at }) => at === `/v1/uploads/${id}/chunks`)
  assert.deepEqual(toOld, [], 'bytes of the changed file went to the old upload')
})

/** An upload of the bytes whose first `count` chunks are named, and none is sent. */
async function named(server, bytes, count) {
  const begin = { method: 'POST', body: JSON.stringify({ length: bytes.length, chunkSize: 65536 }) }
  const { id } = await (await fetch(`${server.url}/v1/uploads`, begin)).json()
  const digests = Array.from({ length: count }, (_, index) =>
    crypto.createHash('sha256').update(bytes.subarray(65536 * index, 65536 * index + 65536)).digest())
  const answer = await fetch(`${server.url}/v1/uploads/${id}/manifest?index=0`, {
    method: 'PATCH', headers: { 'Content-Type': 'application/vnd.cairn.digests' }, body: Buffer.concat(digests),
  })
  assert.equal(answer.status, 200)
  return id
}

test('a change behind what is missing is found before what is missing is sent', async (t) => {
  const server = await Server.shared(small)
  const bytes = freshBytes(200 * 65536)
  const id = await named(server, bytes, 150)
  bytes[150 * 65536 - 1] ^= 1
  const proxy = await Proxy.start(t, server)
  const receipt = await upload(new TestFile(bytes, 'behind.bin'), { url: proxy.url, resume: id })
  assert.notEqual(receipt.id, id)
  assert.deepEqual(proxy.log.filter(({ path: at }) => at === `/v1/uploads/${id}/chunks`), [])
  await isSame(server, receipt.id, bytes)
})

test('a file that is read slowly at first goes on though all of it was named and most of it is missing', async (t) => {
  const server = await Server.shared(small)
  const bytes = freshBytes(100 * 65536)
  const id = await named(server, bytes, 100)
  const file = new TestFile(bytes, 'slow.bin')
  let reads = 0
  file.slice = (...range) => {
    const part = Blob.prototype.slice.apply(file, range)
    const read = part.arrayBuffer.bind(part)
    part.arrayBuffer = async () => {
      if (reads++ < 6) await new Promise((resolve) => setTimeout(resolve, 500))
      return read()
    }
    return part
  }
  const receipt = await upload(file, { url: server.url, resume: id, signal: AbortSignal.timeout(60000) })
  assert.equal(receipt.id, id)
  await isSame(server, id, bytes)
})

test('an upload of another length, one that is gone and what is no id are not resumed', async (t) => {
  const server = await Server.shared(small)
  const bytes = freshBytes(4 * MIB)
  const id = await half(server, bytes)
  const longer = await upload(new TestFile(Buffer.concat([bytes, Buffer.of(1)])), { url: server.url, resume: id })
  assert.notEqual(longer.id, id)
  await cancel(id, { url: server.url })
  await cancel(id, { url: server.url })
  await assert.rejects(status(id, { url: server.url }), (error) => error instanceof CairnError && error.status === 410)
  for (const resume of [id, '0'.repeat(32), '../files', 'x']) {
    const receipt = await upload(new TestFile(bytes), { url: server.url, resume })
    assert.notEqual(receipt.id, id)
    await isSame(server, receipt.id, bytes)
  }
})

test('an upload that was completed meanwhile is resumed as done', async (t) => {
  const server = await Server.shared(small)
  const bytes = freshBytes(MIB)
  const { id } = await upload(new TestFile(bytes), { url: server.url })
  assert.deepEqual((await upload(new TestFile(bytes), { url: server.url, resume: id })).id, id)
  bytes[5] ^= 1
  const other = await upload(new TestFile(bytes), { url: server.url, resume: id })
  assert.notEqual(other.id, id)
  await isSame(server, other.id, bytes)
})

test('two uploads of one file at once both end well', async (t) => {
  const server = await Server.shared(small)
  const bytes = freshBytes(4 * MIB)
  const receipts = await Promise.all([1, 2, 3].map(() => upload(new TestFile(bytes), { url: server.url })))
  for (const { id } of receipts) await isSame(server, id, bytes)
})

test('digests that were kept need not be computed again, and lead to nothing false', async (t) => {
  const server = await Server.shared(small)
  const bytes = freshBytes(MIB)
  const digests = new Map()
  let read = 0
  const counted = () => {
    const file = new TestFile(bytes, 'cached.bin')
    const slice = file.slice.bind(file)
    file.slice = (start, end) => {
      read += end - start
      return slice(start, end)
    }
    return file
  }
  const first = await upload(counted(), { url: server.url, digests })
  assert.equal(digests.size, 1)
  assert.equal(read, MIB)
  const second = await upload(counted(), { url: server.url, digests })
  assert.equal(read, MIB, 'the file was read again')
  assert.equal(second.contentId, first.contentId)
  // A cache that lies: what the bytes do not bear out is an error, and is forgotten.
  const [[key, text]] = digests
  digests.set(key, `${text[0] === 'A' ? 'B' : 'A'}${text.slice(1)}`)
  const fresh = await Server.start(t, small)
  await assert.rejects(upload(counted(), { url: fresh.url, digests }), { type: 'file-changed' })
  const third = await upload(counted(), { url: fresh.url, digests })
  await isSame(fresh, third.id, bytes)
  for (const nonsense of ['?', 'AAAA', 7, null]) {
    digests.set(key, nonsense)
    assert.equal((await upload(counted(), { url: fresh.url, digests })).contentId, first.contentId)
  }
})

test('where chunks of others count after a proof, a file of ours sends no byte twice', async (t) => {
  const server = await Server.shared([...small, '--dedup', 'prove'])
  const bytes = freshBytes(2 * MIB)
  let wrong = 0
  const proxy = await Proxy.start(t, server, ({ path: at }, body) => {
    if (!at.endsWith('/proofs')) return
    const { nonce, proofs } = JSON.parse(body)
    for (const { index, hmac } of proofs) {
      const chunk = bytes.subarray(65536 * index, 65536 * index + 65536)
      const expected = crypto.createHmac('sha256', Buffer.from(nonce, 'base64')).update(chunk).digest('base64')
      if (hmac !== expected) wrong += 1
    }
  })
  await upload(new TestFile(bytes), { url: proxy.url })
  const asked = proxy.log.filter(({ path: at }) => at.endsWith('/proofs'))
  assert.ok(asked.length > 0, 'no proof was tried')
  assert.equal(wrong, 0)
  const again = await upload(new TestFile(bytes, 'b.bin'), { url: proxy.url })
  await isSame(server, again.id, bytes)
  assert.equal(again.sent, 0)
})

test("no byte of another's file travels, however many requests of proofs that takes", async (t) => {
  const server = await Server.start(t)
  const [owner, other] = [await server.token('owner'), await server.token('other')]
  const proofs = []
  const proxy = await Proxy.start(t, server, ({ path: at }, body) => {
    if (at.endsWith('/proofs')) proofs.push(JSON.parse(body).proofs.length)
  })
  // More than the 32 MiB of one request, and all of it named at once: the digests are known.
  const file = new TestFile(freshBytes(10 * 4 * MIB))
  const digests = new Map()
  const first = await upload(file, { url: server.url, token: owner, digests })
  const again = await upload(file, { url: proxy.url, token: other, digests })
  assert.equal(again.contentId, first.contentId)
  assert.equal(again.sent, 0)
  assert.deepEqual(proofs, [8, 2])
})

test('without deduplication every file travels', async (t) => {
  const server = await Server.shared([...small, '--dedup', 'off'])
  const bytes = freshBytes(MIB)
  await upload(new TestFile(bytes), { url: server.url })
  const again = await upload(new TestFile(bytes, 'b.bin'), { url: server.url })
  assert.equal(again.sent, MIB)
  await isSame(server, again.id, bytes)
})

test('verify tells the same file from another, and reads back what the server gives', async (t) => {
  const server = await Server.shared(small)
  const bytes = freshBytes(MIB + 5)
  const { id } = await upload(new TestFile(bytes), { url: server.url })
  const { url } = server
  assert.equal(await verify(new Blob([bytes]), id, { url }), true)
  assert.equal(await verify(null, id, { url }), true)
  const other = bytes.slice()
  other[MIB] ^= 1
  assert.equal(await verify(new Blob([other]), id, { url }), false)
  assert.equal(await verify(new Blob([bytes.slice(1)]), id, { url }), false)
  const proxy = await Proxy.start(t, server, async ({ path: at, headers }) => {
    if (at !== `/v1/files/${id}`) return undefined
    const whole = await fetch(server.url + at, { headers: { Range: headers.range } })
    const body = Buffer.from(await whole.arrayBuffer())
    body[0] ^= 1
    return { status: 206, body }
  })
  assert.equal(await verify(null, id, { url: proxy.url }), false)
})

test('a file joined of two, cut where they met, is verified, too', async (t) => {
  const server = await Server.shared(small)
  const bytes = freshBytes(200000)
  const send = async (headers, body) => {
    const response = await fetch(`${server.url}/files`, { method: 'POST', headers: { 'Tus-Resumable': '1.0.0', ...headers }, body })
    assert.equal(response.status, 201)
    return response.headers.get('location')
  }
  const parts = []
  for (const part of [bytes.subarray(0, 100000), bytes.subarray(100000)]) {
    parts.push(await send({
      'Upload-Concat': 'partial', 'Upload-Length': '100000', 'Content-Type': 'application/offset+octet-stream',
    }, part))
  }
  const id = (await send({ 'Upload-Concat': `final;${parts.join(' ')}` })).split('/').pop()
  assert.equal(await verify(new Blob([bytes]), id, { url: server.url }), true)
  assert.equal(await verify(null, id, { url: server.url }), true)
  assert.notEqual(await contentIdOf(new Blob([bytes]), { chunkSize: 65536 }), (await status(id, { url: server.url })).contentId)
})

test('a file on disk is sent as a Blob of it', { skip: !fs.openAsBlob && 'this Node has no openAsBlob' }, async (t) => {
  const server = await Server.shared()
  const bytes = freshBytes(9 * MIB)
  const where = path.join(server.folder, 'outside.bin')
  fs.writeFileSync(where, bytes)
  const blob = await fs.openAsBlob(where)
  const receipt = await upload(blob, { url: server.url, name: 'outside.bin' })
  await isSame(server, receipt.id, bytes)
  fs.writeFileSync(where, bytes.subarray(1))
  await assert.rejects(upload(blob, { url: server.url, name: 'outside.bin' }), { type: 'file-changed' })
})
