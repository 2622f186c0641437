// The vectors of spec/vectors, and SHA-256 without WebCrypto.
import assert from 'node:assert/strict'
import crypto from 'node:crypto'
import test from 'node:test'
import {
  CairnError, ContentTree, contentIdOf, crc32c, leafOf, missingIndices, parseManifest,
} from '../../Sources/Server/Page/cairn.js'
import { Sha256, digestOf, hmacSha256, isZero, proofOf, sha256 } from '../../Sources/Server/Page/cairn-worker.js'
import { generator, randomBytes, seed, vectors } from './support.js'

const hex = (bytes) => Buffer.from(bytes).toString('hex')
const unhex = (text) => new Uint8Array(Buffer.from(text, 'hex'))
const pattern = (length) => Uint8Array.from({ length }, (_, i) => (7 * i + 3) % 251)

test('leaves and roots are those of the vectors', () => {
  const { entries, leaves, roots } = vectors('tree')
  const tree = new ContentTree()
  assert.equal(hex(tree.root()), roots[0])
  entries.forEach(({ digest, length }, index) => {
    assert.equal(hex(leafOf(unhex(digest), length)), leaves[index])
    tree.append(unhex(digest), length)
    assert.equal(hex(tree.root()), roots[index + 1])
  })
})

test('the content id of a beginning is the prefix digest there', async () => {
  let compared = 0
  for (const { chunkSize, lengths, prefixes } of vectors('prefix').files) {
    if (lengths.slice(0, -1).some((length) => length !== chunkSize)) continue
    for (const { offset, digest } of prefixes) {
      assert.equal(await contentIdOf(new Blob([pattern(offset)]), { chunkSize }), digest, `${chunkSize} ${offset}`)
      compared += 1
    }
  }
  assert.equal(compared, 13)
})

test('entries of any lengths have the prefix digest of the vectors', () => {
  for (const { prefixes } of vectors('prefix').files) {
    for (const { entries, digest } of prefixes) {
      const tree = new ContentTree()
      for (const entry of entries) tree.append(unhex(entry.digest), entry.length)
      assert.equal(hex(tree.root()), digest)
    }
  }
})

test('manifests are read as the vectors say', () => {
  for (const expected of vectors('manifest').manifests) {
    const manifest = parseManifest(unhex(expected.hex))
    assert.equal(manifest.contentId, expected.contentId, expected.name)
    assert.equal(manifest.chunkSize, expected.chunkSize)
    assert.equal(manifest.isRagged, expected.isRagged)
    assert.equal(manifest.length, expected.length)
    assert.deepEqual(manifest.entries.map(({ digest, length }) => ({ digest: hex(digest), length })), expected.entries)
  }
})

test('what is no manifest is refused, with the error of the vectors', () => {
  const words = (name) => name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)
  for (const { hex: text, error, reason } of vectors('manifest').refused) {
    assert.throws(() => parseManifest(unhex(text)), (thrown) => {
      assert.ok(thrown instanceof CairnError, `${reason}: ${thrown}`)
      assert.equal(thrown.title, words(error), reason)
      return true
    })
  }
})

test('checksums are those of the vectors', () => {
  for (const { hex: text, checksum, name } of vectors('crc32c').cases) {
    assert.equal(crc32c(unhex(text)).toString(16).padStart(8, '0'), checksum, name)
  }
})

test(`SHA-256 without WebCrypto is SHA-256 (seed ${seed})`, () => {
  const next = generator(seed)
  const lengths = [...Array(260).keys(), ...Array.from({ length: 200 }, () => next() % 100000)]
  for (const length of lengths) {
    const bytes = randomBytes(length, next())
    const expected = crypto.createHash('sha256').update(bytes).digest('hex')
    assert.equal(hex(sha256(bytes)), expected, `${length} bytes`)
    const pieces = new Sha256()
    for (let at = 0; at < length;) {
      const end = Math.min(length, at + 1 + next() % 200)
      pieces.update(bytes.subarray(at, end))
      at = end
    }
    assert.equal(hex(pieces.digest()), expected, `${length} bytes in pieces`)
  }
})

test(`HMAC without WebCrypto is HMAC (seed ${seed})`, async () => {
  const next = generator(seed)
  for (const [keyLength, length] of [[0, 0], [16, 1], [16, 65536], [64, 100], [65, 100], [200, 55]]) {
    const [key, bytes] = [randomBytes(keyLength, next()), randomBytes(length, next())]
    const expected = crypto.createHmac('sha256', key).update(bytes).digest('hex')
    assert.equal(hex(hmacSha256(key, bytes)), expected)
    if (keyLength > 0) assert.equal(hex(await proofOf(key, bytes.slice().buffer)), expected)
  }
})

test('zeros, and only zeros, are taken for zeros', async () => {
  for (const length of [0, 1, 3, 4, 4095, 4096, 4097, 65536, 65539]) {
    const bytes = new Uint8Array(length)
    assert.equal(isZero(bytes.buffer), true)
    for (const at of [0, length >> 1, length - 1].filter((place) => place >= 0 && place < length)) {
      bytes[at] = 128
      assert.equal(isZero(bytes.buffer), false, `byte ${at} of ${length}`)
      bytes[at] = 0
    }
    for (let again = 0; again < 2; again++) assert.equal(hex(await digestOf(bytes.buffer)), hex(sha256(bytes)))
  }
})

test('a digest that is given away is not the one that is kept', async () => {
  const first = await digestOf(new ArrayBuffer(4096))
  first.fill(7)
  assert.equal(hex(await digestOf(new ArrayBuffer(4096))), hex(sha256(new Uint8Array(4096))))
})

test('missing entries are read from ranges and bitmaps', () => {
  assert.deepEqual(missingIndices({ ranges: '' }, 5, 10), [])
  assert.deepEqual(missingIndices({ ranges: '5,7-9' }, 5, 10), [5, 7, 8, 9])
  assert.deepEqual(missingIndices({ bitmap: Buffer.from([0b10100000, 0b01000000]).toString('base64') }, 8, 10), [8, 10, 17])
  assert.throws(() => missingIndices({ ranges: '4' }, 5, 10))
  assert.throws(() => missingIndices({ ranges: '5-999999999999' }, 5, 10))
  assert.throws(() => missingIndices({ ranges: 'x' }, 5, 10))
})
