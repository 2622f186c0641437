// One upload as the page knows it. Decides nothing; keeps what is shown true.

/** Longer ones weigh more: fewer of them run at once. */
const largeLength = 8 * 1024 * 1024
/** Rates are means over this many milliseconds. */
const rateWindow = 6000

/**
 * One file on its way.
 *
 * `state` is `queued`, `running`, `paused`, `absent` (its file has to be chosen again), `failed`, `done` or `cancelled`.
 */
export class Transfer {
  state = 'queued'
  phase = null
  /** Bytes: what the server has and said so, what is on its way, what travelled, what the server had before. */
  acknowledged = 0
  inFlight = 0
  sent = 0
  known = 0
  hashed = 0
  reason = null
  retryAt = null
  error = null
  receipt = null
  /** While an `upload` has not settled. */
  isActive = false
  #samples = []

  constructor({ key, path, type, size, lastModified, file = null, handle = null, id = null, acknowledged = 0 }) {
    Object.assign(this, { key, path, type, size, lastModified, file, handle, id, acknowledged })
  }

  get weight() {
    return this.size > largeLength ? 2 : 1
  }

  get record() {
    const { key, path, type, size, lastModified, handle, id, acknowledged } = this
    return { key, path, type, size, lastModified, handle, id, acknowledged, isPaused: this.state === 'paused' }
  }

  /** Takes in what `cairn.js` reports; true when the upload has another id than before. */
  note(progress) {
    const isOther = Boolean(progress.id) && progress.id !== this.id
    // What one upload acknowledged stays so while its entries are named anew; another upload begins at its own.
    const floor = isOther && this.id ? 0 : this.acknowledged
    if (progress.id) this.id = progress.id
    this.acknowledged = Math.min(this.size, Math.max(floor, progress.acknowledged ?? 0))
    this.inFlight = progress.inFlight ?? 0
    this.sent = progress.sent ?? 0
    this.known = progress.known ?? 0
    this.hashed = progress.hashed ?? 0
    this.phase = progress.phase
    this.reason = progress.reason ?? null
    this.retryAt = progress.retryAt ?? null
    this.#sample()
    return isOther
  }

  #sample() {
    const now = performance.now()
    const last = this.#samples.at(-1)
    if (last && now - last.time < 100) return
    this.#samples.push({ time: now, acknowledged: this.acknowledged, sent: this.sent })
    while (this.#samples[0].time < now - rateWindow) this.#samples.shift()
  }

  forgetRate() {
    this.#samples = []
  }

  /** Bytes a second that travel, and that come to be acknowledged; zero while too little is known. */
  get rates() {
    const [first, last] = [this.#samples[0], this.#samples.at(-1)]
    const seconds = first ? (last.time - first.time) / 1000 : 0
    if (seconds < 0.8 || performance.now() - last.time > rateWindow) return { sending: 0, gaining: 0 }
    return {
      sending: Math.max(0, last.sent - first.sent) / seconds,
      gaining: Math.max(0, last.acknowledged - first.acknowledged) / seconds,
    }
  }
}
