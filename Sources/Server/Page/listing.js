// What the server has, newest first, a page at a time; and a file's link and verification, wherever its row stands.

import { verify } from './cairn.js'
import { storedRow, updateStoredRow } from './rows.js'
import { date, percent } from './wording.js'

const pageCount = 20

export class Listing {
  #rows = new Map()
  #next = null
  #loading = null
  #isStale = false

  /** @param {{ url: string, verifying: Verifying, onfailure: (text: string) => void }} options */
  constructor(options) {
    this.options = options
    this.list = document.getElementById('stored')
    this.more = document.getElementById('more-stored')
    this.nothing = document.getElementById('nothing')
    this.more.addEventListener('click', () => this.#load(this.#next))
  }

  file(id) {
    return this.#rows.get(id)?.file
  }

  /** Asks anew; what is asked while an answer is on its way is asked once more after it. */
  refresh() {
    if (this.#loading) {
      this.#isStale = true
      return this.#loading
    }
    return this.#load(null)
  }

  async #load(after) {
    this.#loading = this.#page(after)
    await this.#loading
    this.#loading = null
    if (!this.#isStale) return
    this.#isStale = false
    this.refresh()
  }

  async #page(after) {
    const query = new URLSearchParams({ limit: pageCount, ...(after && { after }) })
    let page
    try {
      const answer = await fetch(`${this.options.url}/v1/files?${query}`)
      if (!answer.ok) throw new Error(`status ${answer.status}`)
      page = await answer.json()
    } catch {
      this.options.onfailure('The list cannot be fetched. Refresh it when the server is reachable.')
      return
    }
    if (after) this.#append(page.files)
    else this.#replace(page.files)
    // A refreshed first page leaves what was shown after it.
    if (after || this.#rows.size <= page.files.length) this.#next = page.next ?? null
    this.more.hidden = !this.#next
    this.nothing.hidden = this.#rows.size > 0
  }

  /** The first page takes the place of the one before; rows that stay keep their place in the document. */
  #replace(files) {
    const newest = new Set(files.map((file) => file.id))
    const isOverlapping = files.some((file) => this.#rows.has(file.id))
    const oldest = files.at(-1)?.created ?? ''
    for (const [id, { row, file }] of this.#rows) {
      if (newest.has(id) || (isOverlapping && file.created < oldest)) continue
      row.remove()
      this.#rows.delete(id)
    }
    let place = this.list.firstElementChild
    for (const file of files) {
      const row = this.#row(file)
      if (row === place) place = place.nextElementSibling
      else this.list.insertBefore(row, place)
    }
  }

  #append(files) {
    for (const file of files) if (!this.#rows.has(file.id)) this.list.append(this.#row(file))
  }

  #row(file) {
    let found = this.#rows.get(file.id)
    if (!found) {
      found = { file, row: storedRow(file) }
      this.#rows.set(file.id, found)
      this.update(file.id)
    }
    return found.row
  }

  update(id) {
    const found = this.#rows.get(id)
    if (found) updateStoredRow(found.row, found.file, date(found.file.created), this.options.verifying.of(id))
  }
}

/** Verifications that run or have ended, by the file's id. */
export class Verifying {
  #all = new Map()

  constructor(url, onchange) {
    this.url = url
    this.onchange = onchange
  }

  of(id) {
    return this.#all.get(id)
  }

  #set(id, state) {
    if (state) this.#all.set(id, { ...this.#all.get(id), ...state })
    else this.#all.delete(id)
    this.onchange(id, state)
  }

  async start(id) {
    const stop = new AbortController()
    this.#set(id, { stop, isRunning: true, isSame: undefined, text: 'Verifying' })
    const onprogress = ({ hashed, length }) => {
      this.#set(id, { text: `Verifying, ${percent(hashed, length, false)} fetched and compared` })
    }
    try {
      const isSame = await verify(null, id, { url: this.url, signal: stop.signal, onprogress })
      this.#set(id, {
        isRunning: false, isSame,
        text: isSame
          ? 'Verified: every byte is there, and unchanged'
          : 'The server’s copy is damaged. Upload the file again: that heals it.',
      })
    } catch (error) {
      if (stop.signal.aborted) return this.#set(id, null)
      const text = error.type === 'damaged'
        ? 'The server’s copy is damaged. Upload the file again: that heals it.'
        : `Not verified: ${error.title ?? error.message}. Verify again when the server is reachable.`
      this.#set(id, { isRunning: false, isSame: false, text })
    }
  }

  stop(id) {
    this.#all.get(id)?.stop.abort()
  }
}

/** Puts a link into the clipboard; where the browser has none for this page, by way of a selection. */
export async function copy(text) {
  if (navigator.clipboard) {
    try {
      await navigator.clipboard.writeText(text)
      return true
    } catch {
      // Not allowed: the old way may be.
    }
  }
  const field = Object.assign(document.createElement('textarea'), { value: text, className: 'spoken', readOnly: true })
  const held = document.activeElement
  document.body.append(field)
  field.select()
  const isCopied = document.execCommand('copy')
  field.remove()
  held?.focus()
  return isCopied
}
