import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type TlsServing, withRenewed } from '../../chain/listening.ts'
import type { ToShard } from '../../shard/messages.ts'
import { Renewals } from './renewals.ts'

const serving = (identity: string, version: number): TlsServing => ({
  identity,
  version,
  material: undefined,
  names: [],
  clientAuth: 'nocert',
  keylog: '',
  ticketKeys: new Uint8Array(48),
})

const shard = () => {
  const sent: ToShard[] = []
  const { promise: exited, resolve: exit } = Promise.withResolvers<Error | undefined>()
  return { sent, exit, exited, send: (message: ToShard) => void sent.push(message) }
}

/** Whether it has settled, once what waited has run. */
const isDone = async (promise: Promise<void>): Promise<boolean> => {
  let done = false
  void promise.then(() => {
    done = true
  })
  await new Promise(resolve => setImmediate(resolve))
  return done
}

test('a renewal waits for the shard to say that it has that version, or a newer one', async () => {
  const renewals = new Renewals()
  const [one, other] = [shard(), shard()]
  const tls = serving('a', 2)
  const sending = renewals.send(one, tls)
  assert.deepEqual(one.sent, [{ kind: 'secure', tls }])
  renewals.secured(other, tls)
  renewals.secured(one, serving('b', 2))
  renewals.secured(one, serving('a', 1))
  assert.equal(await isDone(sending), false)
  renewals.secured(one, serving('a', 3))
  assert.equal(await isDone(sending), true)
})

test('a renewal does not wait for a shard that is gone', async () => {
  const one = shard()
  const sending = new Renewals().send(one, serving('a', 2))
  one.exit(undefined)
  assert.equal(await isDone(sending), true)
})

const [a1, a2, b1] = [serving('a', 1), serving('a', 2), serving('b', 1)]
const lists: { name: string; one: TlsServing; before: TlsServing[]; after: TlsServing[] }[] = [
  { name: 'takes the place of the one before', one: a2, before: [b1, a1], after: [b1, a2] },
  { name: 'does not take that of a newer one', one: a1, before: [a2, b1], after: [a2, b1] },
  { name: 'is not added', one: a1, before: [b1], after: [b1] },
]
for (const { name, one, before, after } of lists)
  test(`a renewed certificate ${name}`, () => assert.deepEqual(withRenewed(before, one), after))

test('a list that has not changed is the same', () => {
  const list = [a2, b1]
  assert.equal(withRenewed(list, a1), list)
})
