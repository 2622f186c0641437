// One row a file: its name, its bar, how it stands, and what can be done with it.

import { count, damaged, duration, failure, length, lengthOf, percent, waiting } from './wording.js'

/** `tag.class` with attributes and children. */
export function element(kind, attributes = {}, ...children) {
  const [tag, name] = kind.split('.')
  const made = document.createElement(tag)
  if (name) made.className = name
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value)
  made.append(...children)
  return made
}

function setText(node, text) {
  if (node.textContent !== text) node.textContent = text
}

function nameOf(path, id) {
  const cut = path.lastIndexOf('/') + 1
  return element('span.name', { id, dir: 'auto' }, element('span.folder', {}, path.slice(0, cut)), path.slice(cut))
}

/** Puts these actions into `place`: rebuilt only when they are others, and the keyboard's place is kept. */
function setActions(place, subject, actions) {
  const wanted = actions.map(([action, label]) => `${action}:${label}`).join('|')
  if (place.dataset.actions === wanted) return
  const held = place.contains(document.activeElement) ? document.activeElement : null
  place.dataset.actions = wanted
  place.replaceChildren(...actions.map(([action, label, href]) => {
    const made = href
      ? element('a', { href, download: '' }, label)
      : element('button', { type: 'button', 'data-action': action }, label)
    if (action === 'discard') made.className = 'danger'
    made.setAttribute('aria-label', `${label}: ${subject}`)
    return made
  }))
  if (held) (place.querySelector(`[data-action="${held.dataset.action}"]`) ?? place.firstElementChild)?.focus()
}

// An upload

export function transferRow(transfer) {
  const id = `name-${transfer.key}`
  const row = element(
    'li', { 'data-key': transfer.key },
    element('div.top', {}, nameOf(transfer.path, id), element('span.amount')),
    element(
      'div.bar', {}, element('div.flight'),
      element('progress', { max: Math.max(1, transfer.size), value: 0, 'aria-labelledby': id })),
    element('div.bottom', {}, element('p.standing'), element('p.actions')))
  row.parts = {
    amount: row.querySelector('.amount'),
    bar: row.querySelector('.bar'),
    flight: row.querySelector('.flight'),
    progress: row.querySelector('progress'),
    standing: row.querySelector('.standing'),
    actions: row.querySelector('.actions'),
  }
  return row
}

export function updateTransferRow(row, transfer, { isAsking, chore, access }) {
  const { amount, bar, flight, progress, standing, actions } = row.parts
  const isDone = transfer.state === 'done'
  row.dataset.state = transfer.state
  row.classList.toggle('resting', ['paused', 'absent', 'failed', 'queued'].includes(transfer.state))
  const isAlarming = transfer.state === 'failed' || chore?.isSame === false
  row.classList.toggle('alarming', isAlarming)
  row.classList.toggle('proven', chore?.isSame === true)
  bar.hidden = isDone
  // Full is for the server to say.
  const most = isDone ? progress.max : progress.max * 0.995
  progress.value = Math.min(most, transfer.acknowledged)
  const reached = Math.min(0.995, (transfer.acknowledged + transfer.inFlight) / progress.max)
  flight.style.setProperty('--reached', isDone ? 1 : reached.toFixed(4))
  setText(amount, isDone ? length(transfer.size) : percent(transfer.acknowledged, transfer.size, false))
  setText(standing, isAsking ? question(transfer) : chore ? chore.text : standingOf(transfer))
  if (isDone && !row.parts.contentId) {
    row.parts.contentId = contentId(transfer.receipt.contentId)
    row.querySelector('.bottom').before(row.parts.contentId)
  }
  setActions(actions, transfer.path, isAsking ? discarding : actionsOf(transfer, chore, access))
}

const discarding = [['discard', 'Discard'], ['keep', 'Keep']]

const question = (transfer) =>
  `Cancel and give up ${transfer.acknowledged ? length(transfer.acknowledged) : 'what the server has'}?`

const contentId = (digest) =>
  element('code.content-id', { title: `Content id ${digest}`, 'aria-label': `Content id ${digest}` }, digest)

function actionsOf(transfer, chore, access) {
  switch (transfer.state) {
    case 'running':
      return transfer.phase === 'waiting'
        ? [['wake', 'Try now'], ['pause', 'Pause'], ['cancel', 'Cancel']]
        : [['pause', 'Pause'], ['cancel', 'Cancel']]
    case 'queued': return [['pause', 'Pause'], ['cancel', 'Cancel']]
    case 'paused': return [['resume', 'Resume'], ['cancel', 'Cancel']]
    case 'absent': return [['again', transfer.handle ? 'Go on' : 'Choose again'], ['cancel', 'Cancel']]
    case 'failed': return [['resume', 'Retry'], ['cancel', 'Cancel']]
    case 'done': return storedActions(transfer.receipt.id, chore, access)
    default: return []
  }
}

/** What one may do with a file; where a token is needed the page fetches what an address alone does not open. */
function storedActions(id, chore, access) {
  if (!access.may('get')) return []
  const link = ['link', 'Copy link']
  if (chore?.isRunning) return [link, ['stop', 'Stop']]
  return [link, access.caller ? ['save', 'Download'] : ['download', 'Download', `files/${id}`], ['verify', 'Verify']]
}

function standingOf(transfer) {
  const share = lengthOf(transfer.acknowledged, transfer.size)
  switch (transfer.state) {
    case 'queued': return transfer.acknowledged ? `${share}, waiting for its turn` : 'Waiting for its turn'
    case 'paused': return `Paused at ${share}`
    case 'absent': return absent(transfer, share)
    case 'failed': return failure(transfer.error)
    case 'done': return done(transfer)
    default: return running(transfer, share)
  }
}

function absent(transfer, share) {
  if (transfer.error) return failure(transfer.error)
  return transfer.handle
    ? `${share} are there. The browser asks before it reads the file again.`
    : `${share} are there. Choose or drop the same file to go on.`
}

function running(transfer, share) {
  if (transfer.phase === 'waiting') return `${share}. ${waiting(transfer)}`
  if (transfer.phase === 'finishing') return `${share}. Finishing`
  if (!transfer.acknowledged && !transfer.inFlight) return transfer.size ? 'Reading the file' : 'Sending'
  const { sending, gaining } = transfer.rates
  const parts = [share]
  if (sending > 0) parts.push(`${length(Math.round(sending))}/s`)
  if (gaining > 0) parts.push(`${duration((transfer.size - transfer.acknowledged) / gaining)} left`)
  return parts.join(' · ')
}

function done({ known, size }) {
  if (!size) return 'Uploaded. It is empty'
  if (known >= size) return 'Uploaded. All of it was known, nothing was sent'
  return known ? `Uploaded. ${lengthOf(known, size)} were known` : 'Uploaded'
}

// A file on the server

export function storedRow(file) {
  const id = `stored-${file.id}`
  const row = element(
    'li', { 'data-id': file.id },
    element('div.top', {}, nameOf(file.name || file.id, id), element('span.amount', {}, length(file.length))),
    contentId(file.contentId),
    element('div.bottom', {}, element('p.standing'), element('p.actions')))
  row.parts = { standing: row.querySelector('.standing'), actions: row.querySelector('.actions') }
  return row
}

export function updateStoredRow(row, file, text, { chore, access }) {
  row.classList.toggle('alarming', chore ? chore.isSame === false : file.damaged === true)
  row.classList.toggle('proven', chore?.isSame === true)
  setText(row.parts.standing, chore?.text ?? (file.damaged ? damaged : text))
  setActions(row.parts.actions, file.name || file.id, storedActions(file.id, chore, access))
}

// All of them together

/** What the line above the rows says; empty for a single file, whose row says it. */
export function summary(all) {
  const tally = { done: 0, size: 0, acknowledged: 0, known: 0, sending: 0, gaining: 0, open: 0, absent: 0 }
  for (const transfer of all) {
    tally.size += transfer.size
    tally.acknowledged += transfer.acknowledged
    tally.known += transfer.state === 'done' ? transfer.known : 0
    if (transfer.state === 'done') tally.done += 1
    if (transfer.state === 'absent') tally.absent += 1
    if (transfer.state === 'running') {
      tally.open += 1
      const { sending, gaining } = transfer.rates
      tally.sending += sending
      tally.gaining += gaining
    }
  }
  return { ...tally, text: all.length > 1 ? summaryText(tally, all.length) : '' }
}

function summaryText(tally, number) {
  if (tally.done === number) {
    const known = tally.known ? `, ${length(tally.known)} of it known` : ''
    return `${count(number, 'file', 'files')} · ${length(tally.size)}${known}`
  }
  const parts = [`${tally.done} of ${count(number, 'file', 'files')}`, lengthOf(tally.acknowledged, tally.size)]
  if (tally.gaining > 0) parts.push(`${duration((tally.size - tally.acknowledged) / tally.gaining)} left`)
  if (tally.absent > 1) parts.push(`${tally.absent} wait for their files: choose or drop them again`)
  return parts.join(' · ')
}
