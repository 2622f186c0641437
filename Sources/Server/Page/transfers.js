// The uploads of this page: which run, which wait, what is known of each. Shows nothing; tells `onchange`.

import { cancel, status, upload } from './cairn.js'
import * as records from './records.js'
import { Transfer } from './transfer.js'

/** Running uploads may weigh so much together: three large files or six small ones. */
const capacity = 6
/** So many uploads of an earlier visit are asked for; the others learn when they run. */
const askedLimit = 20
const identity = (path, size, lastModified) => `${path}|${size}|${lastModified}`
const lastPiece = (path) => path.slice(path.lastIndexOf('/') + 1)

/** All of them. */
export class Transfers {
  all = new Map()
  #queue = []
  #load = 0
  #unsaved = new Set()
  #finished = []
  #isSaving = false

  /**
   * @param {{ access: import('./access.js').Access, onchange: (transfer: Transfer) => void,
   *   onnotice: (text: string) => void }} options
   */
  constructor(options) {
    this.options = options
    addEventListener('pagehide', () => this.#flush())
  }

  /** Where the server is, and who asks. */
  get #server() {
    const { url, credential } = this.options.access
    return { url, token: credential ?? undefined }
  }

  // Coming in

  /** Begins with what was chosen; a file that an unfinished upload waits for goes on with that one. */
  add(chosen) {
    const waiting = this.#waiting()
    const running = new Set()
    for (const { path, size, lastModified, state } of this.all.values()) {
      if (state === 'running' || state === 'queued') running.add(identity(path, size, lastModified))
    }
    const added = []
    for (const { file, path, handle } of chosen) {
      const known = waiting.get(identity(path, file.size, file.lastModified))
      if (known) {
        this.attach(known, file, handle)
      } else if (!running.has(identity(path, file.size, file.lastModified))) {
        const { size, type, lastModified } = file
        const order = String(added.length).padStart(6, '0')
        const key = `${Date.now().toString(36)}-${order}-${Math.random().toString(36).slice(2)}`
        added.push(new Transfer({ key, path, type, size, lastModified, file, handle }))
      }
    }
    for (const transfer of added) {
      this.all.set(transfer.key, transfer)
      this.#queue.push(transfer)
      this.#unsaved.add(transfer)
      this.#changed(transfer)
    }
    this.#flush()
    this.#start()
  }

  /** Unfinished uploads of earlier visits: under their path, and under their name alone for one chosen by itself. */
  #waiting() {
    const waiting = new Map()
    for (const transfer of this.all.values()) {
      if (!['absent', 'paused', 'failed'].includes(transfer.state)) continue
      const { path, size, lastModified } = transfer
      waiting.set(identity(path, size, lastModified), transfer)
      const name = identity(lastPiece(path), size, lastModified)
      if (!waiting.has(name)) waiting.set(name, transfer)
    }
    return waiting
  }

  /** Takes over what an earlier visit left; `find` gives the file behind a handle, if the browser lets it. */
  async restore(find) {
    const kept = await Promise.all((await records.adopt(this.options.access.owner)).map(async (record) => {
      const file = record.handle ? await find(record.handle, false) : null
      const transfer = new Transfer({ ...record, file: file instanceof File ? file : null })
      transfer.state = !transfer.file ? 'absent' : record.isPaused ? 'paused' : 'queued'
      return transfer
    }))
    for (const transfer of kept) {
      this.all.set(transfer.key, transfer)
      if (transfer.state === 'queued') this.#queue.push(transfer)
      this.#changed(transfer)
    }
    this.#start()
    const resting = kept.filter(({ state, id }) => id && (state === 'absent' || state === 'paused'))
    await Promise.all(resting.slice(0, askedLimit).map((transfer) => this.#ask(transfer)))
  }

  /** How an upload of an earlier visit stands by now. */
  async #ask(transfer) {
    try {
      const { state, offset, id, contentId } = await status(transfer.id, this.#server)
      if (transfer.isActive) return
      if (state === 'complete') this.#finish(transfer, { id, contentId })
      else transfer.acknowledged = Math.min(transfer.size, Math.max(transfer.acknowledged, offset))
    } catch (error) {
      if (error.status === 404 || error.status === 410) Object.assign(transfer, { id: null, acknowledged: 0 })
    }
    this.#changed(transfer)
  }

  /** The file of an upload that waited for it. False, and nothing is done, when it cannot be the same. */
  attach(transfer, file, handle = null) {
    if (file.size !== transfer.size) return false
    transfer.file = file
    transfer.handle = handle ?? transfer.handle
    transfer.lastModified = file.lastModified
    this.resume(transfer)
    return true
  }

  // What people ask for

  pause(transfer) {
    if (transfer.state !== 'running' && transfer.state !== 'queued') return
    this.#leave(transfer, 'paused')
  }

  resume(transfer) {
    if (!transfer.file || !['paused', 'failed', 'absent'].includes(transfer.state)) return
    transfer.error = null
    transfer.state = 'queued'
    this.#unsaved.add(transfer)
    this.#enqueue(transfer)
    this.#changed(transfer)
  }

  /** Tries again at once what waits for its next try. */
  wake(transfer) {
    if (transfer.state === 'running' && transfer.phase === 'waiting') this.#leave(transfer, 'queued')
  }

  /** Ends an upload: what the server has of it is given up. */
  async cancel(transfer) {
    this.#leave(transfer, 'cancelled')
    this.all.delete(transfer.key)
    await records.remove([transfer.key])
    await transfer.settled
    if (!transfer.id) return
    try {
      await cancel(transfer.id, this.#server)
    } catch (error) {
      if (error.status === 404 || error.status === 410) return
      this.options.onnotice('The server could not be told. It forgets the upload by itself when its time is over.')
    }
  }

  /** Forgets those that are done. */
  clear() {
    for (const transfer of [...this.all.values()]) {
      if (transfer.state !== 'done') continue
      this.all.delete(transfer.key)
      this.#changed(transfer)
    }
  }

  // Running

  #enqueue(transfer) {
    if (transfer.isActive) return
    this.#queue.push(transfer)
    this.#start()
  }

  #leave(transfer, state) {
    transfer.state = state
    transfer.inFlight = 0
    if (state !== 'cancelled') this.#unsaved.add(transfer)
    transfer.controller?.abort()
    this.#changed(transfer)
    this.#save()
  }

  #start() {
    let next = 0
    while (next < this.#queue.length) {
      const transfer = this.#queue[next]
      if (transfer.state === 'queued' && this.#load + transfer.weight > capacity) break
      next += 1
      if (transfer.state === 'queued' && !transfer.isActive) transfer.settled = this.#run(transfer)
    }
    this.#queue.splice(0, next)
  }

  async #run(transfer) {
    this.#load += transfer.weight
    Object.assign(transfer, { state: 'running', phase: null, isActive: true, controller: new AbortController() })
    transfer.forgetRate()
    this.#changed(transfer)
    const { signal } = transfer.controller
    try {
      const receipt = await upload(transfer.file, {
        ...this.#server,
        name: transfer.path,
        type: transfer.type || undefined,
        resume: transfer.id ?? undefined,
        signal,
        onprogress: (progress) => !signal.aborted && this.#note(transfer, progress),
      })
      this.#finish(transfer, receipt)
    } catch (error) {
      if (!signal.aborted) this.#fail(transfer, error)
    }
    transfer.isActive = false
    transfer.inFlight = 0
    this.#load -= transfer.weight
    if (transfer.state === 'queued') this.#enqueue(transfer)
    this.#changed(transfer)
    this.#start()
  }

  #note(transfer, progress) {
    const before = transfer.acknowledged
    const isOther = transfer.note(progress)
    if (isOther || before !== transfer.acknowledged) {
      this.#unsaved.add(transfer)
      this.#save(isOther && transfer.weight > 1)
    }
    this.#changed(transfer)
  }

  #finish(transfer, receipt) {
    if (transfer.state === 'cancelled') return
    Object.assign(transfer, { state: 'done', phase: 'done', receipt, id: receipt.id })
    Object.assign(transfer, { acknowledged: transfer.size, known: receipt.known ?? transfer.known, file: null })
    this.#unsaved.delete(transfer)
    this.#finished.push(transfer.key)
    this.#save()
  }

  #fail(transfer, error) {
    const isGone = error.type === 'file-changed'
    Object.assign(transfer, { state: isGone ? 'absent' : 'failed', error })
    if (isGone) transfer.file = null
    // An upload that has ended or is another file is not gone on with.
    if (['upload-gone', 'unknown-upload', 'manifest-conflict', 'other-content'].includes(error.type)) {
      Object.assign(transfer, { id: null, acknowledged: 0 })
    }
    this.#unsaved.add(transfer)
    this.#save()
  }

  #changed(transfer) {
    this.options.onchange(transfer)
  }

  // Being remembered

  /** Writes what changed within a second, or at once. */
  #save(now = false) {
    if (now) this.#flush()
    if (this.#isSaving) return
    this.#isSaving = true
    setTimeout(() => {
      this.#isSaving = false
      this.#flush()
    }, 1000)
  }

  #flush() {
    const unsaved = [...this.#unsaved].filter((transfer) => this.all.has(transfer.key))
    this.#unsaved.clear()
    if (unsaved.length) records.save(unsaved.map((transfer) => transfer.record), this.options.access.owner)
    if (this.#finished.length) records.remove(this.#finished)
    this.#finished = []
  }
}
