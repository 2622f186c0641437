// The page: what is chosen becomes transfers, transfers become rows (spec/page.md).

import { Access } from './access.js'
import * as choosing from './choosing.js'
import { Entry } from './entry.js'
import { Chores, Listing, copy } from './listing.js'
import { summary, transferRow, updateTransferRow } from './rows.js'
import { Transfers } from './transfers.js'
import { count, percent } from './wording.js'

const at = (id) => document.getElementById(id)
const url = new URL('.', location.href).href.replace(/\/$/, '')

/** So many rows are in the document; more on request. */
let shown = 40
/** Rows are looked at so often, in milliseconds, and put into another order so often. */
const updateInterval = 120
const orderInterval = 500

const rows = new Map()
const changed = new Set()
const asking = new Set()
const access = new Access(url)
const entry = new Entry(access, { say, notify, onentered })
const chores = new Chores(access, (id, state) => {
  listing.update(id)
  for (const transfer of transfers.all.values()) if (transfer.receipt?.id === id) changed.add(transfer)
  schedule()
  if (state && !state.isRunning && 'isSame' in state) say(state.text)
})
const listing = new Listing({ access, chores, onfailure: notify, onlost: () => entry.lost() })
const transfers = new Transfers({ access, onchange: note, onnotice: notify })

// Telling

let spoken = []
let isSpeaking = false

/** Says something to those who listen instead of look: at most every few seconds, the last of what came meanwhile. */
function say(text) {
  spoken.push(text)
  if (isSpeaking) return
  isSpeaking = true
  const next = () => {
    if (!spoken.length) {
      isSpeaking = false
      return
    }
    at('spoken').textContent = spoken.splice(0).slice(-2).join(' ')
    setTimeout(next, 4000)
  }
  setTimeout(next, 300)
}

function notify(text) {
  at('notice').textContent = text
  at('notice').hidden = !text
}

let finished = 0

function note(transfer) {
  changed.add(transfer)
  if (transfer.told !== transfer.state) {
    transfer.told = transfer.state
    if (transfer.state === 'done') finished += 1
    if (transfer.state === 'failed') say(`${transfer.path}: stopped. Retry is possible.`)
    if (transfer.state === 'failed' && transfer.error.status === 401) entry.lost()
    if (transfer.state === 'done' || transfer.error?.type === 'link-used') entry.used()
  }
  schedule()
}

/** What is told once for all files that finished meanwhile. */
function tellFinished(tally) {
  if (!finished) return
  const left = [...transfers.all.values()].filter(({ state }) => state === 'running' || state === 'queued').length
  say(`${count(finished, 'file', 'files')} uploaded${left ? `, ${left} left` : ''}.`)
  if (!left || performance.now() - refreshed > 3000) refresh()
  finished = 0
}

let refreshed = 0

async function refresh() {
  refreshed = performance.now()
  if (access.isSettled && access.may('list') && !access.link) await listing.refresh()
}

/** The server knows who comes, or asks nobody. */
function onentered(isFirst) {
  refresh()
  if (isFirst) return transfers.restore(choosing.fromHandle)
  for (const transfer of transfers.all.values()) if (transfer.error?.status === 401) transfers.resume(transfer)
}

// Showing

let timer = null
let ordered = 0

function schedule() {
  timer ??= setTimeout(show, updateInterval)
}

function show() {
  timer = null
  const all = [...transfers.all.values()]
  if (performance.now() - ordered >= orderInterval || all.length <= shown) order(all)
  else schedule()
  for (const transfer of changed) {
    const row = rows.get(transfer.key)
    if (row) updateTransferRow(row, transfer, standing(transfer))
  }
  changed.clear()
  const tally = summary(all)
  showSummary(all, tally)
  tellFinished(tally)
  // Waiting counts down, and a rate that has gone quiet is not shown any longer.
  if (tally.open) keepGoing()
}

let tick = null

function keepGoing() {
  tick ??= setTimeout(() => {
    tick = null
    for (const transfer of transfers.all.values()) if (transfer.state === 'running') changed.add(transfer)
    schedule()
  }, 1000)
}

const standing = (transfer) => ({
  isAsking: asking.has(transfer.key),
  chore: transfer.state === 'done' ? chores.of(transfer.receipt.id) : undefined,
  access,
})

const rank = { failed: 0, absent: 0, running: 1, paused: 2, queued: 3, done: 4 }

/** The rows that are shown, in their order: as chosen, or, when there are many, what matters first. */
function order(all) {
  ordered = performance.now()
  let wanted = all
  if (all.length > shown) {
    const ranks = [[], [], [], [], []]
    for (const transfer of all) ranks[rank[transfer.state]].push(transfer)
    ranks[4].reverse()
    wanted = ranks.flat().slice(0, shown)
  }
  const keys = new Set(wanted.map(({ key }) => key))
  for (const [key, row] of rows) {
    if (keys.has(key)) continue
    row.remove()
    rows.delete(key)
  }
  const list = at('transfers')
  let place = list.firstElementChild
  for (const transfer of wanted) {
    let row = rows.get(transfer.key)
    if (!row) {
      row = transferRow(transfer)
      rows.set(transfer.key, row)
      changed.add(transfer)
    }
    if (row === place) place = place.nextElementSibling
    else list.insertBefore(row, place)
  }
  const more = all.length - wanted.length
  at('more-transfers').hidden = more <= 0
  at('more-transfers').textContent = `Show more of ${count(more, 'other', 'others')}`
}

function showSummary(all, tally) {
  document.body.classList.toggle('busy', all.length > 0)
  at('uploads').hidden = all.length === 0
  at('summary').textContent = tally.text
  const isMany = all.length > 1
  at('total').hidden = !isMany || tally.done === all.length
  at('total').max = Math.max(1, tally.size)
  at('total').value = Math.min(tally.acknowledged, tally.size * 0.995)
  const is = (...states) => all.some(({ state }) => states.includes(state))
  at('pause-all').hidden = !isMany || !is('running', 'queued')
  at('resume-all').hidden = !isMany || is('running', 'queued') || !is('paused', 'failed')
  at('clear').hidden = !is('done')
  document.title = is('running') ? `${percent(tally.acknowledged, tally.size, false)} · Cairn` : 'Cairn'
}

// Asking

async function add(chosen) {
  if (!chosen.length) return
  await entry.entered
  const refusal = entry.refusal(chosen)
  notify(refusal ?? '')
  if (refusal) return say(refusal)
  transfers.add(chosen)
  say(`${count(chosen.length, 'file', 'files')} chosen.`)
}

async function choose(kind) {
  const input = at(kind)
  try {
    const picked = await choosing.pick(kind)
    if (picked) add(picked)
    else input.click()
  } catch (error) {
    refuse(error)
  }
}

function refuse(error) {
  notify(error instanceof choosing.TooMany
    ? `These are more than ${choosing.limit.toLocaleString('en')} files. Choose a part of them at a time.`
    : `They cannot be read: ${error.message}. Choose them again.`)
}

function taken(input) {
  try {
    add(choosing.fromInput(input))
  } catch (error) {
    refuse(error)
  }
  input.value = ''
}

let awaiting = null

/** Finds the file of an upload again: by its handle when the browser lets us, else people choose it. */
async function again(transfer) {
  if (transfer.handle) {
    const file = await choosing.fromHandle(transfer.handle, true)
    if (file instanceof File) return attach(transfer, file)
  }
  awaiting = transfer
  const picked = await choosing.pick('again').catch(() => null)
  if (!picked) return at('again').click()
  if (picked[0]) attach(transfer, picked[0].file, picked[0].handle)
}

function attach(transfer, file, handle) {
  notify('')
  if (transfers.attach(transfer, file, handle)) return
  notify(`${file.name} is another file: its length differs. Choose the one this upload began with, or cancel it.`)
}

const actions = {
  pause: (transfer) => transfers.pause(transfer),
  resume: (transfer) => transfers.resume(transfer),
  wake: (transfer) => transfers.wake(transfer),
  again,
  cancel(transfer) {
    if (!transfer.acknowledged) return actions.discard(transfer)
    asking.add(transfer.key)
    note(transfer)
  },
  keep(transfer) {
    asking.delete(transfer.key)
    note(transfer)
  },
  discard(transfer) {
    asking.delete(transfer.key)
    transfers.cancel(transfer)
    say(`${transfer.path}: cancelled.`)
    at('uploads-heading').focus()
  },
}

const fileActions = {
  verify: (id) => chores.verify(id),
  save: (id) => chores.save(fileOf(id)),
  stop: (id) => chores.stop(id),
  async link(id, button) {
    const label = button.textContent
    const isCopied = await copy(`${url}/files/${id}`)
    button.textContent = isCopied ? 'Copied' : 'Not allowed'
    if (isCopied) say('Link copied.')
    if (isCopied && access.caller) chores.note(id, 'The link needs a token: programs that send one open it, such as cairn get; no address bar does.')
    setTimeout(() => { button.textContent = label }, 2000)
  },
}

/** A finished file, wherever its row stands. */
function fileOf(id) {
  const listed = listing.file(id)
  if (listed) return listed
  const { path, size } = [...transfers.all.values()].find(({ receipt }) => receipt?.id === id)
  return { id, name: path, length: size }
}

/** A click on a row's button. */
function act(event) {
  const button = event.target.closest('button[data-action]')
  const row = button?.closest('li')
  if (!row) return
  const transfer = transfers.all.get(row.dataset.key)
  const action = button.dataset.action
  const id = row.dataset.id ?? transfer?.receipt?.id
  if (fileActions[action]) fileActions[action](id, button)
  else if (transfer) actions[action](transfer)
}

function showNetwork() {
  at('network').hidden = navigator.onLine
  at('network').textContent = navigator.onLine ? '' : 'No network'
}

// Dragging: a window-wide target. Leaving one element enters another first, hence the count.
let depth = 0

function drag(step) {
  depth = step === 0 ? 0 : Math.max(0, depth + step)
  document.documentElement.classList.toggle('over', depth > 0)
}

const hasFiles = (event) => event.dataTransfer?.types.includes('Files')

document.addEventListener('dragenter', (event) => hasFiles(event) && drag(1))
document.addEventListener('dragleave', (event) => hasFiles(event) && drag(-1))
document.addEventListener('dragover', (event) => hasFiles(event) && event.preventDefault())
document.addEventListener('drop', (event) => {
  if (!hasFiles(event)) return
  event.preventDefault()
  drag(0)
  choosing.fromDrop(event.dataTransfer).then(add, refuse)
})

at('choose-files').addEventListener('click', () => choose('files'))
at('choose-folder').addEventListener('click', () => choose('folder'))
for (const id of ['files', 'folder']) at(id).addEventListener('change', () => taken(at(id)))
at('again').addEventListener('change', () => {
  const [file] = at('again').files
  if (file && awaiting) attach(awaiting, file)
  at('again').value = ''
})
at('transfers').addEventListener('click', act)
at('stored').addEventListener('click', act)
at('pause-all').addEventListener('click', () => transfers.all.forEach((transfer) => transfers.pause(transfer)))
at('resume-all').addEventListener('click', () => transfers.all.forEach((transfer) => transfers.resume(transfer)))
at('clear').addEventListener('click', () => transfers.clear())
at('refresh').addEventListener('click', () => refresh().then(() => say('The list is up to date.')))
at('more-transfers').addEventListener('click', () => {
  shown += 100
  ordered = 0
  schedule()
})
for (const event of ['online', 'offline']) addEventListener(event, showNetwork)

showNetwork()
entry.open()
