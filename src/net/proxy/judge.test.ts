// Who may send PROXY headers, and what comes of them.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { joined, v1Header, v2Header } from '../../../test/support/proxy-headers.ts'
import { type IpAddress, parseCidr, parseIp } from '../../base/ip.ts'
import type { ProxyPolicy, ProxyServing } from '../../chain/listening.ts'
import { DROPPED, ProxyJudge, UNFINISHED } from './judge.ts'
import { isOfThisMachine } from './proxied-peer.ts'

const MESSAGE = Uint8Array.from({ length: 20 }, (_, k) => k)
const PROXY = '10.0.0.1'
const STRANGER = '10.0.0.9'
const PORT = 4000

const ip = (text: string): IpAddress => parseIp(text) ?? assert.fail(text)

const serving = (parts: Partial<ProxyServing> = {}, ...cidrs: string[]): ProxyServing => ({
  allow: cidrs.map(text => parseCidr(text) ?? assert.fail(text)),
  isOpen: cidrs.length === 0,
  policy: cidrs.length === 0 ? 'use' : 'ignore',
  ...parts,
})

class World {
  readonly judge: ProxyJudge
  nowMs = 0
  readonly counted: string[] = []
  readonly warned: string[] = []

  constructor(given: ProxyServing, before?: World) {
    const clock = { ms: () => this.nowMs }
    this.judge = new ProxyJudge(
      given,
      {
        clock,
        count: result => void this.counted.push(result),
        warn: text => void this.warned.push(text),
      },
      before?.judge,
    )
  }

  /** Bytes in front of the message, and whose it is. */
  datagram(bytes: Uint8Array, sender = PROXY, port = PORT): string {
    const whole = joined(new Uint8Array(5), bytes, new Uint8Array(5))
    return this.#shown(
      this.judge.openDatagram(whole, 5, bytes.length, ip(sender), port, this.nowMs),
    )
  }

  stream(bytes: Uint8Array, sender = PROXY): string {
    return this.#shown(this.judge.openStream(bytes, ip(sender), PORT))
  }

  #shown(length: number): string {
    if (length === DROPPED) return 'dropped'
    if (length === UNFINISHED) return 'unfinished'
    const peer = this.judge.clientPeer
    return `${length} ${peer === undefined ? 'sender' : `${peer.address} ${peer.port}`}`
  }
}

const POLICIES: readonly ProxyPolicy[] = ['use', 'ignore', 'reject', 'skip']
const NAMED = '192.0.2.1 40000'

const datagrams: readonly {
  readonly name: string
  readonly bytes: Uint8Array
  /** By policy. */
  readonly comes: readonly string[]
  readonly counted: readonly (string | undefined)[]
}[] = [
  {
    name: 'a header',
    bytes: joined(v2Header(), MESSAGE),
    comes: [`28 ${NAMED}`, '28 sender', 'dropped', '0 sender'],
    counted: ['used', 'ignored', 'refused', undefined],
  },
  {
    name: 'no header',
    bytes: MESSAGE,
    comes: ['0 sender', '0 sender', '0 sender', '0 sender'],
    counted: ['absent', 'absent', 'absent', undefined],
  },
  {
    name: 'LOCAL',
    bytes: joined(v2Header({ command: 0 }), MESSAGE),
    comes: ['28 sender', '28 sender', 'dropped', '0 sender'],
    counted: ['local', 'ignored', 'refused', undefined],
  },
  {
    name: 'an unspecified family',
    bytes: joined(v2Header({ family: 0, protocol: 0 }), MESSAGE),
    comes: ['28 sender', '28 sender', 'dropped', '0 sender'],
    counted: ['local', 'ignored', 'refused', undefined],
  },
  {
    name: 'a header of a connection',
    bytes: joined(v2Header({ protocol: 1 }), MESSAGE),
    comes: ['dropped', 'dropped', 'dropped', '0 sender'],
    counted: ['malformed', 'malformed', 'malformed', undefined],
  },
  {
    name: 'a header that is cut short',
    bytes: v2Header().subarray(0, 20),
    comes: ['dropped', 'dropped', 'dropped', '0 sender'],
    counted: ['malformed', 'malformed', 'malformed', undefined],
  },
  {
    name: 'less than a header',
    bytes: v2Header().subarray(0, 11),
    comes: ['0 sender', '0 sender', '0 sender', '0 sender'],
    counted: ['absent', 'absent', 'absent', undefined],
  },
  {
    name: 'a header alone',
    bytes: v2Header(),
    comes: [`28 ${NAMED}`, '28 sender', 'dropped', '0 sender'],
    counted: ['used', 'ignored', 'refused', undefined],
  },
  {
    name: 'version 1',
    bytes: joined(v1Header('PROXY TCP4 192.0.2.1 192.0.2.53 40000 53'), MESSAGE),
    comes: ['dropped', 'dropped', 'dropped', '0 sender'],
    counted: ['malformed', 'malformed', 'malformed', undefined],
  },
]
for (const c of datagrams)
  for (const [k, policy] of POLICIES.entries())
    test(`a datagram, ${policy}: ${c.name}`, () => {
      const world = new World(serving({ policy }))
      assert.equal(world.datagram(c.bytes), c.comes[k])
      assert.deepEqual(world.counted, c.counted[k] === undefined ? [] : [c.counted[k]])
    })

const LINE = v1Header('PROXY TCP4 192.0.2.1 192.0.2.53 40000 53')
const streams: readonly {
  readonly name: string
  readonly bytes: Uint8Array
  readonly comes: readonly string[]
  readonly counted: readonly (string | undefined)[]
}[] = [
  {
    name: 'version 2',
    bytes: joined(v2Header({ protocol: 1 }), MESSAGE),
    comes: [`28 ${NAMED}`, '28 sender', 'dropped', '0 sender'],
    counted: ['used', 'ignored', 'refused', undefined],
  },
  {
    name: 'version 1',
    bytes: joined(LINE, MESSAGE),
    comes: [`42 ${NAMED}`, '42 sender', 'dropped', '0 sender'],
    counted: ['used', 'ignored', 'refused', undefined],
  },
  {
    name: 'UNKNOWN',
    bytes: joined(v1Header('PROXY UNKNOWN'), MESSAGE),
    comes: ['15 sender', '15 sender', 'dropped', '0 sender'],
    counted: ['local', 'ignored', 'refused', undefined],
  },
  {
    name: 'no header',
    bytes: MESSAGE,
    comes: ['0 sender', '0 sender', '0 sender', '0 sender'],
    counted: ['absent', 'absent', 'absent', undefined],
  },
  {
    name: 'a header of a datagram',
    bytes: joined(v2Header(), MESSAGE),
    comes: ['dropped', 'dropped', 'dropped', '0 sender'],
    counted: ['malformed', 'malformed', 'malformed', undefined],
  },
  {
    name: 'a line that is none',
    bytes: v1Header('PROXY TCP4 bad'),
    comes: ['dropped', 'dropped', 'dropped', '0 sender'],
    counted: ['malformed', 'malformed', 'malformed', undefined],
  },
  ...[v2Header({ protocol: 1 }).subarray(0, 20), LINE.subarray(0, 20), LINE.subarray(0, 1)].map(
    bytes => ({
      name: `a header of which ${bytes.length} bytes have come, version ${bytes[0] === 0x50 ? 1 : 2}`,
      bytes,
      comes: ['unfinished', 'unfinished', 'unfinished', '0 sender'],
      counted: [undefined, undefined, undefined, undefined],
    }),
  ),
]
for (const c of streams)
  for (const [k, policy] of POLICIES.entries())
    test(`a connection, ${policy}: ${c.name}`, () => {
      const world = new World(serving({ policy }))
      assert.equal(world.stream(c.bytes), c.comes[k])
      assert.deepEqual(world.counted, c.counted[k] === undefined ? [] : [c.counted[k]])
    })

test('where a connection was made to', () => {
  const world = new World(serving())
  world.stream(LINE)
  const { address, port, family } = world.judge.destinationPeer ?? assert.fail()
  assert.deepEqual([address, port, family], ['192.0.2.53', 53, 4])
  world.stream(MESSAGE)
  assert.equal(world.judge.destinationPeer, undefined)
})

test('allow: who is on the list uses headers, whatever the default is for others', () => {
  const bytes = joined(v2Header(), MESSAGE)
  for (const [policy, comes] of [
    ['use', `28 ${NAMED}`],
    ['ignore', '28 sender'],
    ['reject', 'dropped'],
    ['skip', '0 sender'],
  ] as const) {
    const world = new World(serving({ policy }, '10.0.0.0/30', '2001:db8::/32'))
    assert.equal(world.datagram(bytes, PROXY), `28 ${NAMED}`)
    assert.equal(world.datagram(bytes, '2001:db8::1'), `28 ${NAMED}`)
    assert.equal(world.datagram(bytes, STRANGER), comes)
    assert.equal(world.datagram(bytes, '2001:db9::1'), comes)
  }
})

const TRACKED = { sessions: { ttlMs: 1000, most: 2 } }

test('sessions: what has no header is of whom the last header of its sender has named', () => {
  const world = new World(serving(TRACKED))
  assert.equal(world.datagram(MESSAGE), '0 sender')
  assert.equal(world.datagram(joined(v2Header(), MESSAGE)), `28 ${NAMED}`)
  assert.equal(world.datagram(MESSAGE), `0 ${NAMED}`)
  assert.equal(world.datagram(MESSAGE, PROXY, PORT + 1), '0 sender')
  assert.equal(world.datagram(MESSAGE, STRANGER), '0 sender')
  // The sender's own does not end it.
  assert.equal(world.datagram(joined(v2Header({ command: 0 }), MESSAGE)), '28 sender')
  world.nowMs = 999
  assert.equal(world.datagram(MESSAGE), `0 ${NAMED}`)
  world.nowMs = 2000
  assert.equal(world.datagram(MESSAGE), '0 sender')
  assert.deepEqual(world.counted, [
    ...['absent', 'used', 'remembered', 'absent', 'absent', 'local', 'remembered', 'absent'],
  ])
})

test('sessions: a header alone begins one, and nothing is asked', () => {
  const world = new World(serving(TRACKED))
  assert.equal(world.datagram(v2Header()), 'dropped')
  assert.equal(world.datagram(MESSAGE), `0 ${NAMED}`)
  assert.deepEqual(world.counted, ['used', 'remembered'])
  assert.deepEqual(world.warned, [])
})

test('sessions: headers that are not used begin none', () => {
  const world = new World(serving({ ...TRACKED, policy: 'ignore' }))
  assert.equal(world.datagram(joined(v2Header(), MESSAGE)), '28 sender')
  assert.equal(world.datagram(MESSAGE), '0 sender')
})

test('sessions outlive a reload that does not change them', () => {
  const first = new World(serving(TRACKED))
  first.datagram(v2Header())
  const second = new World(serving({ ...TRACKED, policy: 'use' }), first)
  assert.equal(second.datagram(MESSAGE), `0 ${NAMED}`)
  const third = new World(serving({ sessions: { ttlMs: 2000, most: 2 } }), second)
  assert.equal(third.datagram(MESSAGE), '0 sender')
  const fourth = new World(serving(), third)
  assert.equal(fourth.datagram(MESSAGE), '0 sender')
})

test('warnings are a second apart, and say how many there were', () => {
  const world = new World(serving({ policy: 'reject' }))
  const header = joined(v2Header(), MESSAGE)
  for (let n = 0; n < 5; n++) world.datagram(header)
  world.nowMs = 999
  world.datagram(v2Header().subarray(0, 20), '2001:db8::7')
  world.nowMs = 1000
  world.datagram(v2Header().subarray(0, 20), '2001:db8::7')
  world.nowMs = 3000
  world.stream(v1Header('PROXY TCP4 bad'))
  const said = 'dropping invalid Proxy Protocol packet from'
  assert.deepEqual(world.warned, [
    `${said} 10.0.0.1:4000: its sender must send no header`,
    `${said} [2001:db8::7]:4000: the header is cut short, and 5 more since the last such line`,
    `${said} 10.0.0.1:4000: the header is malformed`,
  ])
})

test('the room for clients of this machine is for those that both the sender and the header are', () => {
  const world = new World(serving())
  const isOwn = (sender: string, source: string): boolean => {
    world.datagram(joined(v2Header({ source }), MESSAGE), sender)
    return isOfThisMachine(world.judge.clientPeer ?? assert.fail())
  }
  assert.deepEqual(
    [
      isOwn('127.0.0.1', '127.0.0.5'),
      isOwn('::1', '::1'),
      isOwn('127.0.0.1', '192.0.2.1'),
      isOwn(PROXY, '127.0.0.1'),
      isOwn('2001:db8::1', '::1'),
      isOwn(PROXY, '192.0.2.1'),
    ],
    [true, true, false, false, false, false],
  )
})
