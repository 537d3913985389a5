import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import {
  chain,
  options,
  parseError,
  query,
  replyTo,
  show,
} from '../../../test/support/plugin-harness.ts'
import { root } from './index.ts'

const wrongCount = (token: string): string =>
  `Corefile:2 - Error during parsing: Wrong argument count or unexpected line ending after '${token}'`

const errors = [
  { name: 'no path', text: 'root', message: wrongCount('root') },
  { name: 'a word behind the path', text: 'root /tmp x', message: wrongCount('x') },
]
for (const c of errors)
  test(`parse refuses: ${c.name}`, () => assert.equal(parseError(root, c.text), c.message))

test('parse: the last occurrence counts', () =>
  assert.equal(options(root, 'root /a\nroot /b').path, '/b'))

test('control: sets the root of the block, and takes no part in the chain', async t => {
  const folder = await mkdtemp(join(tmpdir(), 'root-'))
  t.after(() => rm(folder, { recursive: true }))
  const { control, handle } = await chain(root, `root ${folder}`, {
    next: request => replyTo(request, { rcode: 'NXDOMAIN' }),
  })
  assert.equal(control.settings.root, folder)
  assert.deepEqual(control.logged, [])
  assert.equal(show(await handle(query('example.org.'))).rcode, 'NXDOMAIN')
})

test('control: a missing folder is a warning', async () => {
  const { control } = await chain(root, 'root /nonexistent/folder')
  assert.equal(control.settings.root, '/nonexistent/folder')
  assert.deepEqual(control.logged, ['[WARNING] Root path does not exist: /nonexistent/folder'])
})

test('control: any other failure ends the load', async t => {
  const folder = await mkdtemp(join(tmpdir(), 'root-'))
  t.after(() => rm(folder, { recursive: true }))
  const file = join(folder, 'file')
  await writeFile(file, '')
  const path = join(file, 'below')
  const message = `Corefile:2 - Error during parsing: unable to access root path '${path}': stat ${path}: not a directory`
  await assert.rejects(chain(root, `root ${path}`), { message })
})
