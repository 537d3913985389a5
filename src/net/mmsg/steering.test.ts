// Which socket of a group the kernel gives a datagram to, under each steering: real sockets, and
// what each of them has received.

import assert from 'node:assert/strict'
import { describe, type TestContext, test } from 'node:test'
import {
  connected,
  idOf,
  numbers,
  openGroup,
  PORTION,
  realLibc,
  receiveAll,
  sendAll,
  withoutLibc,
} from '../../../test/fakes/loopback.ts'
import { type QueryOptions, query } from '../../../test/support/messages.ts'
import { STEERINGS, type Steering, steer, steeringBehind } from './steering.ts'

const SOCKETS = 4

interface Group {
  /** Sends from one client socket; the socket that got it, by message. Ids are set here. */
  ask(messages: readonly Uint8Array[]): Promise<number[]>
}

const steered = async (t: TestContext, steering: Steering, sockets = SOCKETS): Promise<Group> => {
  const { group, port } = await openGroup(t, '127.0.0.1', sockets)
  assert.equal(steer(realLibc(), group.fds, steering), undefined)
  const client = await connected(t, '127.0.0.1', port)
  const ask = async (messages: readonly Uint8Array[]): Promise<number[]> => {
    const takers: number[] = []
    for (let start = 0; start < messages.length; start += PORTION) {
      const portion = messages.slice(start, start + PORTION)
      for (const [k, message] of portion.entries())
        new DataView(message.buffer, message.byteOffset).setUint16(0, k)
      await sendAll(client, portion)
      const received = receiveAll(group.fds, portion.length)
      for (const [taker, list] of received.entries())
        for (const message of list) takers[start + idOf(message)] = taker
    }
    return takers
  }
  return { ask }
}

/** How often each socket stands in the list. */
const shares = (takers: readonly number[]): number[] =>
  Array.from({ length: SOCKETS }, (_, socket) => takers.filter(taker => taker === socket).length)

const numbered = (count: number, nameOf: (n: number) => string): string[] =>
  Array.from({ length: count }, (_, n) => nameOf(n))
const letters = (n: number): string =>
  `${String.fromCharCode(97 + (Math.floor(n / 26) % 26))}${String.fromCharCode(97 + (n % 26))}`

/** Sets of names, and the most that one socket may get of each. */
const SETS: Readonly<Record<string, readonly string[]>> = {
  'one label': numbered(40, n => `host${letters(n * 7)}.`),
  'labels of 1 byte': numbered(26, n => `${String.fromCharCode(97 + n)}.example.org.`),
  'labels of 2 bytes': numbered(30, n => `${letters(n * 5)}.example.org.`),
  'labels of 3 bytes': numbered(30, n => `x${letters(n * 11)}.example.org.`),
  'labels of 4 bytes': numbered(30, n => `ab${letters(n * 13)}.example.org.`),
  'labels of 5 bytes': numbered(30, n => `abc${letters(n * 17)}.example.org.`),
  'long labels': numbered(
    30,
    n => `${letters(n * 3)}${'long'.repeat(12)}${letters(n)}.example.org.`,
  ),
  'numbers at the end': numbered(
    60,
    n => `a-service-with-a-long-name-${n + 100}.default.svc.cluster.local.`,
  ),
  'second labels that differ in their first four bytes': numbered(
    40,
    n => `api.${letters(n * 9)}-team.example.org.`,
  ),
  root: ['.'],
}

const VARIANTS: readonly [type: string, QueryOptions][] = [
  ['A', {}],
  ['AAAA', { rd: false }],
  ['HTTPS', { udpSize: 1232 }],
  ['ANY', { do: true, cd: true }],
  ['TXT', { options: [{ code: 10, data: '0102030405060708' }] }],
]

const inRandomCase = (name: string, next: (below: number) => number): string =>
  [...name].map(letter => (next(2) === 0 ? letter.toUpperCase() : letter)).join('')

describe('name', { skip: withoutLibc }, () => {
  test('every query of a name goes to the same socket, in any letter case, of any type, with any EDNS and id', async t => {
    const next = numbers(1)
    const names = Object.values(SETS).flat()
    assert.ok(names.length >= 200)
    const { ask } = await steered(t, 'name')
    const asked = names.flatMap(name =>
      VARIANTS.map(([type, options]) => query(inRandomCase(name, next), type, options).bytes),
    )
    const takers = await ask(asked)
    for (const [k, name] of names.entries()) {
      const own = takers.slice(k * VARIANTS.length, (k + 1) * VARIANTS.length)
      assert.deepEqual(new Set(own).size, 1, `${name} went to sockets ${own}`)
    }
    // In another order and case again, so that nothing of the first round's order is left.
    const again = await ask(
      names.toReversed().map(name => query(inRandomCase(name, next), 'NS').bytes),
    )
    assert.deepEqual(
      again.toReversed(),
      names.map((_, k) => takers[k * VARIANTS.length]),
    )
  })

  test('names spread over all sockets, whatever tells them apart', async t => {
    const { ask } = await steered(t, 'name')
    const all = shares(
      await ask(Object.values(SETS).flatMap(names => names.map(name => query(name).bytes))),
    )
    const total = all.reduce((sum, share) => sum + share)
    assert.ok(
      Math.max(...all) < total * 0.45 && Math.min(...all) > total * 0.05,
      `all names: ${all}`,
    )
    for (const [set, names] of Object.entries(SETS)) {
      if (names.length === 1) continue
      const spread = shares(await ask(names.map(name => query(name).bytes)))
      assert.ok(
        Math.max(...spread) < names.length * 0.6 && Math.min(...spread) > 0,
        `${set}: ${spread}`,
      )
    }
  })

  test('ten thousand numbered names: no socket gets more than 30 %', async t => {
    const { ask } = await steered(t, 'name')
    const spread = shares(
      await ask(numbered(10_000, n => `n${n}.example.org.`).map(name => query(name).bytes)),
    )
    assert.ok(Math.max(...spread) < 3000, `${spread}`)
  })
})

describe('other steerings', { skip: withoutLibc }, () => {
  test('random: the packets of one client socket, and of one name, are spread evenly', async t => {
    const { ask } = await steered(t, 'random')
    const spread = shares(
      await ask(Array.from({ length: 4000 }, () => query('one.example.org.').bytes)),
    )
    for (const share of spread) assert.ok(share > 850 && share < 1150, `${spread}`)
  })

  test('kernel: the packets of one client socket go to one socket', async t => {
    const { ask } = await steered(t, 'kernel')
    const takers = await ask(
      numbered(400, n => `n${n}.example.org.`).map(name => query(name).bytes),
    )
    assert.equal(new Set(takers).size, 1)
  })

  for (const steering of ['random', 'name'] as const)
    test(`${steering}: a group of one socket gets no program`, async t => {
      const { group } = await openGroup(t, '127.0.0.1', 1)
      const setsockopt = (): number => assert.fail('setsockopt called')
      assert.equal(steer({ ...realLibc(), setsockopt }, group.fds, steering), undefined)
    })

  for (const before of ['random', 'name'] as const)
    test(`kernel in the place of ${before}: one socket of one client`, async t => {
      const { group, port } = await openGroup(t, '127.0.0.1', SOCKETS)
      const client = await connected(t, '127.0.0.1', port)
      const takers = async (...steerings: Steering[]): Promise<number> => {
        for (const steering of steerings)
          assert.equal(steer(realLibc(), group.fds, steering), undefined)
        const messages = numbered(PORTION, n => `h${n}.example.org.`).map(name => query(name).bytes)
        await sendAll(client, messages)
        return receiveAll(group.fds, PORTION).filter(list => list.length > 0).length
      }
      assert.deepEqual(
        [await takers(before), await takers('kernel'), await takers('kernel', before)],
        [SOCKETS, 1, SOCKETS],
      )
    })

  for (const steering of ['random', 'name', 'kernel'] as const)
    test(`${steering}: packets that end anywhere arrive all the same`, async t => {
      const { group, port } = await openGroup(t, '127.0.0.1', SOCKETS)
      steer(realLibc(), group.fds, steering)
      const client = await connected(t, '127.0.0.1', port)
      const whole = query('www.example.org.', 'A', { do: true }).bytes
      const lying = Uint8Array.from(whole)
      lying[12] = 0xff
      const messages = [
        ...Array.from({ length: whole.length }, (_, length) => whole.subarray(0, length)),
        lying,
      ]
      await sendAll(client, messages)
      const received = receiveAll(group.fds, messages.length).flat()
      assert.deepEqual(
        received.map(bytes => bytes.toHex()).sort(),
        messages.map(bytes => bytes.toHex()).sort(),
      )
    })

  test('what the kernel says to a program it does not take comes back as a number', async t => {
    const { group } = await openGroup(t, '127.0.0.1', SOCKETS)
    assert.equal(
      steer({ ...realLibc(), setsockopt: () => -1, errno: () => 92 }, group.fds, 'name'),
      92,
    )
  })
})

test('where PROXY headers are expected', () => {
  const proxy = { allow: [], isOpen: true, policy: 'use' } as const
  const tracked = { ...proxy, sessions: { ttlMs: 1000, most: 1 } }
  const table = STEERINGS.map(steering => [
    steeringBehind(undefined, steering),
    steeringBehind(proxy, steering),
    steeringBehind(tracked, steering),
  ])
  assert.deepEqual(table, [
    ['random', 'random', 'kernel'],
    ['name', 'random', 'kernel'],
    ['kernel', 'kernel', 'kernel'],
  ])
})
