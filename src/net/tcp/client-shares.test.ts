import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ByteBudget, budgetWords, STREAM } from '../../memory/byte-budget.ts'
import { peerOf } from '../engine.ts'
import { ClientShares } from './client-shares.ts'

const MIB = 1024 * 1024

const make = (shards = 1) => {
  const budget = new ByteBudget(new Int32Array(budgetWords(shards)), 0, shards, 0, 16 * MIB)
  const shares = new ClientShares(budget)
  const hold = (client: ReturnType<ClientShares['join']>, bytes: number) => {
    if (bytes > 0) budget.take(STREAM, bytes)
    else budget.give(STREAM, -bytes)
    shares.hold(client, bytes)
  }
  return { budget, shares, hold }
}

test('one address is one client; of IPv6 the /64 is', () => {
  const { shares } = make()
  const join = (address: string) => shares.join(peerOf(address, 1000))
  assert.equal(join('192.0.2.1'), join('192.0.2.1'))
  assert.notEqual(join('192.0.2.1'), join('192.0.2.2'))
  assert.equal(join('2001:db8:0:1::1'), join('2001:db8:0:1:2::3'))
  assert.notEqual(join('2001:db8:0:1::1'), join('2001:db8:0:2::1'))
  assert.deepEqual(
    ['127.0.0.1', '127.9.9.9', '::1', '192.0.2.1', '::ffff:127.0.0.1'].map(a => join(a).isLocal),
    [true, true, true, false, true],
  )
})

test('an address that a proxy elsewhere names is none of this machine', () => {
  const { shares } = make()
  const own = shares.join(peerOf('127.0.0.1', 1))
  const foreign = shares.join({ ...peerOf('127.0.0.1', 1), isForeign: true })
  const named = shares.join({ ...peerOf('127.0.0.1', 1), isForeign: false })
  assert.deepEqual([own.isLocal, foreign.isLocal, named.isLocal], [true, false, true])
  assert.equal(own, named)
  const other = shares.join({ ...peerOf('192.0.2.1', 1), isForeign: true })
  assert.equal(other, shares.join(peerOf('192.0.2.1', 1)))
})

test('while there is plenty, one client may have it', () => {
  const { shares, hold } = make()
  const client = shares.join(peerOf('192.0.2.1', 1))
  hold(client, 7 * MIB)
  assert.equal(shares.mayHoldMore(client, 7 * MIB, 0), true)
})

test('when it is tight, a client has a fair part, with room for one that is yet to come', () => {
  const { shares, hold } = make()
  const [greedy, modest, fresh] = ['192.0.2.1', '192.0.2.2', '192.0.2.3'].map(a =>
    shares.join(peerOf(a, 1)),
  )
  hold(greedy!, 9 * MIB)
  assert.equal(shares.mayHoldMore(greedy!, 9 * MIB, 0), false, 'a half of 10 MiB')
  assert.equal(shares.mayHoldMore(fresh!, 0, 0), true)
  hold(modest!, MIB)
  assert.equal(shares.mayHoldMore(modest!, MIB, 0), true, 'a third of 10 MiB')
  hold(greedy!, -4 * MIB)
  assert.equal(shares.mayHoldMore(greedy!, 5 * MIB, 0), true, 'no longer tight')
})

test('a connection that holds little goes on, whatever its address holds', () => {
  const { shares, hold } = make()
  const client = shares.join(peerOf('192.0.2.1', 1))
  hold(client, 9 * MIB)
  assert.equal(shares.mayHoldMore(client, 1000, 100), true)
  assert.equal(shares.mayHoldMore(client, 18_000, 100), false)
  hold(client, MIB)
  assert.equal(shares.mayHoldMore(client, 1000, 100), false, 'the rest is for newcomers')
})

test('clients of this machine have the last part to themselves', () => {
  const { shares, hold } = make()
  const [far, near] = ['192.0.2.1', '127.0.0.1'].map(a => shares.join(peerOf(a, 1)))
  hold(far!, 15 * MIB)
  assert.equal(shares.mayHoldMore(far!, 0, 0), false)
  assert.equal(shares.mayHoldMore(near!, 0, 0), true)
})

test('what a client holds is remembered over its connections, as long as it holds something', () => {
  const { shares, hold } = make()
  const peer = peerOf('192.0.2.1', 1)
  const first = shares.join(peer)
  hold(first, MIB)
  shares.leave(first)
  assert.equal(shares.join(peer), first)
  shares.leave(first)
  hold(first, -MIB)
  assert.notEqual(shares.join(peer), first)
})
