// Saves a file of the server on this device where a plain link cannot: what a token opens has to be asked for by the
// page. Every byte is verified before it is handed over.

import { read } from './cairn.js'

/** Longer ones are written as they come, where the browser lets a page write; else the browser holds them until the end. */
const heldLength = 64 * 1024 * 1024

/**
 * @param {{ id: string, name: string | null, length: number }} file
 * @param {import('./cairn.d.ts').ReadOptions} options
 */
export async function save(file, options) {
  const name = file.name?.split('/').pop() || file.id
  if (file.length > heldLength && globalThis.showSaveFilePicker) return write(file, name, options)
  const parts = []
  for await (const piece of read(file.id, options)) parts.push(new Blob([piece]))
  const address = URL.createObjectURL(new Blob(parts, { type: 'application/octet-stream' }))
  const link = Object.assign(document.createElement('a'), { href: address, download: name })
  link.click()
  // The browser takes the bytes when it begins to save them; it may ask where first.
  setTimeout(() => URL.revokeObjectURL(address), 10 * 60 * 1000)
}

async function write(file, name, options) {
  const handle = await globalThis.showSaveFilePicker({ suggestedName: name })
  const target = await handle.createWritable()
  try {
    for await (const piece of read(file.id, options)) await target.write(piece)
    await target.close()
  } catch (error) {
    await target.abort().catch(() => {})
    throw error
  }
}
