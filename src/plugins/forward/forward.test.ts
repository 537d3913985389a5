import assert from 'node:assert/strict'
import test from 'node:test'
import { closedPort } from '../../../test/fakes/fake-upstream.ts'
import {
  answerOf,
  names,
  PASSED_ON,
  saying,
  startForward,
  startUpstreams,
} from '../../../test/support/forward-chain.ts'
import { counterValue, query, show } from '../../../test/support/plugin-harness.ts'
import { Metadata } from '../../chain/metadata.ts'

test('a query is relayed and its reply returned', async t => {
  const servers = await startUpstreams(t, saying('192.0.2.1'))
  assert.deepEqual(await answerOf(await startForward(t, `forward . ${names(servers)}`)), [
    'example.org. 60 IN A 192.0.2.1',
  ])
})

test('the upstream that was asked last is told as metadata', async t => {
  const servers = await startUpstreams(t, saying('192.0.2.1'), saying('192.0.2.2'))
  const text = `forward . 127.0.0.1:${await closedPort()} ${names(servers)} {\npolicy sequential\n}`
  const { handle } = await startForward(t, text)
  const asked = query('example.org.')
  asked.metadata = new Metadata(asked, [])
  await handle(asked)
  assert.equal(asked.metadata.get('forward/upstream'), servers[0]?.endpoint.name)
})

const matching = [
  { text: 'forward example.org', name: 'example.org.', isRelayed: true },
  { text: 'forward example.org', name: 'a.b.EXAMPLE.org.', isRelayed: true },
  { text: 'forward example.org', name: 'badexample.org.', isRelayed: false },
  { text: 'forward example.org', name: 'org.', isRelayed: false },
  { text: 'forward .', name: '.', isRelayed: true },
  {
    text: 'forward example.org',
    name: 'x.a.example.org.',
    except: 'a.example.org',
    isRelayed: false,
  },
  {
    text: 'forward example.org',
    name: 'a.example.org.',
    except: 'a.example.org',
    isRelayed: false,
  },
  { text: 'forward example.org', name: 'b.example.org.', except: 'a.example.org', isRelayed: true },
  { text: 'forward example.org', name: 'example.org.', except: 'example.org', isRelayed: true },
  { text: 'forward example.org', name: 'a.example.org.', except: 'example.org', isRelayed: false },
]
for (const { text, name, except, isRelayed } of matching) {
  const label = except === undefined ? text : `${text} except ${except}`
  test(`${label}: ${name} is ${isRelayed ? 'relayed' : 'passed on'}`, async t => {
    const servers = await startUpstreams(t, saying('192.0.2.1'))
    const block = except === undefined ? '' : ` {\nexcept ${except}\n}`
    const answer = await answerOf(await startForward(t, `${text} ${names(servers)}${block}`), name)
    assert.deepEqual(answer, isRelayed ? ['example.org. 60 IN A 192.0.2.1'] : PASSED_ON)
  })
}

test('the first instance that covers the name answers', async t => {
  const servers = await startUpstreams(t, saying('192.0.2.1'), saying('192.0.2.2'))
  const started = await startForward(
    t,
    `forward example.org ${servers[0]?.endpoint.name}\nforward . ${servers[1]?.endpoint.name}`,
  )
  assert.deepEqual(await answerOf(started, 'a.example.org.'), ['example.org. 60 IN A 192.0.2.1'])
  assert.deepEqual(await answerOf(started, 'example.com.'), ['example.org. 60 IN A 192.0.2.2'])
})

const handedOn = [
  {
    name: 'next for an rcode in its list',
    option: 'next NXDOMAIN',
    reply: { rcode: 'NXDOMAIN' },
    isHanded: true,
  },
  {
    name: 'next for another rcode',
    option: 'next NXDOMAIN',
    reply: { rcode: 'REFUSED' },
    isHanded: false,
  },
  {
    name: 'next_on_nodata for no answer records',
    option: 'next_on_nodata',
    reply: {},
    isHanded: true,
  },
  {
    name: 'next_on_nodata for answer records',
    option: 'next_on_nodata',
    reply: { answer: ['example.org. 1 IN A 192.0.2.1'] },
    isHanded: false,
  },
  {
    name: 'next_on_nodata for NXDOMAIN',
    option: 'next_on_nodata',
    reply: { rcode: 'NXDOMAIN' },
    isHanded: false,
  },
]
for (const { name, option, reply, isHanded } of handedOn) {
  test(`${name} ${isHanded ? 'hands over to' : 'does not ask'} the next instance`, async t => {
    const servers = await startUpstreams(t, asked => asked.reply(reply), saying('192.0.2.2'))
    const [first, second] = servers.map(({ endpoint }) => endpoint.name)
    const { handle } = await startForward(
      t,
      `forward . ${first} {\n${option}\n}\nforward . ${second}`,
    )
    const shown = show(await handle(query('example.org.')))
    assert.equal(shown.answer[0] === 'example.org. 60 IN A 192.0.2.2', isHanded)
    assert.equal(servers[1]?.asked.length, isHanded ? 1 : 0)
  })
}

test('next passes over instances that do not cover the name', async t => {
  const servers = await startUpstreams(
    t,
    asked => asked.reply({ rcode: 'NXDOMAIN' }),
    saying('192.0.2.2'),
    saying('192.0.2.3'),
  )
  const [first, second, third] = servers.map(({ endpoint }) => endpoint.name)
  const started = await startForward(
    t,
    `forward . ${first} {\nnext NXDOMAIN\n}\nforward example.com ${second}\nforward . ${third}`,
  )
  assert.deepEqual(await answerOf(started), ['example.org. 60 IN A 192.0.2.3'])
})

test('next without an instance that covers the name uses the reply, and never asks another plugin', async t => {
  const servers = await startUpstreams(
    t,
    asked => asked.reply({ rcode: 'NXDOMAIN' }),
    saying('192.0.2.2'),
  )
  const [first, second] = servers.map(({ endpoint }) => endpoint.name)
  const { handle } = await startForward(
    t,
    `forward . ${first} {\nnext NXDOMAIN\n}\nforward example.com ${second}`,
  )
  assert.equal(show(await handle(query('example.org.'))).rcode, 'NXDOMAIN')
})

test('max_concurrent refuses one query too many, and lets others in once one is done', async t => {
  const held = Promise.withResolvers<() => void>()
  const servers = await startUpstreams(t, asked => held.resolve(() => asked.reply()))
  const started = await startForward(t, `forward . ${names(servers)} {\nmax_concurrent 1\n}`)
  const first = started.handle(query('example.org.'))
  const release = await held.promise
  await assert.rejects(async () => started.handle(query('example.com.')), {
    code: 'MAX_CONCURRENT',
    rcode: 5,
    message: 'concurrent queries exceeded maximum 1',
  })
  release()
  await first
  servers[0]!.respond = asked => asked.reply()
  assert.equal((await started.handle(query('example.net.'))).rcode, 0)
  assert.equal(
    counterValue(
      started.control,
      started.serve.row,
      'coredns_forward_max_concurrent_rejects_total',
    ),
    1,
  )
})

test('a failed query gives its permit back', async t => {
  const { handle } = await startForward(
    t,
    `forward . 127.0.0.1:${await closedPort()} {\nmax_concurrent 1\n}`,
  )
  for (let count = 0; count < 3; count++) {
    await assert.rejects(async () => handle(query('example.org.')), {
      message: /connection refused$/,
    })
  }
})
