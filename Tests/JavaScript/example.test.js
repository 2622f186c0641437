// The example of spec/javascript.md, as it stands there.
import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import test from 'node:test'
import url from 'node:url'
import { Server, TestFile, freshBytes, repository } from './support.js'

test('the example of the page about the module does what it says', async (t) => {
  const text = fs.readFileSync(path.join(repository, 'spec/javascript.md'), 'utf8')
  const [, code] = /```js\n([\s\S]*?)```/.exec(text)
  const server = await Server.start(t)
  const module = url.pathToFileURL(path.join(repository, 'Sources/Server/Page/cairn.js')).href
  const file = path.join(server.folder, 'example.mjs')
  fs.writeFileSync(file, code.replace("'./cairn.js'", `'${module}'`).replace('BASE', `'${server.url}'`))
  const lines = []
  const { log } = console
  console.log = (...words) => lines.push(words.join(' '))
  t.after(() => { console.log = log })
  const { send } = await import(url.pathToFileURL(file).href)
  const bytes = freshBytes(5000000)
  const receipt = await send(new TestFile(bytes))
  console.log = log
  assert.ok((await server.bytes(receipt.id)).equals(Buffer.from(bytes)))
  assert.ok(lines.includes(`${receipt.url} is ${receipt.contentId}`))
  assert.ok(lines.some((line) => line.startsWith('done 5000000 of 5000000, 0 were known')), lines.join('\n'))
})
