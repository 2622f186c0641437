// The door: where the server asks who comes, the page asks for a token; and what a link allows.

import { isLink, isToken } from './access.js'
import { date, day, length } from './wording.js'

const at = (id) => document.getElementById(id)

/** What rights let one do, for people. */
const deeds = { put: 'upload', get: 'read', list: 'list', delete: 'remove' }

export class Entry {
  #isAsking = false
  #entered = false
  #pass = null

  /**
   * @param {import('./access.js').Access} access
   * @param {{ say: (text: string) => void, notify: (text: string) => void, onentered: (isFirst: boolean) => void }} options
   */
  constructor(access, options) {
    this.access = access
    this.options = options
    this.entered = new Promise((resolve) => { this.#pass = resolve })
    at('entry-form').addEventListener('submit', (event) => {
      event.preventDefault()
      this.#submit()
    })
    at('show-token').addEventListener('click', () => this.#show(at('token').type === 'password'))
    at('forget').addEventListener('click', () => this.#forget())
    at('unprotected').hidden = isSecureContext
  }

  /** Comes in with what is known; asks where that is not enough. Tries again until the server is reached. */
  async open() {
    for (;;) {
      try {
        await this.access.enter()
        return this.#enter()
      } catch (error) {
        if (error.status === 401) return this.#refused()
        this.options.notify('The server cannot be reached. Trying again.')
        await new Promise((resolve) => setTimeout(resolve, 3000))
      }
    }
  }

  /** The server does not know whoever this was any more. */
  lost() {
    if (!at('entry').hidden || !at('link-end').hidden) return
    this.#refused()
    this.options.say(this.access.link ? at('link-end').textContent : at('entry-reason').textContent)
  }

  // Asking

  #refused() {
    document.body.classList.add('outside')
    at('who').hidden = true
    if (this.access.link) return this.#endLink()
    const had = this.access.credential
    this.access.forget()
    at('entry-reason').textContent = had
      ? 'The token of before counts no more: it has expired or was taken back. What the server has of your uploads is kept.'
      : 'Only those with a token may upload to this server. Who runs it makes them.'
    at('entry').hidden = false
    if (!this.#entered) at('token').focus()
  }

  #show(isShown) {
    at('token').type = isShown ? 'text' : 'password'
    at('show-token').textContent = isShown ? 'Hide' : 'Show'
    at('show-token').setAttribute('aria-label', isShown ? 'Hide the token' : 'Show the token')
  }

  #trouble(text) {
    at('entry-trouble').textContent = text
    at('token').setAttribute('aria-invalid', String(Boolean(text)))
    if (text) at('token').focus()
  }

  async #submit() {
    const text = at('token').value.trim()
    if (this.#isAsking) return
    if (isLink(text)) {
      location.hash = `link=${text}`
      return
    }
    if (!isToken(text)) return this.#trouble(
      text ? 'This is no token: one begins with cairn_ and has 87 characters. Copy all of it.' : 'Give a token.')
    this.#isAsking = true
    this.#trouble('')
    at('enter').textContent = 'Asking'
    try {
      const isSame = await this.access.enter(text)
      this.access.remember(text, at('remember').checked)
      // Another one's uploads are none of this one's business.
      if (!isSame) return location.reload()
      this.#enter()
    } catch (error) {
      this.#trouble(error.status === 401
        ? 'The server knows no such token, or it counts no more. Look whether all of it is there, or ask for another.'
        : 'The server cannot be reached. Try again when it is.')
    }
    this.#isAsking = false
    at('enter').textContent = 'Continue'
  }

  #enter() {
    const { access } = this
    const asked = !at('entry').hidden
    const isFirst = !this.#entered
    this.#entered = true
    at('token').value = ''
    this.#show(false)
    at('entry').hidden = true
    document.body.classList.remove('outside')
    this.#tellWho()
    this.#offer()
    this.options.notify('')
    this.#pass()
    this.options.onentered(isFirst)
    if (!asked) return
    this.options.say(`The token is taken: ${at('who-name').textContent}.`)
    ;(access.may('put') ? at('choose-files') : at('server-heading')).focus()
  }

  #tellWho() {
    const { caller, link } = this.access
    at('who').hidden = !caller || Boolean(link)
    if (!caller || link) return
    const lacks = ['put', 'get', 'list'].some((right) => !caller.rights.includes(right))
    const may = Object.keys(deeds).filter((right) => caller.rights.includes(right)).map((right) => deeds[right])
    const parts = [caller.namespace === 'default' ? caller.principal : `${caller.principal} in ${caller.namespace}`]
    if (lacks) parts.push(`may only ${may.join(', ')}`)
    if (caller.expires) parts.push(`until ${day(caller.expires)}`)
    at('who-name').textContent = parts.join(' · ')
  }

  #forget() {
    this.access.forget()
    location.reload()
  }

  // What may be chosen

  /** Shows what one may do, and nothing else. */
  #offer() {
    const { access } = this
    at('choose').hidden = !access.may('put')
    at('server').hidden = !access.may('list') || Boolean(access.link)
    if (access.link && access.caller?.link) this.#offerLink(access.caller.link)
  }

  #offerLink({ length: limit, types, state }) {
    at('files').multiple = false
    at('files').accept = types.join(',')
    at('choose-folder').hidden = true
    at('choose-files').textContent = 'Choose the file'
    document.querySelector('.invitation').textContent = 'Drop the file here'
    const kinds = types.length ? `, of type ${types.join(' or ')}` : ''
    const end = this.access.claims ? `, until ${date(this.access.claims.expires)}` : ''
    at('link-terms').textContent = `This link takes one file of at most ${length(limit)}${kinds}${end}.`
    at('link-terms').hidden = false
    if (state === 'complete') this.used()
    else if (state === 'open') at('link-terms').textContent += ' It has begun: the same file goes on where it stopped.'
  }

  /** The link's file is here. */
  used() {
    if (!this.access.link) return
    at('choose').hidden = true
    at('link-terms').hidden = true
    at('link-end').textContent = 'The file of this link is here. The link takes no other: ask for another one.'
    at('link-end').hidden = false
  }

  #endLink() {
    const { claims } = this.access
    at('choose').hidden = true
    at('link-terms').hidden = true
    at('link-end').textContent = claims && claims.expires <= Date.now()
      ? `This link has expired on ${date(claims.expires)}. Ask whoever gave it to you for another one.`
      : 'This link does not count: it is not complete, or was taken back. Ask whoever gave it to you for another one.'
    at('link-end').hidden = false
  }

  /** Why these files cannot be taken; nothing when they can. */
  refusal(chosen) {
    const { access } = this
    if (!access.may('put')) return 'This token may not upload.'
    const link = access.caller?.link
    if (!link) return undefined
    if (chosen.length !== 1) return 'This link takes one file. Choose or drop one.'
    const [{ file }] = chosen
    if (file.size > link.length) {
      return `${file.name} is ${length(file.size)}: this link takes at most ${length(link.length)}. Choose another file.`
    }
    if (!link.types.length || link.types.some((type) => matches(file.type, type))) return undefined
    return `${file.name} is ${file.type || 'of no type the browser knows'}: this link takes ${link.types.join(' or ')}.`
  }
}

const matches = (type, allowed) => allowed.endsWith('/*')
  ? type.toLowerCase().startsWith(allowed.slice(0, -1).toLowerCase()) : type.toLowerCase() === allowed.toLowerCase()
