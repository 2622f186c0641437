// cairn.js: uploads to a Cairn server from a browser or Node; spec/javascript.md says how. No dependency.
import { WORKER_NAME, digestOf, perform, proofOf, sha256 } from './cairn-worker.js'

/** @typedef {import('./cairn.d.ts').UploadOptions} UploadOptions */
/** @typedef {import('./cairn.d.ts').ReadOptions} ReadOptions */

const MIB = 1048576
const CHUNK_SIZE = 4 * MIB
const CHUNK_SIZE_LIMIT = 16 * MIB
const ENTRY_LIMIT = 1048576
const SEGMENT_LIMIT = 8192
const FIRST_SEGMENT = 16
/** So many chunks, and so many bytes of them, are proven in one request: the server takes its time over them. */
const PROOF_LIMIT = 256
const PROVEN_LENGTH = 32 * MIB
/** So many bytes are read at a time where the browser reads: each reading costs it as much as two megabytes do. */
const READING_LENGTH = 16 * MIB
/** Reading may be so many entries ahead of naming. */
const LEAD = 2 * SEGMENT_LIMIT
const FRAME_HEADER = 41
/** Chunks of this many bytes together travel in one body: where bodies are seen to pass slowly, at first, and quickly. */
const BODY_LENGTH_LEAST = MIB
const BODY_LENGTH_FIRST = 4 * MIB
const BODY_LENGTH_LIMIT = 8 * MIB
/** The same where the bytes are in memory. */
const HELD_BODY_LIMIT = 4 * MIB
/** Milliseconds within which a body passes quickly, and above which it passes slowly. */
const QUICK = 500
const SLOW = 2000
const BODY_FRAMES = 64
const CONNECTIONS = 3
const CONNECTION_LIMIT = 16
/** Bodies of all uploads of a page together: browsers have six connections to a server, and questions need one, too. */
const PAGE_BODIES = 4
/** Milliseconds in which nothing moves, after which a request counts as broken. */
const STALL = 60_000
const PAUSE_FIRST = 100
const PAUSE_LIMIT = 30_000
const RETRY_AFTER_LIMIT = 600_000
/** Tries in a row that may fail without any progress between them: about ten minutes. Questions have fewer. */
const TRIES = 30
const QUESTION_TRIES = 4
/** Other bytes than the digest says may arrive so often. */
const GARBLED_LIMIT = 5
const PROGRESS_INTERVAL = 100
/** Bytes of one request where the native protocol is not reachable. */
const PIECE_LENGTH = 8 * MIB

// MARK: Errors

/** What the server refused, or what is wrong with the file. `type` is the problem's last piece: `too-large`. */
export class CairnError extends Error {
  /** @param {{status?: number, type: string, title: string, detail?: string, retryable?: boolean, cause?: unknown}} problem */
  constructor({ status = 0, type, title, detail, retryable = false, cause }) {
    super(detail ? `${title}: ${detail}` : title, cause === undefined ? undefined : { cause })
    this.name = 'CairnError'
    this.status = status
    this.type = type
    this.title = title
    this.retryable = retryable
  }
}

/** What a failed reading means: the file is not what it was, unless the failure says more itself. */
function changed(cause) {
  if (cause instanceof CairnError || cause?.name === 'AbortError') return cause
  return new CairnError({
    type: 'file-changed',
    title: 'The file changed, or cannot be read any more',
    detail: 'Choose it again; what the server has is kept.',
    cause,
  })
}

const aborted = (signal) => signal?.reason?.name === 'AbortError' ? signal.reason
  : new DOMException('The upload is paused; what the server has acknowledged stays there.', 'AbortError')

/** The error that an answer stands for. */
function refusal(answer) {
  const problem = answer.problem() ?? {}
  const type = String(problem.type ?? 'about:blank').split(/[/#]/).pop() || 'http-error'
  const status = answer.status
  const transient = [408, 425, 429, 502, 503, 504, 507].includes(status) && type !== 'damaged'
  return new CairnError({
    status,
    type: type === 'about:blank' ? 'http-error' : type,
    title: problem.title ?? `The server answers ${status}`,
    detail: problem.detail,
    retryable: problem.retryable ?? (transient || type === 'taken-over'),
  })
}

/** The server cannot be reached, or an answer did not come. */
class Unreachable extends Error {}

const unreachable = (cause) => new CairnError({
  type: 'unreachable', title: 'The server cannot be reached', detail: cause.message, retryable: true, cause,
})

/** The upload is not what it was taken for: `another` file's, `complete` already, or `lost`. */
class Detour extends Error {}

// MARK: Bytes as text

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))

const hex = (bytes) => {
  let text = ''
  for (const byte of bytes) text += HEX[byte]
  return text
}

const bytesOfHex = (text) => Uint8Array.from(text.match(/../g) ?? [], (pair) => parseInt(pair, 16))

const base64 = (bytes) => {
  let text = ''
  for (let at = 0; at < bytes.length; at += 8192) text += String.fromCharCode(...bytes.subarray(at, at + 8192))
  return btoa(text)
}

const bytesOfBase64 = (text) => Uint8Array.from(atob(text), (character) => character.charCodeAt(0))

// MARK: The tree (spec/prefix-digest.md)

/** The tree of RFC 9162 over a file's entries, as it grows: the digest of a prefix, and the content id at the end. */
export class ContentTree {
  #peaks = []
  #count = 0

  /**
   * Appends an entry.
   * @param {Uint8Array} digest of the chunk
   * @param {number} length of the chunk in bytes
   */
  append(digest, length) {
    let node = leafOf(digest, length)
    for (let n = this.#count; n & 1; n >>>= 1) node = parentOf(this.#peaks.pop(), node)
    this.#peaks.push(node)
    this.#count += 1
  }

  /** The digest of what was appended. */
  root() {
    if (this.#count === 0) return sha256(new Uint8Array())
    return this.#peaks.slice(0, -1).reduceRight((node, peak) => parentOf(peak, node), this.#peaks.at(-1))
  }
}

/** The leaf of an entry. */
export function leafOf(digest, length) {
  const bytes = new Uint8Array(37)
  bytes.set(digest, 1)
  new DataView(bytes.buffer).setUint32(33, length)
  return sha256(bytes)
}

function parentOf(left, right) {
  const bytes = new Uint8Array(65)
  bytes[0] = 1
  bytes.set(left, 1)
  bytes.set(right, 33)
  return sha256(bytes)
}

// MARK: The manifest (spec/manifest.md)

const CRC32C = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0x82f63b78 : value >>> 1
  return value >>> 0
})

/** CRC32C (RFC 3720) of bytes. */
export function crc32c(bytes) {
  let value = 0xffffffff
  for (const byte of bytes) value = CRC32C[(value ^ byte) & 255] ^ (value >>> 8)
  return (value ^ 0xffffffff) >>> 0
}

/**
 * Reads a manifest in its binary coding; throws a CairnError, its type `bad-manifest` and its title the error of
 * spec/manifest.md.
 * @param {Uint8Array} bytes
 */
export function parseManifest(bytes) {
  const must = (holds, title) => {
    if (!holds) throw new CairnError({ type: 'bad-manifest', title })
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  must(bytes.length >= 4 && view.getUint32(0) === 0x43524e4d, 'not a manifest')
  must(bytes.length >= 32 && view.getUint32(28) === crc32c(bytes.subarray(0, 28)), 'damaged header')
  const isRagged = bytes[5] === 1
  must(bytes[4] === 1 && bytes[5] <= 1 && view.getUint16(6) === 0, 'unsupported')
  const chunkSize = view.getUint32(8)
  must(isChunkSize(chunkSize), 'chunk size')
  const count = view.getUint32(12) * 2 ** 32 + view.getUint32(16)
  const length = view.getUint32(20) * 2 ** 32 + view.getUint32(24)
  must(count <= ENTRY_LIMIT, 'too many entries')
  const least = isRagged ? count : (count - 1) * chunkSize + 1
  must(count === 0 ? length === 0 : least <= length && length <= count * chunkSize, 'wrong length')
  const stride = isRagged ? 36 : 32
  must(bytes.length === 32 + stride * count, 'wrong size')
  const entries = Array.from({ length: count }, (_, index) => {
    const at = 32 + stride * index
    const even = Math.min(chunkSize, length - index * chunkSize)
    return { digest: bytes.slice(at, at + 32), length: isRagged ? view.getUint32(at + 32) : even }
  })
  must(entries.every((entry) => entry.length > 0 && entry.length <= chunkSize), 'entry length')
  must(!isRagged || entries.slice(0, -1).some((entry) => entry.length < chunkSize), 'wrong mark')
  must(entries.reduce((sum, entry) => sum + entry.length, 0) === length, 'wrong length')
  const tree = new ContentTree()
  for (const entry of entries) tree.append(entry.digest, entry.length)
  return { chunkSize, isRagged, length, entries, contentId: hex(tree.root()) }
}

const isChunkSize = (size) => size >= 65536 && size <= CHUNK_SIZE_LIMIT && (size & (size - 1)) === 0

// MARK: Requests

/** An answer whose body has arrived. */
class Answer {
  constructor(status, header, bytes) {
    this.status = status
    this.header = header
    this.bytes = bytes
  }

  get isSuccess() { return this.status >= 200 && this.status < 300 }

  text() { return new TextDecoder().decode(this.bytes) }

  /** The value; where there is none, `otherwise`, or an error. */
  json(otherwise) {
    try {
      return JSON.parse(this.text())
    } catch (cause) {
      if (otherwise !== undefined) return otherwise
      throw new CairnError({ status: this.status, type: 'no-cairn', title: 'This is no answer of a Cairn server', cause })
    }
  }

  problem() {
    if (!String(this.header('content-type')).startsWith('application/problem+json')) return undefined
    try {
      return JSON.parse(this.text())
    } catch {
      return undefined
    }
  }

  refuses(...types) {
    return !this.isSuccess && types.includes(refusal(this).type)
  }

  /** The pause that `Retry-After` asks for, in milliseconds; 0 when it does not. */
  get retryAfter() {
    const value = this.header('retry-after')
    if (!value) return 0
    const pause = /^\d+$/.test(value) ? 1000 * Number(value) : Date.parse(value) - Date.now()
    return Number.isFinite(pause) ? Math.min(Math.max(pause, 0), RETRY_AFTER_LIMIT) : 0
  }
}

/** Aborts with either signal, or when nothing has moved for `stall` milliseconds. */
class Watch {
  constructor(signal, stall) {
    this.controller = new AbortController()
    this.stalled = false
    this.stall = stall
    this.signal = signal
    this.abort = () => this.controller.abort(signal.reason)
    if (signal?.aborted) this.abort()
    else signal?.addEventListener('abort', this.abort)
    this.moved()
  }

  moved() {
    clearTimeout(this.timer)
    this.timer = setTimeout(() => {
      this.stalled = true
      this.controller.abort()
    }, this.stall)
  }

  end() {
    clearTimeout(this.timer)
    this.signal?.removeEventListener('abort', this.abort)
  }

  failure(cause) {
    if (this.signal?.aborted) return aborted(this.signal)
    return new Unreachable(this.stalled ? 'nothing moved any more' : 'the server cannot be reached', { cause })
  }
}

async function fetched(target, { method, headers, body, signal }) {
  const length = body?.size ?? body?.byteLength ?? 0
  const watch = new Watch(signal, STALL + length / 16)
  try {
    const response = await fetch(target, {
      method, headers, body, signal: watch.controller.signal, cache: 'no-store', credentials: 'same-origin',
    })
    watch.moved()
    const bytes = new Uint8Array(await response.arrayBuffer())
    return new Answer(response.status, (name) => response.headers.get(name), bytes)
  } catch (error) {
    throw watch.failure(error)
  } finally {
    watch.end()
  }
}

/** The same by XMLHttpRequest, which tells how much of the body has left. */
async function pushed(target, { method, headers, body, signal, onleft }) {
  const request = new XMLHttpRequest()
  const watch = new Watch(signal, STALL)
  try {
    return await new Promise((resolve, reject) => {
      request.open(method, target)
      request.responseType = 'arraybuffer'
      for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value)
      request.upload.onprogress = (event) => {
        watch.moved()
        onleft(event.loaded)
      }
      request.onprogress = () => watch.moved()
      request.onload = () => {
        const header = (name) => request.getResponseHeader(name)
        resolve(new Answer(request.status, header, new Uint8Array(request.response ?? new ArrayBuffer(0))))
      }
      request.onerror = request.onabort = () => reject(new Error('no answer'))
      watch.controller.signal.addEventListener('abort', () => request.abort())
      if (watch.controller.signal.aborted) reject(new Error('aborted'))
      else request.send(body)
    })
  } catch (error) {
    throw watch.failure(error)
  } finally {
    watch.end()
  }
}

/** Lets so many of the page's bodies travel at a time; the others wait in line. */
class Lanes {
  #free = typeof XMLHttpRequest === 'function' ? PAGE_BODIES : Infinity
  #line = []

  async enter(signal) {
    if (this.#free > 0) {
      this.#free -= 1
      return
    }
    await new Promise((resolve, reject) => {
      const turn = () => {
        signal.removeEventListener('abort', leave)
        resolve()
      }
      const leave = () => {
        this.#line = this.#line.filter((other) => other !== turn)
        reject(aborted(signal))
      }
      if (signal.aborted) return leave()
      signal.addEventListener('abort', leave, { once: true })
      this.#line.push(turn)
    })
  }

  leave() {
    const next = this.#line.shift()
    if (next) next()
    else this.#free += 1
  }
}

const lanes = new Lanes()

const isOffline = () => globalThis.navigator?.onLine === false

/** When to try again. Shared by all requests of an upload: of several that fail together one counts. */
class Patience {
  /** @param {(waiting: {reason: string, retryAt: number | null} | null) => void} report */
  constructor(tries, report = () => {}) {
    this.tries = tries
    this.report = report
    this.failures = 0
    this.until = 0
  }

  progressed() { this.failures = 0 }

  /** Something failed. Throws it when it was the last try. */
  failed(error, asked = 0) {
    const now = Date.now()
    if (now >= this.until && !isOffline()) {
      this.failures += 1
      if (this.failures >= this.tries) throw error
    }
    const limit = Math.min(PAUSE_LIMIT, PAUSE_FIRST * 2 ** Math.min(this.failures - 1, 20))
    this.until = Math.max(this.until, now + Math.max(asked, limit / 2 + Math.random() * limit / 2))
    this.reason = error.message
  }

  /** Returns when it may be tried. */
  async ready(signal) {
    let waited = false
    while (isOffline() || Date.now() < this.until) {
      waited = true
      const offline = isOffline()
      this.report(offline ? { reason: 'offline', retryAt: null } : { reason: this.reason, retryAt: this.until })
      await this.#pause(offline ? 1000 : this.until - Date.now(), signal)
    }
    if (waited) this.report(null)
  }

  #pause(length, signal) {
    return new Promise((resolve, reject) => {
      const end = (settle) => () => {
        clearTimeout(timer)
        signal?.removeEventListener('abort', stop)
        globalThis.removeEventListener?.('online', online)
        settle()
      }
      const stop = end(() => reject(aborted(signal)))
      const online = end(() => {
        this.until = 0
        resolve()
      })
      const timer = setTimeout(end(resolve), Math.min(length, 2 ** 31 - 1))
      if (signal?.aborted) return stop()
      signal?.addEventListener('abort', stop)
      globalThis.addEventListener?.('online', online)
    })
  }
}

/** A server: where it is and who asks. */
class Remote {
  constructor({ url = '', token, signal, tries = QUESTION_TRIES, report }) {
    this.base = String(url ?? '').replace(/\/+$/, '')
    this.token = token
    this.signal = signal
    this.patience = new Patience(tries, report)
  }

  /** The address of a path, absolute where a page stands for a relative base. */
  address(path) {
    const href = globalThis.location?.href
    return href && !/^[a-z][a-z0-9+.-]*:/i.test(this.base) ? new URL(this.base + path, href).href : this.base + path
  }

  /** One try. */
  attempt(method, path, { headers = {}, body, onleft } = {}) {
    if (this.token) headers = { ...headers, Authorization: `Bearer ${this.token}` }
    const send = onleft && typeof XMLHttpRequest === 'function' ? pushed : fetched
    return send(this.base + path, { method, headers, body, signal: this.signal, onleft })
  }

  /**
   * Tries until there is a success, or a refusal that no other try would change. One of the types that `expected`
   * names, or one of which it says so, is an answer like any other.
   */
  async ask(method, path, { expected = [], ...request } = {}) {
    const isExpected = typeof expected === 'function' ? expected : (answer) => answer.refuses(...expected)
    for (;;) {
      await this.patience.ready(this.signal)
      let [answer, error] = [undefined, undefined]
      try {
        answer = await this.attempt(method, path, request)
      } catch (failure) {
        if (!(failure instanceof Unreachable)) throw failure
        error = unreachable(failure)
      }
      if (answer?.isSuccess || answer && isExpected(answer)) {
        this.patience.progressed()
        return answer
      }
      error ??= refusal(answer)
      if (!error.retryable) throw error
      this.patience.failed(error, answer?.retryAfter)
    }
  }

  async json(method, path, value, options) {
    const body = value === undefined ? undefined : JSON.stringify(value)
    const headers = body === undefined ? {} : { 'Content-Type': 'application/json' }
    return this.ask(method, path, { headers, body, ...options })
  }
}

// MARK: Hashing

/** Reads and hashes: in workers where there are any, else here. Bytes are transferred, not copied. */
class Hasher {
  #workers = []
  #tasks = new Map()
  #task = 0

  constructor(file) {
    this.file = file
    const cores = globalThis.navigator?.hardwareConcurrency ?? 4
    const isNode = Boolean(globalThis.process?.versions?.node)
    const canShare = !isNode && typeof Worker === 'function' && typeof Blob === 'function' && file instanceof Blob
    /** How many chunks are worth reading at a time. */
    this.width = Math.min(4, Math.max(2, cores - 1))
    /** Whether the browser reads the file by itself, in workers and for requests. */
    this.isShared = canShare
    if (canShare) this.#start(Math.min(this.width, Math.max(1, Math.ceil(file.size / CHUNK_SIZE))))
  }

  #start(count) {
    try {
      for (let n = 0; n < count; n++) {
        const address = new URL('./cairn-worker.js', import.meta.url)
        const worker = new Worker(address, { type: 'module', name: WORKER_NAME })
        const entry = { worker, load: 0 }
        worker.onmessage = ({ data }) => this.#finished(entry, data)
        worker.onerror = (event) => {
          event.preventDefault?.()
          this.#lost()
        }
        this.#workers.push(entry)
      }
    } catch {
      this.#lost()
    }
  }

  #finished(entry, { task, error, ...done }) {
    const pending = this.#tasks.get(task)
    if (!pending) return
    this.#tasks.delete(task)
    entry.load -= 1
    if (error) pending.reject(changed(Object.assign(new Error(error.message), { name: error.name })))
    else pending.resolve(done)
  }

  /** Workers cannot be had: what they were asked is done here. */
  #lost() {
    for (const { worker } of this.#workers) worker.terminate()
    this.#workers = []
    const tasks = [...this.#tasks.values()]
    this.#tasks.clear()
    for (const { work, resolve, reject } of tasks) this.#inline(work).then(resolve, reject)
  }

  async #inline(work) {
    try {
      return await perform(work)
    } catch (error) {
      throw changed(error)
    }
  }

  async #perform(work) {
    if (this.#workers.length === 0) return this.#inline(work)
    const entry = this.#workers.reduce((least, next) => (next.load < least.load ? next : least))
    return new Promise((resolve, reject) => {
      const task = this.#task++
      entry.load += 1
      this.#tasks.set(task, { work, resolve, reject })
      entry.worker.postMessage({ task, ...work })
    })
  }

  async #whole(start, end, options) {
    const done = await this.#perform({ slice: this.file.slice(start, end), ...options })
    if (done.length !== end - start) throw changed()
    return done
  }

  /** The digests of the bytes cut every `size`, and they themselves when they are kept. */
  digests(start, end, size, keep) { return this.#whole(start, end, { size, keep }) }

  /** The digest of the bytes. */
  async digest(start, end) { return (await this.digests(start, end, end - start, false)).digests[0] }

  /** HMAC-SHA256 of the bytes. */
  async proof(start, end, nonce) { return (await this.#whole(start, end, { nonce })).digests[0] }

  /** The bytes. */
  async read(start, end) {
    try {
      const buffer = await this.file.slice(start, end).arrayBuffer()
      if (buffer.byteLength === end - start) return buffer
    } catch (error) {
      throw changed(error)
    }
    throw changed()
  }

  close() {
    for (const { worker } of this.#workers) worker.terminate()
    this.#workers = []
    for (const { reject } of this.#tasks.values()) reject(new Error('closed'))
    this.#tasks.clear()
  }
}

// MARK: What is known of a file

const chunkCount = (length, chunkSize) => Math.ceil(length / chunkSize)

/** The file's chunks: what is digested of them without a gap. */
class Digests {
  constructor(length, chunkSize) {
    this.length = length
    this.chunkSize = chunkSize
    this.count = chunkCount(length, chunkSize)
    this.bytes = new Uint8Array(32 * this.count)
    this.marks = new Uint8Array(this.count)
    /** How many are digested from the first on. */
    this.ready = 0
    /** Bytes of the file that are digested. */
    this.hashed = 0
  }

  start(index) { return index * this.chunkSize }
  end(index) { return Math.min(this.length, (index + 1) * this.chunkSize) }
  size(index) { return this.end(index) - this.start(index) }
  get(index) { return this.bytes.subarray(32 * index, 32 * index + 32) }

  set(index, digest) {
    this.bytes.set(digest, 32 * index)
    if (this.marks[index] === 0) this.hashed += this.size(index)
    this.marks[index] = 1
    while (this.marks[this.ready] === 1) this.ready += 1
  }

  /** Those of an earlier time, as `text()` gave them. */
  restore(text) {
    if (typeof text !== 'string') return
    let bytes
    try {
      bytes = bytesOfBase64(text)
    } catch {
      return
    }
    if (bytes.length % 32 !== 0 || bytes.length > this.bytes.length) return
    for (let index = 0; 32 * index < bytes.length; index++) this.set(index, bytes.subarray(32 * index, 32 * index + 32))
  }

  text() { return base64(this.bytes.subarray(0, 32 * this.ready)) }

  /** The digest of the first `count` entries. */
  root(count = this.count) {
    const tree = new ContentTree()
    for (let index = 0; index < count; index++) tree.append(this.get(index), this.size(index))
    return hex(tree.root())
  }
}

/** A name that finds an upload again: of name, length and time, as in `cairn put` and in the article. */
function fileKey(file, name) {
  if (typeof file.lastModified !== 'number' || !name) return undefined
  const encoded = encodeURIComponent(name).replace(/%2F/g, '/')
    .replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)
  const short = encoded.length <= 982 ? encoded : `sha256-${hex(sha256(new TextEncoder().encode(name)))}`
  return `${short}-${file.size}-${Math.trunc(file.lastModified)}`
}

/** The indices in a `missing` of the server's, of the entries from `index` on. */
export function missingIndices(missing, index, count) {
  const indices = []
  if (typeof missing?.ranges === 'string') {
    for (const range of missing.ranges.split(',').filter(Boolean)) {
      const [first, last = first] = range.split('-').map(Number)
      if (!(first >= index && last < index + count)) throw new RangeError('indices outside of what was asked')
      for (let at = first; at <= last; at++) indices.push(at)
    }
    return indices
  }
  const bits = bytesOfBase64(missing.bitmap)
  for (let at = 0; at < count; at++) if (bits[at >> 3] & (128 >> (at & 7))) indices.push(index + at)
  return indices
}

// MARK: Progress

/** What `onprogress` is told: at each change of phase, and a few times a second. */
class Progress {
  #timer
  #last = 0

  constructor(length, onprogress) {
    this.onprogress = onprogress
    this.state = {
      phase: 'hashing', id: null, length, hashed: 0, acknowledged: 0, inFlight: 0, sent: 0, known: 0, reason: null,
      retryAt: null,
    }
  }

  set(changes) {
    const phase = this.state.phase
    Object.assign(this.state, changes)
    if (!this.onprogress) return
    if (phase !== this.state.phase || Date.now() - this.#last >= PROGRESS_INTERVAL) return this.#tell()
    this.#timer ??= setTimeout(() => this.#tell(), PROGRESS_INTERVAL)
  }

  #tell() {
    this.end()
    this.#last = Date.now()
    this.onprogress?.({ ...this.state })
  }

  end() {
    clearTimeout(this.#timer)
    this.#timer = undefined
  }
}

// MARK: The native protocol (spec/native.md)

/** One upload: chunks are read in order, named as they are digested, and sent when the server lacks them. */
class Upload {
  constructor(file, options) {
    this.file = file
    this.options = options
    this.name = options.name ?? (file.name || undefined)
    this.type = options.type ?? (file.type || undefined)
    this.key = fileKey(file, this.name)
    this.progress = new Progress(file.size, options.onprogress)
    this.sent = 0
    this.bodyLength = BODY_LENGTH_FIRST
    this.bodies = new Map()
    this.stop = new AbortController()
    this.remote = new Remote({
      ...options, signal: this.stop.signal, tries: options.tries ?? TRIES, report: (waiting) => this.waits(waiting),
    })
    this.hasher = new Hasher(file)
    this.wakers = new Set()
  }

  async run() {
    const { signal } = this.options
    const abort = () => this.end(aborted(signal))
    if (signal?.aborted) abort()
    else signal?.addEventListener('abort', abort)
    try {
      if (signal?.aborted) throw aborted(signal)
      return await this.transfer()
    } catch (error) {
      throw signal?.aborted ? aborted(signal) : error
    } finally {
      signal?.removeEventListener('abort', abort)
      this.end()
      this.progress.end()
      this.hasher.close()
      await this.remember()
    }
  }

  end(reason) {
    this.stop.abort(reason)
    this.changed()
  }

  async transfer() {
    const capabilities = await this.capabilities()
    if (!capabilities) return new Piecewise(this).run()
    this.concurrency = capabilities.concurrency
    const chunkSize = this.chunkSize(capabilities)
    let state = await this.resumed()
    let isBegun = false
    for (let detours = 0; ; detours++) {
      try {
        if (!state) {
          state = await this.begin(chunkSize, isBegun)
          isBegun = true
        }
        return await this.follow(state)
      } catch (error) {
        if (!(error instanceof Detour) || detours === 4) throw error
        if (error.message === 'lost') isBegun = false
        state = error.message === 'complete' ? await this.look(state.id) : undefined
      }
    }
  }

  /** What the server can do; nothing where it does not speak the native protocol. */
  async capabilities() {
    const isForeign = (answer) => [403, 404, 405, 501].includes(answer.status) && !answer.refuses('forbidden')
    const answer = await this.remote.ask('GET', '/v1', { expected: isForeign })
    const value = answer.isSuccess ? answer.json(null) : null
    return value?.cairn && value.dialects?.includes('native') ? value : undefined
  }

  chunkSize({ chunkSize = CHUNK_SIZE }) {
    while (chunkCount(this.file.size, chunkSize) > ENTRY_LIMIT && chunkSize < CHUNK_SIZE_LIMIT) chunkSize *= 2
    return chunkSize
  }

  /** The upload to resume, when it is one of a file of this length. */
  async resumed() {
    const state = this.options.resume ? await this.look(this.options.resume) : undefined
    return state?.length === this.file.size && isChunkSize(state.chunkSize) ? state : undefined
  }

  async look(id) {
    const answer = await this.remote.ask('GET', `/v1/uploads/${encodeURIComponent(id)}`, {
      expected: ['unknown-upload', 'upload-gone', 'bad-path'],
    })
    return answer.isSuccess ? answer.json() : undefined
  }

  async begin(chunkSize, startOver = false) {
    const digests = await this.digestsFor(chunkSize)
    const beginning = { length: this.file.size, name: this.name, type: this.type, chunkSize, fileId: this.key }
    if (startOver && this.key) beginning.startOver = true
    if (digests.ready === digests.count && !startOver) beginning.contentId = digests.root()
    return (await this.remote.json('POST', '/v1/uploads', beginning)).json()
  }

  /** The file's digests at a chunk size, with those of an earlier time. */
  async digestsFor(chunkSize) {
    if (this.digests?.chunkSize === chunkSize) return this.digests
    this.digests = new Digests(this.file.size, chunkSize)
    const cache = this.options.digests
    if (cache && this.key) this.digests.restore(await cache.get(`${this.key}-${chunkSize}`))
    this.remembered = this.digests.ready
    return this.digests
  }

  /** Keeps the digests for a later time; none after the file was found to be another. */
  async remember() {
    const { digests, key, options: { digests: cache } } = this
    if (!cache || !key || !digests || digests.ready === this.remembered) return
    this.remembered = digests.ready
    await cache.set(`${key}-${digests.chunkSize}`, digests.text())
  }

  async forget() {
    const { digests, key, options: { digests: cache } } = this
    if (!cache || !key || !digests) return
    this.remembered = digests.ready
    await cache.set(`${key}-${digests.chunkSize}`, '')
  }

  /** Brings what is missing of an upload, and completes it. */
  async follow(state) {
    await this.digestsFor(state.chunkSize)
    this.id = state.id
    this.progress.set({ id: state.id })
    const isComplete = state.state === 'complete'
    const { isShared, width } = this.hasher
    const together = isShared ? Math.max(1, READING_LENGTH / state.chunkSize) : 1
    this.plan = new Plan(this.digests, {
      checked: Math.min(state.entries, this.digests.count),
      window: Math.max(2, isShared ? (width + 1) * together + 2 * this.connections : this.connections),
      onlyDigests: isComplete,
      holds: !isShared,
      together,
      width,
    })
    if (isComplete) {
      await this.all([this.hash()])
      return this.compare(state)
    }
    for (let rounds = 0; ; rounds++) {
      const lanes = Array.from({ length: this.connections }, () => this.send())
      await this.all([this.hash(), this.nameAll(), ...lanes])
      const sealed = await this.complete(rounds)
      if (sealed) return this.compare(sealed)
    }
  }

  get connections() {
    const wanted = this.options.connections ?? CONNECTIONS
    return Math.max(1, Math.min(wanted, this.concurrency ?? wanted, CONNECTION_LIMIT))
  }

  /** Waits for all; the first that fails ends the others. */
  async all(tasks) {
    try {
      await Promise.all(tasks)
    } catch (error) {
      if (this.stop.signal.aborted) throw error
      // The others are ended before anything else begins, and what they throw then says nothing new.
      this.end()
      await Promise.allSettled(tasks)
      this.stop = new AbortController()
      this.remote.signal = this.stop.signal
      this.bodies.clear()
      if (this.options.signal?.aborted) this.end()
      throw error
    }
  }

  /** Returns when `holds` does, or after `timeout` milliseconds. */
  async until(holds, timeout) {
    while (!holds()) {
      if (this.stop.signal.aborted) throw aborted(this.stop.signal)
      let timer
      await new Promise((resolve) => {
        this.wakers.add(resolve)
        if (timeout !== undefined) timer = setTimeout(resolve, timeout, 'late')
      }).then((late) => { if (late === 'late') timeout = -1 })
      clearTimeout(timer)
      if (timeout === -1) return
    }
    if (this.stop.signal.aborted) throw aborted(this.stop.signal)
  }

  changed() {
    const wakers = this.wakers
    this.wakers = new Set()
    for (const wake of wakers) wake()
  }

  async hash() {
    await Promise.all(Array.from({ length: this.hasher.width }, () => this.hashSome()))
    await this.remember()
  }

  async hashSome() {
    const { plan, digests } = this
    for (;;) {
      await this.until(() => plan.isRead || plan.hasRoom)
      if (plan.isRead) return
      const { index, count, keep } = plan.read()
      const [start, end] = [digests.start(index), digests.end(index + count - 1)]
      const read = await this.hasher.digests(start, end, digests.chunkSize, keep)
      read.digests.forEach((digest, at) => plan.digested(index + at, digest, keep ? read.buffer : null))
      if (digests.ready - this.remembered >= 512) await this.remember()
      this.tell()
    }
  }

  async nameAll() {
    const { plan } = this
    while (!plan.isNamed) {
      await this.until(() => plan.isDue(this.connections), 200)
      if (plan.named === this.digests.ready) continue
      await this.nameSome(plan.named, Math.min(this.digests.ready, plan.named + plan.segmentLimit))
    }
    this.changed()
  }

  async nameSome(from, to) {
    const answer = await this.remote.ask('PATCH', `/v1/uploads/${this.id}/manifest?index=${from}`, {
      headers: { 'Content-Type': 'application/vnd.cairn.digests' },
      body: this.digests.bytes.slice(32 * from, 32 * to),
      expected: ['manifest-conflict', 'completed-upload', 'unknown-upload', 'upload-gone'],
    })
    this.mayGoOn(answer)
    const { missing: encoded, nonce } = answer.json()
    let missing = missingIndices(encoded, from, to - from)
    if (nonce) ({ missing, to } = await this.prove(nonce, missing, to))
    this.plan.segment(from, to, missing)
    this.tell()
    await this.settle()
  }

  /** Asks of entries that another one's chunk was to bring whether it did: it may have come while they were named. */
  async settle() {
    let doubtful = this.plan.takeDoubtful()
    while (doubtful.length > 0) {
      const from = doubtful[0]
      const here = doubtful.filter((index) => index < from + SEGMENT_LIMIT)
      const count = here.at(-1) - from + 1
      const answer = await this.remote.ask('GET', `/v1/uploads/${this.id}/missing?index=${from}&count=${count}`, {
        expected: ['unknown-upload', 'upload-gone'],
      })
      this.mayGoOn(answer)
      this.plan.settled(here, missingIndices(answer.json().missing, from, count))
      doubtful = doubtful.slice(here.length)
      this.tell()
    }
  }

  /** Throws a detour when the upload is of another file, or no more. */
  mayGoOn(answer) {
    if (answer.refuses('manifest-conflict')) throw new Detour('another')
    if (answer.refuses('completed-upload')) throw new Detour('complete')
    if (answer.refuses('unknown-upload', 'upload-gone')) throw new Detour('lost')
  }

  /**
   * In mode `prove`: shows to hold chunks that others brought. Pays off or not, so it is tried ever less often.
   * Says what is missing after that of the entries below `to`, which is lower where there is more to prove.
   */
  async prove(nonce, missing, to) {
    const { digests, plan } = this
    const worth = missing.filter((index) => plan.isNew(index))
    if (worth.length === 0 || !plan.shouldProve()) return { missing, to }
    const [key, proofs] = [bytesOfBase64(nonce), []]
    for (const index of worth.slice(0, plan.provable)) {
      const bytes = plan.peek(index)
      const proof = bytes ? await proofOf(key, bytes) : await this.hasher.proof(digests.start(index), digests.end(index), key)
      proofs.push({ index, hmac: base64(proof) })
    }
    const answer = await this.remote.json('POST', `/v1/uploads/${this.id}/proofs`, { nonce, proofs })
    const { missing: still, index: first, count } = answer.json()
    const lacking = new Set(missingIndices(still, first, count))
    const proven = new Set(proofs.map(({ index }) => index).filter((index) => !lacking.has(index)))
    plan.proved(proven.size > 0)
    const end = proven.size > 0 ? worth[proofs.length] ?? to : to
    return { missing: missing.filter((index) => index < end && !proven.has(index)), to: end }
  }

  async send() {
    const { plan } = this
    for (;;) {
      await this.until(() => plan.isSendable || plan.isSentOut)
      if (!plan.isSendable) return
      await lanes.enter(this.stop.signal)
      try {
        if (plan.isSendable) await this.deliver(plan.take(this.bodyLength))
      } finally {
        lanes.leave()
      }
    }
  }

  /** Brings chunks in one body, until the server has each. */
  async deliver(parcels) {
    for (let garbled = 0; ; garbled++) {
      const verdicts = await this.post(await this.framed(parcels))
      if (verdicts.length !== parcels.length) throw new CairnError({ type: 'no-cairn', title: 'A verdict is missing' })
      const bad = parcels.filter((_, at) => verdicts[at] > 1)
      parcels.forEach((parcel, at) => {
        if (verdicts[at] <= 1) this.arrived(parcel.index, verdicts[at] === 0)
      })
      this.tell()
      await this.settle()
      for (const { index } of bad) await this.mustBeSame(index)
      if (bad.length === 0) return
      const error = new CairnError({
        type: 'garbled', title: 'Other bytes arrive at the server than were sent',
        detail: 'Something on the way alters them.', retryable: true,
      })
      if (garbled + 1 >= GARBLED_LIMIT) throw error
      this.remote.patience.failed(error)
      parcels = bad.map(({ index }) => ({ index, buffer: null }))
    }
  }

  /** A body of frames. The browser takes the bytes from the file itself where it can: they do not pass through the page. */
  async framed(parcels) {
    const { digests, file } = this
    if (this.hasher.isShared) {
      return new Blob(parcels.flatMap(({ index }) =>
        [this.frameHeader(index), file.slice(digests.start(index), digests.end(index))]))
    }
    const body = new Uint8Array(parcels.reduce((sum, { index }) => sum + FRAME_HEADER + digests.size(index), 0))
    let at = 0
    for (const parcel of parcels) {
      const { index } = parcel
      const buffer = parcel.buffer ?? await this.hasher.read(digests.start(index), digests.end(index))
      parcel.buffer = null
      body.set(this.frameHeader(index), at)
      body.set(new Uint8Array(buffer), at + FRAME_HEADER)
      at += FRAME_HEADER + buffer.byteLength
    }
    return body
  }

  frameHeader(index) {
    const header = new Uint8Array(FRAME_HEADER)
    const view = new DataView(header.buffer)
    header.set(this.digests.get(index))
    view.setUint32(32, this.digests.size(index))
    view.setUint32(36, this.digests.size(index))
    return header
  }

  async post(body) {
    const ticket = Symbol('body')
    const length = body.size ?? body.length
    const onleft = (loaded) => {
      this.bodies.set(ticket, Math.min(loaded, length))
      this.tell()
    }
    // Without a word from the transport the whole body counts as being on its way.
    onleft(typeof XMLHttpRequest === 'function' ? 0 : length)
    const began = Date.now()
    try {
      const answer = await this.remote.ask('POST', `/v1/uploads/${this.id}/chunks`, {
        headers: { 'Content-Type': 'application/vnd.cairn.frames' },
        body,
        onleft,
        expected: ['completed-upload', 'unknown-upload', 'upload-gone'],
      })
      this.mayGoOn(answer)
      this.passed(length, Date.now() - began)
      return answer.bytes
    } finally {
      this.bodies.delete(ticket)
    }
  }

  /** Bodies get longer where they pass quickly, so that a line that breaks costs little where it is slow. */
  passed(length, time) {
    if (time > SLOW) this.bodyLength = Math.max(BODY_LENGTH_LEAST, this.bodyLength / 2)
    else if (time < QUICK && 2 * length > this.bodyLength) {
      this.bodyLength = Math.min(this.hasher.isShared ? BODY_LENGTH_LIMIT : HELD_BODY_LIMIT, 2 * this.bodyLength)
    }
  }

  arrived(index, travelled) {
    if (travelled) this.sent += this.digests.size(index)
    this.plan.arrived(index, travelled)
  }

  /** Throws when the file has other bytes at the chunk than were digested. */
  async mustBeSame(index) {
    const { digests } = this
    const digest = await this.hasher.digest(digests.start(index), digests.end(index))
    if (hex(digest) === hex(digests.get(index))) return
    await this.forget()
    throw changed()
  }

  async complete(rounds) {
    this.progress.set({ phase: 'finishing', inFlight: 0 })
    this.finishing = true
    const contentId = this.digests.root()
    const answer = await this.remote.json('POST', `/v1/uploads/${this.id}/complete`, {
      length: this.file.size, contentId,
    }, { expected: ['upload-incomplete', 'completed-upload', 'unknown-upload', 'upload-gone'] })
    if (answer.refuses('upload-incomplete') && rounds < 8) {
      this.finishing = false
      const { missing, index, count } = answer.problem()
      this.plan.lost(missingIndices(missing, index, count))
      return undefined
    }
    if (!answer.isSuccess && !answer.refuses('upload-incomplete')) this.mayGoOn(answer)
    if (!answer.isSuccess) throw refusal(answer)
    return answer.json()
  }

  /** The server says complete: it must be this file. */
  compare(state) {
    const contentId = this.digests.root()
    if (state.state !== 'complete' || state.contentId !== contentId || state.length !== this.file.size) {
      if (this.plan.onlyDigests) throw new Detour('another')
      throw new CairnError({
        type: 'other-content', title: 'The server has another file than this one',
        detail: `It says ${state.contentId}, here it is ${contentId}.`,
      })
    }
    const { length } = state
    return this.done({ id: state.id, contentId, sent: this.sent, known: Math.max(0, length - this.plan.travelled) })
  }

  done({ id, contentId, sent, known }) {
    const { size: length } = this.file
    this.progress.set({
      phase: 'done', id, length, hashed: length, acknowledged: length, inFlight: 0, sent, known, reason: null, retryAt: null,
    })
    return { id, url: this.remote.address(`/files/${id}`), contentId, length, sent, known }
  }

  waits(waiting) {
    this.waiting = waiting
    this.tell()
  }

  tell() {
    this.changed()
    const { plan, digests, waiting } = this
    const inFlight = [...this.bodies.values()].reduce((sum, loaded) => sum + loaded, 0)
    const isSending = inFlight > 0 || this.sent > 0
    const phase = waiting ? 'waiting' : this.finishing ? 'finishing' : isSending ? 'sending' : 'hashing'
    this.progress.set({
      phase, hashed: digests?.hashed ?? 0, inFlight, sent: this.sent,
      acknowledged: Math.max(0, Math.min(plan?.acknowledged ?? 0, this.file.size - 1)), known: plan?.known ?? 0,
      reason: waiting?.reason ?? null, retryAt: waiting?.retryAt ?? null,
    })
  }
}

/** What of a file is read, named, missing and sent. Decides what comes next; neither waits nor reads. */
class Plan {
  #held = new Map()
  #queue = []
  #taken = 0
  /** Digest to what became of it: the indices that want it, or that it arrived. */
  #wanted = new Map()
  #doubtful = []
  /** How many entries an answer is awaited of. */
  #asked = 0
  #reading = 0
  #expectsMissing
  #target = FIRST_SEGMENT
  #provingPause = 0
  #provingRest = 0
  #isBelieved = false

  /** `checked`: so many entries must be found the same before a byte is sent. `window`: so many chunks are read and
   * not sent. `holds`: their bytes are kept meanwhile. `together`: so many are read at a time, by `width` readers. */
  constructor(digests, { checked, window, onlyDigests, holds = false, together = 1, width = 1 }) {
    this.digests = digests
    this.checked = checked
    this.window = window
    this.onlyDigests = onlyDigests
    this.holds = holds
    this.together = together
    this.width = width
    this.next = digests.ready
    this.named = 0
    this.acknowledged = 0
    this.known = 0
    this.travelled = 0
    this.#expectsMissing = !onlyDigests && checked === 0 && digests.ready === 0
  }

  get isRead() { return this.next >= this.digests.count }

  get hasRoom() {
    if (this.onlyDigests) return true
    if (this.next - this.named >= LEAD) return false
    // Nothing is sent before all of these are found the same, so nothing else would make room.
    if (this.next < this.checked) return true
    const isFree = !this.#expectsMissing && this.#held.size === 0
    return isFree || this.#ahead + this.#reading < this.window
  }

  /** Chunks that are read and not handed out for sending: held, or as far as reading should be ahead. */
  get #ahead() {
    if (this.holds) return this.#held.size
    return this.digests.ready - this.named + this.#queue.length - this.#taken
  }

  /** The next chunks to read: fewer at the end, so that no reader is idle while another has much left. */
  read() {
    const index = this.next
    const count = Math.min(this.together, Math.ceil((this.digests.count - index) / this.width))
    this.next += count
    this.#reading += count
    return { index, count, keep: this.#expectsMissing && this.holds && index >= this.checked }
  }

  digested(index, digest, buffer) {
    this.#reading -= 1
    this.digests.set(index, digest)
    // The bytes of a chunk that another one brings are not needed.
    if (buffer && this.#expectsMissing && !this.#wanted.has(hex(digest))) this.#held.set(index, buffer)
  }

  get isNamed() { return this.named === this.digests.count }

  /** Whether entries should be named now. */
  isDue(lanes) {
    const { ready, count } = this.digests
    const due = ready - this.named
    if (due === 0) return this.isNamed
    if (ready === count || due >= SEGMENT_LIMIT) return true
    if (this.named < this.checked) return due >= this.#target && ready >= this.checked
    const isHungry = this.#expectsMissing && this.#queue.length - this.#taken <= lanes / 2
    const isFull = this.#ahead > 0 && this.#ahead + this.#reading >= this.window
    return isHungry || isFull || due >= this.#target
  }

  /** The entries `[from, to)` are named, and the server lacks some of them. */
  segment(from, to, missing) {
    const lacking = new Set(missing)
    for (let index = from; index < to; index++) {
      if (lacking.has(index)) this.#want(index)
      else this.#knows(index)
    }
    this.named = Math.max(this.named, to)
    this.#expectsMissing = missing.length > 0
    this.#target = Math.min(2 * this.#target, this.segmentLimit)
  }

  #knows(index) {
    this.#held.delete(index)
    this.acknowledged += this.digests.size(index)
    this.known += this.digests.size(index)
  }

  #want(index) {
    const digest = hex(this.digests.get(index))
    const same = this.#wanted.get(digest)
    if (same === 'arrived') {
      this.#held.delete(index)
      this.#doubtful.push(index)
    } else if (same) {
      this.#held.delete(index)
      same.push(index)
    } else {
      this.#wanted.set(digest, [index])
      this.#queue.push(index)
    }
  }

  isNew(index) { return !this.#wanted.has(hex(this.digests.get(index))) }

  peek(index) { return this.#held.get(index) }

  /** So many chunks are proven in one request. */
  get provable() { return Math.min(PROOF_LIMIT, PROVEN_LENGTH / this.digests.chunkSize) }

  /** So many entries are named at most in one request: as many as can be proven, where proofs are believed. */
  get segmentLimit() { return this.#isBelieved ? this.provable : SEGMENT_LIMIT }

  shouldProve() {
    if (this.#provingRest === 0) return true
    this.#provingRest -= 1
    return false
  }

  proved(any) {
    this.#isBelieved = any
    this.#provingPause = any ? 0 : Math.min(64, 2 * this.#provingPause + 1)
    this.#provingRest = this.#provingPause
  }

  get isSendable() { return this.#taken < this.#queue.length && this.named >= this.checked }

  get isSentOut() { return this.isNamed && this.#taken >= this.#queue.length && this.#doubtful.length + this.#asked === 0 }

  /** The next chunks for one body of about `limit` bytes, with their bytes where they are held. */
  take(limit) {
    const parcels = []
    let length = 0
    while (this.#taken < this.#queue.length && parcels.length < BODY_FRAMES) {
      const index = this.#queue[this.#taken]
      length += this.digests.size(index)
      if (parcels.length > 0 && length > limit) break
      parcels.push({ index, buffer: this.#held.get(index) ?? null })
      this.#held.delete(index)
      this.#taken += 1
    }
    return parcels
  }

  /** The server has acknowledged the chunk; of those like it, it is asked. */
  arrived(index, travelled) {
    const digest = hex(this.digests.get(index))
    const same = this.#wanted.get(digest)
    if (same === 'arrived') return
    const [first, ...others] = same
    this.#wanted.set(digest, 'arrived')
    this.acknowledged += this.digests.size(first)
    if (travelled) this.travelled += this.digests.size(first)
    else this.known += this.digests.size(first)
    this.#doubtful.push(...others)
  }

  /** Entries of which it is not known whether the chunk that arrived counts for them, in order. */
  takeDoubtful() {
    const doubtful = this.#doubtful.sort((a, b) => a - b)
    this.#doubtful = []
    this.#asked += doubtful.length
    return doubtful
  }

  settled(indices, missing) {
    const lacking = new Set(missing)
    const still = indices.filter((index) => lacking.has(index))
    for (const index of indices) if (!lacking.has(index)) this.#knows(index)
    for (const index of still) {
      const digest = hex(this.digests.get(index))
      if (this.#wanted.get(digest) === 'arrived') this.#wanted.delete(digest)
      this.#want(index)
    }
    this.#asked -= indices.length
  }

  /** The server lacks chunks that it was taken to have. */
  lost(indices) {
    for (const index of indices) {
      this.#wanted.delete(hex(this.digests.get(index)))
      this.acknowledged -= this.digests.size(index)
      this.known = Math.max(0, this.known - this.digests.size(index))
    }
    for (const index of indices) this.#want(index)
  }
}

// MARK: X-Start-Byte (spec/x-start-byte.md)

/** Where `/v1` is not reachable: bytes in order, each request after the answer to the one before. */
class Piecewise {
  constructor(upload) {
    this.upload = upload
    this.file = upload.file
    this.remote = upload.remote
    this.progress = upload.progress
  }

  async run() {
    const { upload, file } = this
    this.digests = await upload.digestsFor(CHUNK_SIZE)
    upload.plan = new Plan(this.digests, { checked: 0, window: 2, onlyDigests: true })
    await upload.all([upload.hash()])
    this.contentId = this.digests.root()
    this.key = upload.key ?? `blob-${file.size}-${this.contentId.slice(0, 32)}`
    let offset = await this.ask()
    if (offset === undefined) {
      // The name stands for other bytes: this file gets one that says what it is.
      this.key += `-${this.contentId.slice(0, 16)}`
      offset = await this.ask() ?? 0
    }
    this.known = offset
    this.tell(offset)
    for (let stuck = 0; offset < file.size || !this.isEnded; ) {
      const next = await this.piece(offset)
      stuck = next > offset ? 0 : stuck + 1
      if (stuck > GARBLED_LIMIT) throw this.otherContent()
      offset = next
      this.tell(offset)
    }
    if (this.prefix && this.prefix.digest !== await this.rootAt(this.prefix)) throw this.otherContent()
    return upload.done({ id: this.id ?? null, contentId: this.contentId, sent: upload.sent, known: this.known })
  }

  otherContent() {
    return new CairnError({ type: 'other-content', title: 'The server has other bytes than this file' })
  }

  headers(more) { return { 'X-File-Id': this.key, ...more } }

  /** How much of this file the server has; nothing when it has another. */
  async ask() {
    const answer = await this.remote.ask('GET', '/status', { headers: this.headers() })
    const offset = this.state(answer)
    if (offset > this.file.size) return undefined
    this.isEnded = offset === this.file.size && offset > 0
    if (offset > 0 && this.prefix && this.prefix.digest !== await this.rootAt(this.prefix)) return undefined
    return offset
  }

  /** The offset in an answer, and what else it tells. */
  state(answer) {
    const text = answer.text().trim()
    if (!/^\d{1,15}$/.test(text)) {
      throw new CairnError({ status: answer.status, type: 'no-cairn', title: 'This is no server for uploads' })
    }
    this.note(answer)
    return Number(text)
  }

  note(answer) {
    const match = /^:([A-Za-z0-9+/]{43}=):;offset=(\d+)(?:;chunk-size=(\d+))?/.exec(answer.header('upload-prefix') ?? '')
    this.prefix = match && match[3] ? {
      digest: hex(bytesOfBase64(match[1])), offset: Number(match[2]), chunkSize: Number(match[3]),
    } : undefined
    this.id = /\/files\/([0-9a-f]{32})$/.exec(answer.header('location') ?? '')?.[1] ?? this.id
  }

  /** The file's own digest at a place, cut as the server cuts. */
  async rootAt({ offset, chunkSize }) {
    if (offset > this.file.size) return undefined
    if (chunkSize === CHUNK_SIZE && (offset === this.file.size)) return this.contentId
    return treeRoot(this.upload.hasher, offset, chunkSize)
  }

  async piece(offset) {
    const { upload, file } = this
    const buffer = await upload.hasher.read(offset, Math.min(file.size, offset + PIECE_LENGTH))
    const digest = base64(await digestOf(buffer))
    const ticket = Symbol('piece')
    const onleft = (loaded) => {
      upload.bodies.set(ticket, Math.min(loaded, buffer.byteLength))
      this.tell(offset)
    }
    onleft(typeof XMLHttpRequest === 'function' ? 0 : buffer.byteLength)
    try {
      const headers = {
        'X-Start-Byte': String(offset), 'X-File-Size': String(file.size), Accept: 'application/problem+json, text/plain',
        'Content-Disposition': disposition(upload.name), 'Content-Digest': `sha-256=:${digest}:`,
        'Content-Type': upload.type || 'application/octet-stream',
      }
      const answer = await this.remote.ask('POST', '/upload', {
        headers: this.headers(headers), body: buffer, onleft,
        expected: (answer) => answer.status === 400,
      })
      if (!answer.isSuccess) return (await this.ask()) ?? offset
      this.note(answer)
      upload.sent += buffer.byteLength
      this.isEnded = offset + buffer.byteLength === file.size
      return offset + buffer.byteLength
    } finally {
      upload.bodies.delete(ticket)
    }
  }

  tell(offset) {
    this.upload.plan.acknowledged = offset
    this.upload.plan.known = this.known ?? 0
    this.upload.tell()
  }
}

function disposition(name) {
  if (!name) return 'attachment'
  const encoded = encodeURIComponent(name).replace(/['()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)
  return `attachment; filename*=UTF-8''${encoded}`
}

// MARK: Trees of whole files

/** The root over the first `length` bytes, cut every `chunkSize` or as `lengths` says. */
async function treeRoot(hasher, length, chunkSize, { lengths, signal, onprogress } = {}) {
  const tree = new ContentTree()
  const pending = []
  let at = 0
  const settle = async () => {
    const { digest, size, end } = await pending.shift()
    tree.append(digest, size)
    onprogress?.({ phase: 'hashing', length, hashed: end })
  }
  for (let index = 0; at < length; index++) {
    if (signal?.aborted) throw aborted(signal)
    const size = lengths ? lengths[index] : Math.min(chunkSize, length - at)
    const end = at + size
    const task = hasher.digest(at, end).then((digest) => ({ digest, size, end }))
    task.catch(() => {})
    pending.push(task)
    at = end
    if (pending.length >= hasher.width) await settle()
  }
  while (pending.length > 0) await settle()
  return hex(tree.root())
}

async function hashing(file, work) {
  const hasher = new Hasher(file)
  try {
    return await work(hasher)
  } finally {
    hasher.close()
  }
}

/** A file on a server, read in pieces as if it lay here. */
class RemoteFile {
  constructor(remote, id, size) {
    this.remote = remote
    this.id = id
    this.size = size
  }

  slice(start, end) {
    return {
      arrayBuffer: async () => {
        const answer = await this.remote.ask('GET', `/v1/files/${this.id}`, {
          headers: { Range: `bytes=${start}-${end - 1}` },
        })
        if (answer.status !== 206 && !(answer.status === 200 && answer.bytes.length === end - start)) {
          throw new CairnError({ status: answer.status, type: 'no-cairn', title: 'The server gives no part of a file' })
        }
        return answer.bytes.buffer
      },
    }
  }
}

// MARK: What is exported

/**
 * Uploads a file, and returns when the server has all of it and says that it is the same.
 * @param {Blob} file
 * @param {UploadOptions} [options]
 */
export function upload(file, options = {}) {
  return new Upload(file, options).run()
}

/** Ends an upload, or removes a file; what is gone already is no error. */
export async function cancel(id, options = {}) {
  const remote = new Remote(options)
  await remote.ask('DELETE', `/v1/uploads/${encodeURIComponent(id)}`, { expected: ['unknown-upload', 'upload-gone'] })
}

/** The complete files of a server, newest first. */
export async function list(options = {}) {
  const remote = new Remote(options)
  const files = []
  for (let after = ''; ;) {
    const page = (await remote.ask('GET', `/v1/files?limit=1000${after}`)).json()
    files.push(...page.files)
    if (!page.next) return files
    after = `&after=${encodeURIComponent(page.next)}`
  }
}

/** What the server can do, and, where it asks for tokens, who it takes the caller for. */
export async function capabilities(options = {}) {
  const value = (await new Remote(options).ask('GET', '/v1')).json()
  if (value?.cairn) return value
  throw new CairnError({ status: 200, type: 'no-cairn', title: 'This is no answer of a Cairn server' })
}

/** How an upload stands, or what a file is. */
export async function status(id, options = {}) {
  return (await new Remote(options).ask('GET', `/v1/uploads/${encodeURIComponent(id)}`)).json()
}

/**
 * The content id that a file has at a chunk size, computed here.
 * @param {Blob} file
 */
export function contentIdOf(file, { chunkSize = CHUNK_SIZE, signal, onprogress } = {}) {
  if (!isChunkSize(chunkSize)) throw new RangeError('a chunk size is a power of two from 65536 to 16777216')
  return hashing(file, (hasher) => treeRoot(hasher, file.size, chunkSize, { signal, onprogress }))
}

const manifestOf = async (remote, id) =>
  parseManifest((await remote.ask('GET', `/v1/files/${encodeURIComponent(id)}/manifest`)).bytes)

/**
 * The bytes of a file, in pieces of at most 16 MiB, each verified before it is given. A piece that does not come is asked
 * for again, so a broken line costs no more than one.
 * @param {string} id
 * @param {ReadOptions} [options]
 */
export async function* read(id, options = {}) {
  const remote = new Remote({ tries: TRIES, ...options })
  const { contentId, length, entries } = await manifestOf(remote, id)
  const state = await status(id, options)
  if (state.contentId !== contentId) throw damagedFile()
  const file = new RemoteFile(remote, encodeURIComponent(id), length)
  let [index, start] = [0, 0]
  while (index < entries.length) {
    const first = index
    let size = 0
    do size += entries[index++].length
    while (index < entries.length && size + entries[index].length <= PIECE_LENGTH)
    const buffer = await file.slice(start, start + size).arrayBuffer()
    if (buffer.byteLength !== size) throw damagedFile()
    let at = 0
    for (const entry of entries.slice(first, index)) {
      if (hex(await digestOf(buffer, at, entry.length)) !== hex(entry.digest)) throw damagedFile()
      at += entry.length
    }
    start += size
    options.onprogress?.({ phase: 'hashing', length, hashed: start })
    yield new Uint8Array(buffer)
  }
}

const damagedFile = () => new CairnError({ type: 'damaged', title: 'The server has other bytes than the file had' })

/**
 * Whether the server's file is this one; without a file, whether it gives the bytes that its content id says.
 * @param {Blob | null} file
 */
export async function verify(file, id, options = {}) {
  const remote = new Remote(options)
  const state = await status(id, options)
  if (state.state !== 'complete' || (file && file.size !== state.length)) return false
  const manifest = await manifestOf(remote, id)
  if (manifest.contentId !== state.contentId || manifest.length !== state.length) return false
  const lengths = manifest.entries.map((entry) => entry.length)
  const source = file ?? new RemoteFile(remote, id, state.length)
  const root = await hashing(source, (hasher) =>
    treeRoot(hasher, state.length, manifest.chunkSize, { ...options, lengths }))
  return root === state.contentId
}
