// From what people choose or drop to a list of files, each with its path and, where the browser gives one, a handle
// that finds the file again after a reload.

/** The most files taken at once. */
export const limit = 50_000

export class TooMany extends Error {}

class Found {
  list = []

  add(file, path, handle) {
    if (this.list.length >= limit) throw new TooMany()
    this.list.push({ file, path, handle })
  }
}

/** What an `<input type=file>` holds. */
export function fromInput(input) {
  const found = new Found()
  for (const file of input.files) found.add(file, file.webkitRelativePath || file.name)
  return found.list
}

/** Asks with the browser's picker that gives handles; null where there is none, an empty list when it was closed. */
export async function pick(kind) {
  const open = kind === 'folder' ? globalThis.showDirectoryPicker : globalThis.showOpenFilePicker
  if (!open) return null
  let handles
  try {
    handles = kind === 'folder' ? [await open()] : await open({ multiple: kind === 'files' })
  } catch (error) {
    if (error.name === 'AbortError') return []
    return null
  }
  const found = new Found()
  for (const handle of handles) await walkHandle(handle, '', found)
  return found.list
}

/** What was dropped. The items are read before the first wait: they are empty after it. */
export async function fromDrop(transfer) {
  const found = new Found()
  const items = [...transfer.items].filter((item) => item.kind === 'file')
  const pending = items.map((item) => ({
    file: item.getAsFile(),
    entry: item.webkitGetAsEntry?.(),
    handle: item.getAsFileSystemHandle?.().catch(() => null),
  }))
  for (const { file, entry, handle } of pending) {
    const usable = await handle
    if (usable) await walkHandle(usable, '', found)
    else if (entry) await walkEntry(entry, '', found)
    else if (file) found.add(file, file.name)
  }
  return found.list
}

async function walkHandle(handle, folder, found) {
  const path = folder + handle.name
  if (handle.kind === 'file') {
    found.add(await handle.getFile(), path, handle)
    return
  }
  for await (const child of handle.values()) await walkHandle(child, `${path}/`, found)
}

async function walkEntry(entry, folder, found) {
  const path = folder + entry.name
  if (entry.isFile) {
    found.add(await new Promise((resolve, reject) => entry.file(resolve, reject)), path)
    return
  }
  const reader = entry.createReader()
  for (;;) {
    // A reader gives at most a hundred at a time, and nothing at its end.
    const children = await new Promise((resolve, reject) => reader.readEntries(resolve, reject))
    if (!children.length) return
    for (const child of children) await walkEntry(child, `${path}/`, found)
  }
}

/** The file behind a handle that was kept: a File, 'ask' when the browser wants a click first, or null. */
export async function fromHandle(handle, mayAsk) {
  try {
    let right = await handle.queryPermission({ mode: 'read' })
    if (right === 'prompt' && mayAsk) right = await handle.requestPermission({ mode: 'read' })
    if (right === 'granted') return await handle.getFile()
    return right === 'prompt' ? 'ask' : null
  } catch {
    return null
  }
}
