// Answers of the whole server to what clients and upstreams say in header and OPT, over UDP and
// TCP, on a miss and from the cache.

import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { type Asked, fakeUpstream } from './fakes/fake-upstream.ts'
import {
  type OptionText,
  type QueryOptions,
  query,
  type ReplyOptions,
  type Shown,
  show,
} from './support/messages.ts'
import { askOverTcp, askOverUdp } from './support/one-shot.ts'
import { startServer } from './support/server-process.ts'

const A = '60 IN A 192.0.2.1'
const EDE = { code: 15, data: '0016' }

/** What the upstream says, by the first label of the name. */
const SAYS: Readonly<Record<string, (name: string) => ReplyOptions>> = {
  ad: name => ({ ra: true, ad: true, answer: [`${name} ${A}`] }),
  badvers: () => ({ rcode: 16, opt: {} }),
  badcookie: () => ({ rcode: 23, opt: {} }),
  rcode4095: () => ({ rcode: 4095, opt: {} }),
  ede: () => ({ rcode: 'SERVFAIL', opt: { options: [EDE, { code: 3, data: 'ff' }] } }),
  plain: name => ({ ra: true, answer: [`${name} ${A}`] }),
}

const upstream = await fakeUpstream((asked: Asked) => {
  const name = show(asked.bytes).question.split(' ')[0]!
  const says = SAYS[name.split('.')[0]!]
  if (says === undefined) assert.fail(name)
  asked.reply(says(name))
})
after(() => upstream.close())

const server = await startServer(
  { after },
  port => `.:${port} {
    bind 127.0.0.1
    log . "{name} {rcode} {rsize}"
    cache 30
    forward . ${upstream.endpoint.name}
  }
  hosts.test:${port} {
    bind 127.0.0.1
    cache
    hosts {
      192.0.2.1 a.hosts.test
    }
  }
`,
  { workers: 2 },
)

/** Each question is asked twice, on a miss and from the cache, unless it is not kept. */
const askTwice = async (name: string, options: QueryOptions): Promise<Shown[]> => {
  const shown: Shown[] = []
  for (let n = 0; n < 2; n++) {
    const { bytes } = query(name, 'A', options)
    const fate = await (options.transport === 'tcp' ? askOverTcp : askOverUdp)(server.port, bytes)
    shown.push(typeof fate === 'string' ? assert.fail(`${name}: ${fate}`) : show(fate))
  }
  return shown
}

interface Case {
  readonly name: string
  readonly label: string
  readonly query: QueryOptions
  readonly rcode: string
  readonly flags?: string
  readonly options?: readonly OptionText[]
}

const EDNS = { udpSize: 1232 }
const cases: readonly Case[] = [
  {
    name: 'AD is for who asks for it',
    label: 'ad',
    query: {},
    rcode: 'NOERROR',
    flags: 'qr aa? rd ra',
  },
  { name: 'AD', label: 'ad', query: { ad: true }, rcode: 'NOERROR', flags: 'qr aa? rd ra ad' },
  { name: 'BADVERS', label: 'badvers', query: EDNS, rcode: 'BADSIG' },
  { name: 'BADCOOKIE', label: 'badcookie', query: EDNS, rcode: 'BADCOOKIE' },
  { name: 'the largest rcode', label: 'rcode4095', query: EDNS, rcode: 'RCODE4095' },
  {
    name: 'an rcode that a client without EDNS cannot be told',
    label: 'badcookie',
    query: {},
    rcode: 'SERVFAIL',
  },
  { name: 'an extended error', label: 'ede', query: EDNS, rcode: 'SERVFAIL', options: [EDE] },
  {
    name: 'an extended error that a client without EDNS does not ask for',
    label: 'ede',
    query: {},
    rcode: 'SERVFAIL',
  },
  {
    name: 'options that nobody handles',
    label: 'plain',
    query: { options: [3, 9, 10, 11, 12].map(code => ({ code, data: '0102030405060708' })) },
    rcode: 'NOERROR',
    options: [],
  },
  {
    name: 'a client subnet',
    label: 'plain',
    query: { options: [{ code: 8, data: '00011800c00002' }] },
    rcode: 'NOERROR',
    options: [],
  },
  {
    name: 'a client subnet of an unknown family',
    label: 'plain',
    query: { options: [{ code: 8, data: '00030000' }] },
    rcode: 'FORMERR',
  },
]

let last = 0
for (const transport of ['udp', 'tcp'] as const) {
  for (const c of cases) {
    test(`${c.name}, over ${transport}`, async () => {
      for (const shown of await askTwice(`${c.label}.n${last++}.example.org.`, {
        ...c.query,
        transport,
      })) {
        assert.equal(shown.rcode, c.rcode)
        if (c.flags !== undefined)
          assert.match(shown.flags, new RegExp(`^${c.flags.replace(' aa?', '( aa)?')}$`))
        assert.deepEqual(
          shown.edns?.options,
          c.options ?? (c.query.udpSize === undefined ? undefined : []),
        )
      }
    })
  }

  test(`EDNS flags but DO are zero in a reply, over ${transport}`, async () => {
    const { bytes } = query(`plain.z${last++}.example.org.`, 'A', { do: true })
    // The flags are the last two bytes before the length of the options.
    bytes[bytes.length - 4]! |= 0x7f
    bytes[bytes.length - 3] = 0xff
    for (let n = 0; n < 2; n++) {
      const fate = await (transport === 'tcp' ? askOverTcp : askOverUdp)(server.port, bytes)
      assert.ok(typeof fate !== 'string')
      assert.deepEqual([...fate.subarray(-4, -2)], [0x80, 0])
    }
  })

  test(`a bare header is answered with its id, opcode, RD and CD, over ${transport}`, async () => {
    const fate = await (transport === 'tcp' ? askOverTcp : askOverUdp)(
      server.port,
      Uint8Array.of(1, 2, 0x07, 0xff, 0, 1, 0, 0, 0, 0, 0, 0),
    )
    assert.ok(typeof fate !== 'string')
    assert.deepEqual([...fate], [1, 2, 0x81, 0x12, 0, 0, 0, 0, 0, 0, 0, 0])
  })

  test(`what hosts hands back is not kept: AA is never set, over ${transport}`, async () => {
    for (const shown of await askTwice('x.hosts.test.', { transport }))
      assert.deepEqual([shown.rcode, shown.flags], ['SERVFAIL', 'qr rd'])
  })
}

test('log says the whole rcode', async () => {
  const { bytes } = query('badcookie.log.example.org.', 'A', EDNS)
  await askOverUdp(server.port, bytes)
  await server.seen(/\[INFO\] badcookie\.log\.example\.org\. BADCOOKIE \d+\n/)
})

test('nothing of this was a defect of ours', async () => {
  assert.equal(await server.stop(), 0)
  assert.doesNotMatch(server.out, /panic|\[ERROR\]/)
})
