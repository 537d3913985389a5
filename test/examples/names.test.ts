import assert from 'node:assert/strict'
import { test } from 'node:test'
import { definedPlugin } from '../support/defined-plugin.ts'
import {
  chain,
  type FakeControl,
  fakeBlock,
  fakeControl,
  query,
  replyTo,
  show,
} from '../support/plugin-harness.ts'
import { names as definition } from './names.ts'

const names = definedPlugin('names', definition)

const next = (asked: ReturnType<typeof query>) => replyTo(asked, { rcode: 'REFUSED' })

test('names answers the names that it has', async () => {
  const { handle } = await chain(names, 'names 192.0.2.1 a.test B.test', { next })
  assert.deepEqual(show(await handle(query('B.test.'))).answer, ['B.test. 5 IN A 192.0.2.1'])
  assert.equal(show(await handle(query('c.test.'))).rcode, 'REFUSED')
})

const marks = ({ board }: FakeControl): number => board.words.filter(word => word !== 0).length

const reloads = [
  { rule: 'what stays is not marked', text: 'names 192.0.2.1 b.test a.test', marks: 0 },
  { rule: 'what is new is marked', text: 'names 192.0.2.1 a.test c.test', marks: 1 },
  { rule: 'what has changed is marked', text: 'names 192.0.2.2 a.test b.test', marks: 2 },
]
for (const { rule, text, marks: expected } of reloads)
  test(`names over a reload: ${rule}`, async () => {
    const { control } = await chain(names, 'names 192.0.2.1 a.test b.test', { next })
    assert.equal(marks(control), 2)
    const changing = names.facts?.changing?.({
      address: '',
      names: ['a.test.', 'b.test.', 'c.test.'],
    })
    const block = fakeBlock({ changing: changing ?? [] })
    const again = fakeControl({ kept: control.kept, block })
    await chain(names, text, { next, control: again })
    assert.equal(marks(again), expected)
  })
