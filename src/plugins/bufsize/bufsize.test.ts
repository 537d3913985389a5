import assert from 'node:assert/strict'
import { test } from 'node:test'
import { chain, options, parseError, query, replyTo } from '../../../test/support/plugin-harness.ts'
import type { Query } from '../../chain/query/query.ts'
import { bufsize } from './index.ts'

const sizes = [
  { name: 'default', text: 'bufsize', sizeBytes: 1232 },
  { name: 'lowest', text: 'bufsize 512', sizeBytes: 512 },
  { name: 'highest', text: 'bufsize 4096', sizeBytes: 4096 },
  { name: 'the first occurrence counts', text: 'bufsize 600\nbufsize 700', sizeBytes: 600 },
  { name: 'later occurrences are not even read', text: 'bufsize\nbufsize x y', sizeBytes: 1232 },
]
for (const c of sizes)
  test(`parse: ${c.name}`, () => assert.equal(options(bufsize, c.text).sizeBytes, c.sizeBytes))

for (const [args, token] of [
  ['100', '100'],
  ['511', '511'],
  ['4097', '4097'],
  ['-1', '-1'],
  ['12a', '12a'],
  ['1232 600', '600'],
]) {
  test(`parse refuses: ${args}`, () => {
    const expected = `plugin/bufsize: Corefile:2 - Error during parsing: Wrong argument count or unexpected line ending after '${token}'`
    assert.equal(parseError(bufsize, `bufsize ${args}`), expected)
  })
}

const seenSize = async (request: Query): Promise<number | undefined> => {
  let size: number | undefined
  const next = (seen: Query) => {
    size = seen.edns?.udpSize
    return replyTo(seen)
  }
  const { handle } = await chain(bufsize, 'bufsize 1000', { next })
  await handle(request)
  return size
}
test('a larger size is lowered', async () =>
  assert.equal(await seenSize(query('example.org.', 'A', { udpSize: 4096 })), 1000))
test('a smaller size stays', async () =>
  assert.equal(await seenSize(query('example.org.', 'A', { udpSize: 512 })), 512))
test('no OPT record is added', async () =>
  assert.equal(await seenSize(query('example.org.', 'A')), undefined))
test('the limit of the reply follows', async () => {
  const request = query('example.org.', 'A', { udpSize: 4096 })
  await seenSize(request)
  assert.equal(request.replyLimit, 1000)
})
