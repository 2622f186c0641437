// What the server has, newest first, a page at a time; and what is done with a file, wherever its row stands.

import { verify } from './cairn.js'
import { storedRow, updateStoredRow } from './rows.js'
import { save } from './saving.js'
import { date, percent } from './wording.js'

const pageCount = 20

export class Listing {
  #rows = new Map()
  #next = null
  #loading = null
  #isStale = false

  /**
   * @param {{ access: import('./access.js').Access, chores: Chores, onfailure: (text: string) => void,
   *   onlost: () => void }} options
   */
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
    const { url, credential } = this.options.access
    const headers = credential ? { Authorization: `Bearer ${credential}` } : {}
    let page
    try {
      const answer = await fetch(`${url}/v1/files?${query}`, { headers })
      if (answer.status === 401) return this.options.onlost()
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
    if (!found) return
    const { access, chores } = this.options
    updateStoredRow(found.row, found.file, date(found.file.created), { access, chore: chores.of(id) })
  }
}

const damaged = 'The server’s copy is damaged. Upload the file again: that heals it.'
const reasonOf = (error) => error.title ?? error.message

/** What is done with files or has ended, by their ids: one thing at a time with each. */
export class Chores {
  #all = new Map()

  /** @param {import('./access.js').Access} access */
  constructor(access, onchange) {
    this.access = access
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

  /** Says something of a file until something else is said of it. */
  note(id, text) {
    if (!this.of(id)?.isRunning) this.#set(id, { isSame: undefined, text })
  }

  /** Begins; returns what `cairn.js` needs to know. */
  #begin(id, word, done) {
    const stop = new AbortController()
    this.#set(id, { stop, isRunning: true, isSame: undefined, text: word })
    const onprogress = ({ hashed, length }) => {
      this.#set(id, { text: `${word}, ${percent(hashed, length, false)} ${done}` })
    }
    const { url, credential } = this.access
    return { url, token: credential ?? undefined, signal: stop.signal, onprogress }
  }

  async save(file) {
    const { id } = file
    if (this.of(id)?.isRunning) return
    const options = this.#begin(id, 'Downloading', 'fetched and verified')
    try {
      await save(file, options)
      this.#set(id, { isRunning: false, text: 'Downloaded: every byte was verified' })
    } catch (error) {
      if (options.signal.aborted || error.name === 'AbortError') return this.#set(id, null)
      this.#set(id, {
        isRunning: false, isSame: error.type === 'damaged' ? false : undefined,
        text: error.type === 'damaged' ? damaged : `Not downloaded: ${reasonOf(error)}. Download it again.`,
      })
    }
  }

  async verify(id) {
    if (this.of(id)?.isRunning) return
    const options = this.#begin(id, 'Verifying', 'fetched and compared')
    try {
      const isSame = await verify(null, id, options)
      this.#set(id, {
        isRunning: false, isSame,
        text: isSame
          ? 'Verified: every byte is there, and unchanged'
          : damaged,
      })
    } catch (error) {
      if (options.signal.aborted) return this.#set(id, null)
      const text = error.type === 'damaged'
        ? damaged : `Not verified: ${reasonOf(error)}. Verify again when the server is reachable.`
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
