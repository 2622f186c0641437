// Hashing for cairn.js: SHA-256 and HMAC of chunks. Loaded as a module worker it answers tasks; imported it works inline.

const K = new Int32Array([
  0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
  0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
  0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
  0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
  0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
  0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
  0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
  0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
])
const SCHEDULE = new Int32Array(64)

/** SHA-256 (FIPS 180-4) of bytes that come in pieces, without WebCrypto. */
export class Sha256 {
  #state = new Int32Array([
    0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
  ])
  #block = new Uint8Array(64)
  #length = 0

  /** @param {Uint8Array} bytes */
  update(bytes) {
    let at = 0
    const filled = this.#length % 64
    this.#length += bytes.length
    if (filled > 0) {
      at = Math.min(64 - filled, bytes.length)
      this.#block.set(bytes.subarray(0, at), filled)
      if (filled + at < 64) return this
      this.#compress(this.#block, 0)
    }
    for (; at + 64 <= bytes.length; at += 64) this.#compress(bytes, at)
    this.#block.set(bytes.subarray(at))
    return this
  }

  /** The digest; nothing may be added afterwards. */
  digest() {
    const length = this.#length
    const filled = length % 64
    const padding = new Uint8Array(filled < 56 ? 64 - filled : 128 - filled)
    padding[0] = 0x80
    const view = new DataView(padding.buffer)
    view.setUint32(padding.length - 8, Math.floor(length / 0x20000000))
    view.setUint32(padding.length - 4, (length << 3) >>> 0)
    this.update(padding)
    const digest = new Uint8Array(32)
    const words = new DataView(digest.buffer)
    this.#state.forEach((word, index) => words.setInt32(4 * index, word))
    return digest
  }

  #compress(bytes, at) {
    const w = SCHEDULE
    for (let t = 0; t < 16; t++, at += 4) {
      w[t] = (bytes[at] << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3]
    }
    for (let t = 16; t < 64; t++) {
      const x = w[t - 15]
      const y = w[t - 2]
      const s0 = ((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3)
      const s1 = ((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10)
      w[t] = (w[t - 16] + s0 + w[t - 7] + s1) | 0
    }
    const state = this.#state
    let [a, b, c, d, e, f, g, h] = state
    for (let t = 0; t < 64; t++) {
      const s1 = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7))
      const s0 = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10))
      const t1 = (h + s1 + ((e & f) ^ (~e & g)) + K[t] + w[t]) | 0
      const t2 = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0
      h = g
      g = f
      f = e
      e = (d + t1) | 0
      d = c
      c = b
      b = a
      a = (t1 + t2) | 0
    }
    state[0] += a
    state[1] += b
    state[2] += c
    state[3] += d
    state[4] += e
    state[5] += f
    state[6] += g
    state[7] += h
  }
}

/**
 * SHA-256 of `bytes`, at once and without WebCrypto.
 * @param {Uint8Array} bytes
 */
export function sha256(bytes) {
  return new Sha256().update(bytes).digest()
}

/**
 * HMAC-SHA256 (RFC 2104) without WebCrypto.
 * @param {Uint8Array} key
 * @param {Uint8Array} bytes
 */
export function hmacSha256(key, bytes) {
  const block = new Uint8Array(64)
  block.set(key.length > 64 ? sha256(key) : key)
  const inner = new Sha256().update(block.map((byte) => byte ^ 0x36)).update(bytes).digest()
  return new Sha256().update(block.map((byte) => byte ^ 0x5c)).update(inner).digest()
}

let subtleOnce
/** WebCrypto; undefined where the context is not secure. Old Node has it in a module only. */
function subtle() {
  subtleOnce ??= (async () => {
    if (globalThis.crypto?.subtle) return globalThis.crypto.subtle
    if (!globalThis.process?.versions?.node) return undefined
    return (await import('node:crypto')).webcrypto.subtle
  })()
  return subtleOnce
}

/** Whether every byte of the buffer is zero, or of `length` bytes from `at` on, a multiple of four. */
export function isZero(buffer, at = 0, length = buffer.byteLength - at) {
  const words = new Int32Array(buffer, at, length >>> 2)
  const whole = words.length & ~1023
  for (let word = 0; word < whole;) {
    let any = 0
    for (const end = word + 1024; word < end; word++) any |= words[word]
    if (any !== 0) return false
  }
  return new Uint8Array(buffer, at + 4 * whole, length - 4 * whole).every((byte) => byte === 0)
}

const zeros = new Map()

/**
 * The digest of a chunk: of the buffer, or of `length` bytes from `at` on, a multiple of four. Those of zeros, which
 * sparse files are full of, are computed once for each length.
 * @param {ArrayBuffer} buffer
 * @returns {Promise<Uint8Array>}
 */
export async function digestOf(buffer, at = 0, length = buffer.byteLength - at) {
  const zero = isZero(buffer, at, length)
  const known = zero ? zeros.get(length) : undefined
  if (known) return known.slice()
  const bytes = new Uint8Array(buffer, at, length)
  const crypto = await subtle()
  const digest = crypto ? new Uint8Array(await crypto.digest('SHA-256', bytes)) : sha256(bytes)
  if (zero) {
    if (zeros.size >= 8) zeros.clear()
    zeros.set(length, digest.slice())
  }
  return digest
}

/**
 * HMAC-SHA256 of a chunk.
 * @param {Uint8Array} nonce
 * @param {ArrayBuffer} buffer
 * @returns {Promise<Uint8Array>}
 */
export async function proofOf(nonce, buffer) {
  const crypto = await subtle()
  if (!crypto) return hmacSha256(nonce, new Uint8Array(buffer))
  const key = await crypto.importKey('raw', nonce, { name: 'HMAC', hash: 'SHA-256' }, false, ['sign'])
  return new Uint8Array(await crypto.sign('HMAC', key, buffer))
}

/** The name under which cairn.js starts its workers; in any other worker importing this file starts nothing. */
export const WORKER_NAME = 'cairn-hashing'

const isWorker = typeof WorkerGlobalScope !== 'undefined' && globalThis instanceof WorkerGlobalScope
  && globalThis.name === WORKER_NAME

const reader = isWorker ? new FileReaderSync() : null

/** The bytes of a slice. Not by its stream: in Chromium one that fills a buffer of ours was seen to wait for ever. */
const read = async (slice) => (reader ? reader.readAsArrayBuffer(slice) : slice.arrayBuffer())

/** One task: reads `slice`, hashes it in chunks of `size` bytes, and gives the bytes of a single one back when `keep` says so. */
export async function perform({ slice, size = slice.size, nonce, keep }) {
  const digests = []
  let length = 0
  let buffer
  for (let at = 0; at === 0 || at < slice.size; at += size) {
    buffer = await read(size < slice.size ? slice.slice(at, at + size) : slice)
    digests.push(nonce ? proofOf(nonce, buffer) : digestOf(buffer))
    length += buffer.byteLength
  }
  return { digests: await Promise.all(digests), length, buffer: keep ? buffer : null }
}

if (isWorker) {
  globalThis.onmessage = async ({ data }) => {
    try {
      const done = await perform(data)
      globalThis.postMessage({ task: data.task, ...done }, done.buffer ? [done.buffer] : [])
    } catch (error) {
      globalThis.postMessage({ task: data.task, error: { name: error?.name, message: String(error?.message ?? error) } })
    }
  }
}
