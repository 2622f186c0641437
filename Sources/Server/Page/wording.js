// What the page says: lengths, times, and for every trouble the next step.

const units = ['bytes', 'KB', 'MB', 'GB', 'TB', 'PB']

/** A length in bytes with three digits: "1.28 GB". Units are powers of 1000, as on the label of a disk. */
export function length(bytes) {
  if (bytes < 1000) return bytes === 1 ? '1 byte' : `${bytes} bytes`
  let power = 0
  let value = bytes
  while (value >= 999.5 && power < units.length - 1) {
    value /= 1000
    power += 1
  }
  return `${value < 9.995 ? value.toFixed(2) : value < 99.95 ? value.toFixed(1) : Math.round(value)} ${units[power]}`
}

/** `part` of `whole`, in one unit where both have it: "1.28 of 2.00 GB". */
export function lengthOf(part, whole) {
  const [left, right] = [length(part), length(whole)]
  const unit = right.split(' ')[1]
  return left.endsWith(` ${unit}`) ? `${left.split(' ')[0]} of ${right}` : `${left} of ${right}`
}

/** How long something will take: seconds, rounded as people would. */
export function duration(seconds) {
  if (seconds < 60) return `${Math.max(1, Math.round(seconds))} s`
  const minutes = Math.round(seconds / 60)
  if (minutes < 60) return `${minutes} min`
  const hours = Math.floor(minutes / 60)
  if (hours < 48) return minutes % 60 ? `${hours} h ${minutes % 60} min` : `${hours} h`
  return `${Math.round(hours / 24)} days`
}

/** A share in whole percent, never 100 before all of it is there. */
export function percent(part, whole, isComplete) {
  if (isComplete) return '100 %'
  return `${whole > 0 ? Math.min(99, Math.floor((100 * part) / whole)) : 0} %`
}

export const count = (number, one, many) => `${number.toLocaleString('en')} ${number === 1 ? one : many}`

const dates = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' })
export const date = (text) => dates.format(new Date(text))
const days = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium' })
export const day = (text) => days.format(new Date(text))

const steps = {
  'no-space': 'The server has no space left. Nothing is lost: retry when there is room.',
  'read-only': 'The server’s disk refuses to write. Nothing is lost: tell its operator, then retry.',
  'too-large': 'This is more than the server takes. Ask its operator for a higher limit.',
  'upload-gone': 'The server has ended this upload. Retry begins it anew; what it still knows is not sent again.',
  'unknown-upload': 'The server does not know this upload any more. Retry begins it anew.',
  'file-changed': 'The file changed, or cannot be read any more. Choose it again.',
  'other-content': 'The server has another file than this one. Retry sends it anew.',
  'file-digest-mismatch': 'The file changed while it was sent. Choose it again.',
  'manifest-conflict': 'The file is not the one this upload began with. Retry begins it anew.',
  'unauthorized': 'The server does not take this token any more. What it has is kept: give another, then retry.',
  'forbidden': 'The token does not allow this. Ask whoever gave it to you for another.',
  'quota': 'This is more than you may have on this server. Remove something, or ask its operator for more.',
  'link-used': 'The link has brought its file already. Ask for another link.',
  'bad-header': 'The server does not understand this page. Reload it, then retry.',
}

/** Why an upload stopped and what to do, from what `cairn.js` threw. */
export function failure(error) {
  const known = steps[error.type]
  if (known) return known
  if (error.status === 401 || error.status === 403) return 'The server does not allow this. Ask its operator for access.'
  const reason = (error.title ?? error.message ?? '').replace(/[.\s]+$/, '')
  return `${reason || 'The upload stopped'}. What the server has is kept: retry goes on from there.`
}

/** Why an upload waits, and until when. */
export function waiting({ reason, retryAt }, now = Date.now()) {
  if (!navigator.onLine) return 'No network. Goes on by itself when it is back.'
  const seconds = retryAt ? Math.ceil((retryAt - now) / 1000) : 0
  const why = (reason && reason !== 'offline' ? String(reason) : 'The server cannot be reached').replace(/[.\s]+$/, '')
  return `${why}. ${seconds > 0 ? `Trying again in ${duration(seconds)}.` : 'Trying again.'}`
}

/** Of a stored file some bytes of which are lost. */
export const damaged = 'Damaged on the server. Send the file again: that heals it.'
