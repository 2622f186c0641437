// Who the page is to its server: whoever comes, the holder of a token, or of a link for one file (spec/security.md).
// Shows nothing.

import { capabilities } from './cairn.js'

const tokenForm = /^cairn_[0-9a-f]{16}_[0-9a-f]{64}$/
/** Another server may be at another path of this origin. */
const storageName = `cairn-token ${location.pathname.replace(/[^/]*$/, '')}`

export const isToken = (text) => tokenForm.test(text)
export const isLink = (text) => text.startsWith('cairn-link.')

/** The link that the page was opened with. It stands behind `#`, where no server and no other page sees it. */
function linkOfAddress() {
  const asked = new URLSearchParams(location.search).get('link')
  if (asked) history.replaceState(null, '', `${location.pathname}#link=${asked}`)
  return new URLSearchParams(location.hash.slice(1)).get('link')
}

/** What a link says of itself; the server says whether that is true. Null when it cannot be read. */
function claimsOf(link) {
  try {
    const text = atob(link.split('.')[1].replaceAll('-', '+').replaceAll('_', '/'))
    const { token, nonce, expires } = JSON.parse(text)
    return { token: String(token), nonce: String(nonce), expires: Number(expires) * 1000 }
  } catch {
    return null
  }
}

/** A place for the token; browsers may allow none. */
const within = (storage) => ({
  get() {
    try {
      return globalThis[storage].getItem(storageName)
    } catch {
      return null
    }
  },
  set(token) {
    try {
      if (token) globalThis[storage].setItem(storageName, token)
      else globalThis[storage].removeItem(storageName)
    } catch {
      // Then it is known as long as the page is there.
    }
  },
})

const [tab, device] = [within('sessionStorage'), within('localStorage')]

export class Access {
  /** Sent with each request: a token, a link, or nothing. */
  credential = null
  /** What the server says of whoever sends it; null where nobody is asked. */
  caller = null
  /** Whether the server has answered. */
  isSettled = false

  /** @param {string} url */
  constructor(url) {
    this.url = url
    this.link = linkOfAddress()
    this.claims = this.link ? claimsOf(this.link) : null
    this.credential = this.link ?? tab.get() ?? device.get()
    this.isNew = false
    addEventListener('storage', ({ key, newValue }) => {
      // Forgotten in another tab means forgotten here.
      if (key === storageName && !newValue && !this.link && !tab.get() && this.caller) location.reload()
    })
    addEventListener('hashchange', () => {
      if (linkOfAddress() !== this.link) location.reload()
    })
  }

  /**
   * What one may who comes with this; throws the `CairnError` of the answer.
   *
   * False when that is another one than whose uploads are in this page: then nothing is changed, for what goes on here
   * must not be asked for in another's name.
   */
  async enter(credential = this.credential) {
    let answer = {}
    try {
      answer = await capabilities({ url: this.url, token: credential ?? undefined })
    } catch (error) {
      // Where `/v1` is not passed on there are other ways, and nobody to ask.
      if (error.status === 401 || error.type === 'unreachable' || error.retryable) throw error
    }
    const caller = answer.caller ?? null
    if (this.isSettled && this.#owner(caller) !== this.owner) return false
    this.credential = credential
    this.caller = caller
    this.isSettled = true
    return true
  }

  /** Keeps the token in this tab, or on this device. */
  remember(token, onDevice) {
    if (this.link) return
    tab.set(onDevice ? null : token)
    device.set(onDevice ? token : null)
  }

  forget() {
    this.credential = this.link
    tab.set(null)
    device.set(null)
  }

  may(right) {
    return !this.caller || this.caller.rights.includes(right)
  }

  /** Whose uploads these are: what one leaves here, another does not find. Empty where nobody is asked. */
  get owner() {
    return this.#owner(this.caller)
  }

  #owner(caller) {
    if (!caller) return ''
    if (this.link) return `link ${this.claims?.token} ${this.claims?.nonce}`
    const owner = `${caller.namespace}/${caller.principal}`
    // What was begun before there were tokens.
    return owner === 'default/everyone' ? '' : owner
  }
}
