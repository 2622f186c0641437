// Real servers, proxies that do harm on purpose, and bytes that can be made again.
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import http from 'node:http'
import os from 'node:os'
import path from 'node:path'
import { after } from 'node:test'

export const program = process.env.CAIRN ?? path.resolve('.build/release/cairn')
export const MIB = 1048576

export const repository = path.resolve(import.meta.dirname ?? path.dirname(new URL(import.meta.url).pathname), '../..')

export function vectors(name) {
  return JSON.parse(fs.readFileSync(path.join(repository, 'spec/vectors', `${name}.json`), 'utf8'))
}

/** Numbers that look random and come again with the seed (xorshift32). */
export function generator(seed) {
  let state = seed || 1
  return () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return state >>> 0
  }
}

export function randomBytes(length, seed) {
  const next = generator(seed)
  const words = new Uint32Array(Math.ceil(length / 4))
  for (let at = 0; at < words.length; at++) words[at] = next()
  return new Uint8Array(words.buffer, 0, length)
}

let fresh = 0
/** Bytes that no test before had: servers are shared, and know what they were sent. */
export function freshBytes(length) {
  fresh += 1
  return randomBytes(length, (seed + 7919 * fresh) & 0x7fffffff)
}

/** A seed that a failing test says. */
export const seed = Number(process.env.SEED ?? (Date.now() & 0x7fffffff))

/** What a browser gives for a chosen file. */
export class TestFile extends Blob {
  constructor(bytes, name = 'a.bin', lastModified = 1700000000000, type = '') {
    super([bytes], { type })
    this.name = name
    this.lastModified = lastModified
  }
}

const shared = new Map()
after(async () => {
  for (const server of shared.values()) await (await server).end()
})

/** `cairn serve` on a folder of its own. */
export class Server {
  static async start(t, options = []) {
    const server = new Server()
    server.folder = fs.mkdtempSync(path.join(os.tmpdir(), 'cairn-javascript-'))
    server.options = options
    server.port = 0
    t.after(() => server.end())
    await server.run()
    return server
  }

  /** One for all tests of a file that leave it as it is. */
  static shared(options = []) {
    const key = options.join(' ')
    if (!shared.has(key)) shared.set(key, Server.start({ after: () => {} }, options))
    return shared.get(key)
  }

  async run() {
    this.process = spawn(program, [
      'serve', '--data', this.folder, '--listen', `127.0.0.1:${this.port}`, '--force', ...this.options,
    ], { stdio: ['ignore', 'pipe', 'pipe'] })
    let errors = ''
    this.process.stderr.on('data', (data) => { errors = (errors + data).slice(-4000) })
    this.exited = once(this.process, 'exit')
    const url = await new Promise((resolve, reject) => {
      let text = ''
      this.process.stdout.on('data', (data) => {
        text += data
        const match = /listening on (http:\S+),/.exec(text)
        if (match) resolve(match[1])
      })
      this.process.on('error', reject)
      this.process.on('exit', (code) => reject(new Error(`the server ended with ${code}: ${errors}`)))
    })
    this.url = url
    this.port = Number(new URL(url).port)
  }

  /** A token for a principal of its own. The running server has read of it: until then it takes everyone. */
  async token(name) {
    const made = spawnSync(program, ['token', 'create', name, '--data', this.folder, '--json'], { encoding: 'utf8' })
    if (made.status !== 0) throw new Error(made.stderr)
    const { token } = JSON.parse(made.stdout)
    const isTaken = async (headers) => (await fetch(`${this.url}/v1/uploads`, { headers })).ok
    for (let times = 0; await isTaken({}) || !await isTaken({ authorization: `Bearer ${token}` }); times++) {
      if (times === 1500) throw new Error('the server has not read of a new token')
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    return token
  }

  /** As a crash: no signal that it could answer. */
  async kill() {
    this.process.kill('SIGKILL')
    await this.exited
  }

  async end() {
    if (this.process.exitCode === null && this.process.signalCode === null) await this.kill()
    fs.rmSync(this.folder, { recursive: true, force: true })
  }

  /** The bytes of a file, as anyone gets them. */
  async bytes(id) {
    const response = await fetch(`${this.url}/files/${id}`)
    if (!response.ok) throw new Error(`GET ${response.status}`)
    return Buffer.from(await response.arrayBuffer())
  }
}

/**
 * A proxy before a server. `meddle(request, body)` may answer with `{status, headers, body}` instead of the server, with
 * other bytes for it (`{forward}`), may break the connection (`'cut'`), or do nothing. `log` has what came through.
 */
export class Proxy {
  static async start(t, target, meddle = () => {}) {
    const proxy = new Proxy()
    proxy.log = []
    proxy.meddle = meddle
    proxy.target = target
    const agent = new http.Agent({ keepAlive: false })
    const server = http.createServer((request, response) => {
      proxy.pass(request, response, agent).catch(() => response.destroy())
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    t.after(() => {
      server.closeAllConnections?.()
      server.close()
    })
    proxy.url = `http://127.0.0.1:${server.address().port}`
    return proxy
  }

  async pass(request, response, agent) {
    const pieces = []
    for await (const piece of request) pieces.push(piece)
    let body = Buffer.concat(pieces)
    const { pathname, search } = new URL(request.url, this.url)
    const entry = { method: request.method, path: pathname, search, headers: request.headers, length: body.length }
    this.log.push(entry)
    const answer = await this.meddle(entry, body)
    if (answer === 'cut') return response.destroy()
    if (answer?.status) return response.writeHead(answer.status, answer.headers).end(answer.body)
    if (answer?.forward) body = answer.forward
    const { transfer, ...headers } = request.headers
    delete headers['transfer-encoding']
    headers['content-length'] = String(body.length)
    const onward = http.request(this.target.url + request.url, { method: request.method, headers, agent })
    onward.on('error', () => response.destroy())
    onward.on('response', (from) => {
      response.writeHead(from.statusCode, from.statusMessage, from.headers)
      from.pipe(response)
    })
    onward.end(body)
  }

  /** Bytes of chunks that travelled. */
  get chunkBytes() {
    return this.log.filter(({ path: at }) => /\/chunks(\/|$)|\/upload$/.test(at)).reduce((sum, { length }) => sum + length, 0)
  }
}

/** Collects progress, and holds the rules that every upload keeps. */
export class Watcher {
  states = []
  onprogress = (state) => {
    const before = this.states.at(-1)
    if (!(state.acknowledged <= state.length)) this.broken = `acknowledged ${state.acknowledged} of ${state.length}`
    if (state.phase !== 'done' && state.length > 0 && state.acknowledged >= state.length) this.broken = '100 % too early'
    if (before && before.id === state.id && state.acknowledged < before.acknowledged) this.broken = 'it ran backwards'
    this.states.push(state)
    this.onstate?.(state)
  }

  get last() { return this.states.at(-1) }
  get phases() { return this.states.map(({ phase }) => phase).filter((phase, at, all) => phase !== all[at - 1]) }
}
