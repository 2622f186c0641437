// Unfinished uploads in IndexedDB, so that they survive a reload or a crash. Without it they live as long as the page.

const store = 'uploads'
/** Names this tab while it is open: a lock of that name tells the others. */
const tab = `cairn-tab-${Date.now().toString(36)}-${Math.random().toString(36).slice(2)}`

/** What this tab was called before it was reloaded: its lock may still be held when the next page looks. */
const before = takeName()
addEventListener('pagehide', () => {
  try {
    sessionStorage.setItem('cairn-tab', tab)
  } catch {
    // Not allowed: then the lock alone tells.
  }
})

/** Taken out at once, so that a copy of this tab does not hold itself for it. */
function takeName() {
  try {
    const name = sessionStorage.getItem('cairn-tab')
    sessionStorage.removeItem('cairn-tab')
    return name
  } catch {
    return null
  }
}

let opening

function database() {
  opening ??= new Promise((resolve) => {
    const request = indexedDB.open('cairn', 1)
    request.onupgradeneeded = () => request.result.createObjectStore(store, { keyPath: 'key' })
    request.onsuccess = () => resolve(request.result)
    request.onerror = request.onblocked = () => resolve(null)
  }).catch(() => null)
  return opening
}

/** Runs `work` in one transaction; resolves with its request's result once that is durable. */
async function transact(mode, work) {
  const found = await database()
  if (!found) return undefined
  return new Promise((resolve, reject) => {
    const transaction = found.transaction(store, mode, { durability: 'relaxed' })
    const request = work(transaction.objectStore(store))
    // At once: the page may be about to go.
    transaction.commit()
    transaction.oncomplete = () => resolve(request?.result)
    transaction.onerror = transaction.onabort = () => reject(transaction.error)
  })
}

/** @param {string} owner whose they are: nobody else on this device goes on with them. */
export function save(records, owner) {
  return transact('readwrite', (uploads) => {
    for (const record of records) uploads.put({ ...record, owner, tab })
  }).catch((error) => console.warn('uploads cannot be remembered', error))
}

export function remove(keys) {
  return transact('readwrite', (uploads) => {
    for (const key of keys) uploads.delete(key)
  }).catch((error) => console.warn('an upload cannot be forgotten', error))
}

/** The owner's unfinished uploads that no other open tab has, now this one's. */
export async function adopt(owner) {
  const all = async () => {
    const records = (await transact('readonly', (uploads) => uploads.getAll())) ?? []
    return records.filter((record) => (record.owner ?? '') === owner)
  }
  if (!navigator.locks) return all()
  await new Promise((resolve) => {
    navigator.locks.request(tab, () => new Promise(() => resolve()))
  })
  return navigator.locks.request('cairn-adopting', async () => {
    const [records, locks] = await Promise.all([all(), navigator.locks.query()])
    const open = new Set(locks.held.map((lock) => lock.name))
    const orphans = records.filter((record) => record.tab === before || !open.has(record.tab))
    if (orphans.length) await save(orphans, owner)
    return orphans
  })
}
