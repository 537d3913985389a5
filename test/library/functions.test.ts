// Functions of the program around the server: what they are asked, what they give, and what one
// costs that fails, that gives something else, or that never answers.

import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { test } from 'node:test'
import {
  createServer,
  type FunctionQuery,
  type QueryFunction,
  type ServerOptions,
  type ShardnsServer,
} from '../../src/index.ts'
import { enginesHere } from '../support/engines-here.ts'
import { type QueryOptions, query, show } from '../support/messages.ts'
import { askTcp, askUdp } from '../support/raw-client.ts'
import type { Cleanup } from '../support/server-process.ts'

const LIMIT = { timeout: 30_000 }

/** Ends with the test. */
const started = async (t: Cleanup, options: ServerOptions): Promise<ShardnsServer> => {
  const server = await createServer(options)
  t.after(() => server.close())
  return server
}

const portOf = (server: ShardnsServer): number => server.addresses[0]?.port ?? -1

const ask = async (
  server: ShardnsServer,
  name: string,
  {
    type = 'A',
    over = askUdp,
    ...options
  }: QueryOptions & { type?: string; over?: typeof askUdp } = {},
) => {
  const [reply] = await over(portOf(server), [query(name, type, options).bytes])
  return show(reply!)
}

const addresses: QueryFunction = ({ name }) => ({
  aa: true,
  answers: [{ name, type: 'A', ttl: 60, data: '192.0.2.1' }],
})

for (const engine of enginesHere())
  test(`a handler answers over UDP and TCP, in all workers, engine ${engine}`, LIMIT, async t => {
    const server = await started(t, { handler: addresses, engine, workers: 2 })
    assert.equal(server.addresses[0]?.address, '127.0.0.1')
    for (let source = 0; source < 16; source++)
      for (const over of [askUdp, askTcp]) {
        const { answer, flags } = await ask(server, 'a.test', { over })
        assert.deepEqual(answer, ['a.test. 60 IN A 192.0.2.1'])
        assert.equal(flags, 'qr aa rd')
      }
  })

test('what a function is asked', LIMIT, async t => {
  const asked: FunctionQuery[] = []
  const server = await started(t, {
    handler: query => {
      asked.push(query)
      return { rcode: 'NXDOMAIN' }
    },
  })
  assert.equal(
    (await ask(server, 'Www.Example.ORG', { type: 'TXT', do: true, cd: true })).rcode,
    'NXDOMAIN',
  )
  await ask(server, '.', { type: 'TYPE65280', class: 3, rd: false, over: askTcp })
  const [first, second] = asked
  const { client, ...others } = first!
  assert.deepEqual(
    { ...others, message: first?.message.questions, signal: first?.signal.aborted },
    {
      name: 'www.example.org',
      type: 'TXT',
      class: 'IN',
      flags: { rd: true, ad: false, cd: true, do: true },
      transport: 'udp',
      message: [{ name: 'Www.Example.ORG', type: 'TXT', class: 'IN' }],
      signal: false,
    },
  )
  assert.deepEqual({ ...client, port: 0 }, { address: '127.0.0.1', port: 0, family: 4 })
  assert.ok(client.port > 0)
  assert.deepEqual([second?.name, second?.type, second?.transport], ['.', 'TYPE65280', 'tcp'])
})

test(
  'what it leaves unanswered: a handler refuses, of a plugin the rest of the chain answers',
  LIMIT,
  async t => {
    const mine: QueryFunction = query => (query.name === 'mine.test' ? addresses(query) : undefined)
    const alone = await started(t, { handler: mine })
    assert.equal((await ask(alone, 'other.test')).rcode, 'REFUSED')
    const chained = await started(t, {
      corefile: '.:0 {\n bind 127.0.0.1\n mine\n hosts {\n  192.0.2.2 other.test\n }\n}\n',
      plugins: { mine },
    })
    assert.deepEqual((await ask(chained, 'mine.test')).answer, ['mine.test. 60 IN A 192.0.2.1'])
    assert.deepEqual((await ask(chained, 'other.test')).answer, ['other.test. 3600 IN A 192.0.2.2'])
  },
)

const wrong: { what: string; handler: QueryFunction; line: RegExp }[] = [
  {
    what: 'throws',
    handler: () => {
      throw new Error('no\nway')
    },
    line: /plugin\/handler: its function fails: no way$/,
  },
  {
    what: 'rejects',
    handler: () => Promise.reject(new Error('no way')),
    line: /plugin\/handler: its function fails: no way$/,
  },
  {
    what: 'throws what is no error',
    handler: () => {
      throw undefined
    },
    line: /plugin\/handler: its function fails: undefined$/,
  },
  {
    what: 'gives a record that is none',
    handler: ({ name }) => ({ answers: [{ name, type: 'A', data: 'nowhere' }] }),
    line: /plugin\/handler: answer: answers\[0\]\.data: 'nowhere' is no IPv4 address$/,
  },
  {
    what: 'gives a field that there is not',
    handler: () => ({ answer: [] }) as never,
    line: /plugin\/handler: answer: answer: there is no such field: did you mean 'answers'\?$/,
  },
  {
    what: 'gives an rcode that is null',
    handler: () => ({ rcode: null }) as never,
    line: /plugin\/handler: answer: rcode: null is no rcode/,
  },
  {
    what: 'gives a list',
    handler: () => [] as never,
    line: /plugin\/handler: answer: a list is no object$/,
  },
  {
    what: 'gives what cannot be sent to the workers',
    handler: () => ({ answers: [() => {}] }) as never,
    line: /plugin\/handler: what its function gives: .*could not be cloned\.$/,
  },
]

for (const [over, most] of [
  [askUdp, 1232],
  [askTcp, 65_535],
] as const)
  test(`of a million records what has room is sent, in ${most} bytes at most`, LIMIT, async t => {
    const lines: string[] = []
    const line = '. 1 IN NULL \\# 0'
    const server = await started(t, {
      handler: () => ({ answers: Array<string>(1_000_000).fill(line) }),
      log: text => void lines.push(text),
    })
    const bytes = query('many.test', 'NULL', { udpSize: most }).bytes
    const [reply] = await over(portOf(server), [bytes])
    assert.match(show(reply!).flags, /\btc\b/)
    assert.ok(reply!.length <= most && reply!.length > most - 30)
    await server.close()
    assert.deepEqual(lines, [])
  })

for (const { what, handler, line } of wrong)
  test(`a function that ${what}: SERVFAIL and one line, and it is asked again`, LIMIT, async t => {
    const lines: string[] = []
    const server = await started(t, {
      handler: query => (query.name === 'well.test' ? addresses(query) : handler(query)),
      log: text => void lines.push(text),
    })
    assert.equal((await ask(server, 'wrong.test')).rcode, 'SERVFAIL')
    assert.deepEqual((await ask(server, 'well.test')).answer, ['well.test. 60 IN A 192.0.2.1'])
    await server.close()
    const errors = lines.filter(text => text.startsWith('[ERROR] '))
    assert.equal(errors.length, 1)
    assert.match(errors[0] ?? '', line)
  })

test('a function that never answers is cut by the deadline of the query', LIMIT, async t => {
  const lines: string[] = []
  const cut = Promise.withResolvers<void>()
  const server = await started(t, {
    handler: query => {
      if (query.name === 'well.test') return addresses(query)
      query.signal.addEventListener('abort', () => cut.resolve())
      return new Promise(() => {})
    },
    log: text => void lines.push(text),
  })
  const socket = createSocket('udp4')
  t.after(() => void socket.close())
  socket.send(query('never.test').bytes, portOf(server), '127.0.0.1')
  const reply = once(socket, 'message')
  assert.deepEqual((await ask(server, 'well.test')).answer, ['well.test. 60 IN A 192.0.2.1'])
  await cut.promise
  assert.equal(show(Uint8Array.from((await reply)[0])).rcode, 'SERVFAIL')
  await server.close()
  assert.ok(
    lines.some(text => text.endsWith('plugin/handler: its function has not answered in time')),
  )
})

test('a function that gives null lets the client wait', LIMIT, async t => {
  const server = await started(t, {
    handler: query => (query.name === 'lost.test' ? null : addresses(query)),
  })
  const queries = [query('lost.test', 'A', { id: 1 }), query('a.test', 'A', { id: 2 })]
  const [first] = await askUdp(
    portOf(server),
    queries.map(({ bytes }) => bytes),
  )
  assert.equal(show(first!).id, 2)
})

test(
  'a server that is closed waits for a function no longer than for any query',
  LIMIT,
  async t => {
    const asked = Promise.withResolvers<FunctionQuery>()
    const server = await started(t, {
      handler: query => {
        asked.resolve(query)
        return new Promise(() => {})
      },
      log: false,
    })
    const reply = askUdp(portOf(server), [query('never.test').bytes])
    const { signal } = await asked.promise
    const aborted = once(signal, 'abort')
    const [[answer]] = await Promise.all([reply.catch(() => [undefined]), server.close(), aborted])
    if (answer !== undefined) assert.equal(show(answer).rcode, 'SERVFAIL')
  },
)

test('queries that a function is at are answered over a reload', LIMIT, async t => {
  const asked = Promise.withResolvers<void>()
  const goOn = Promise.withResolvers<void>()
  const corefile = '.:0 {\n bind 127.0.0.1\n slow\n}\n'
  const server = await started(t, {
    corefile,
    plugins: {
      slow: async query => {
        asked.resolve()
        await goOn.promise
        return addresses(query)
      },
    },
  })
  const reply = ask(server, 'a.test')
  await asked.promise
  await server.reload(corefile)
  goOn.resolve()
  assert.deepEqual((await reply).answer, ['a.test. 60 IN A 192.0.2.1'])
  assert.deepEqual((await ask(server, 'b.test')).answer, ['b.test. 60 IN A 192.0.2.1'])
})

test('more queries than may wait for a function are refused, counted and told', LIMIT, async t => {
  const goOn = Promise.withResolvers<void>()
  const lines: string[] = []
  const server = await started(t, {
    handler: async query => {
      await goOn.promise
      return addresses(query)
    },
    log: line => lines.push(line),
  })
  const queries = Array.from({ length: 1100 }, (_, id) => query(`n${id}.test`, 'A', { id }).bytes)
  const [first] = await askUdp(portOf(server), queries)
  assert.equal(show(first!).rcode, 'REFUSED')
  assert.match(
    await server.metrics(),
    /^shardns_function_rejects_total\{plugin="handler"\} [1-9]\d*$/m,
  )
  goOn.resolve()
  // Those that have their answers on the way still count.
  let reply = await ask(server, 'a.test')
  while (reply.rcode === 'REFUSED') reply = await ask(server, 'a.test')
  assert.deepEqual(reply.answer, ['a.test. 60 IN A 192.0.2.1'])
  assert.match(
    lines[0] ?? '',
    /^\[WARNING\] plugin\/handler: too many queries wait for its function: refused$/,
  )
})

const refused: { rule: string; options: object; error: RegExp }[] = [
  {
    rule: 'a handler that is a text',
    options: { handler: 'x' },
    error: /handler: 'x' is no function/,
  },
  {
    rule: 'plugins beside a handler',
    options: { handler: addresses, plugins: {} },
    error: /plugins: they go with a Corefile, not with handler/,
  },
  {
    rule: 'an address that is a name',
    options: { handler: addresses, address: 'localhost' },
    error: /address: 'localhost' is no IP address/,
  },
  {
    rule: 'an address beside a Corefile',
    options: { corefile: '', address: '127.0.0.1' },
    error: /address: it goes with handler: a Corefile says it by 'bind'/,
  },
  {
    rule: 'plugins that are a list',
    options: { corefile: '', plugins: ['greet'] },
    error: /plugins: a list is no object: it has a field for each directive/,
  },
  {
    rule: 'plugins that are null',
    options: { corefile: '', plugins: null },
    error: /plugins: null is no object: it has a field for each directive/,
  },
  {
    rule: 'plugins that are a Map',
    options: { corefile: '', plugins: new Map([['greet', addresses]]) },
    error: /plugins: it has a field for each directive, which Map has not/,
  },
  {
    rule: 'a plugin that is a list',
    options: { corefile: '', plugins: { greet: ['./greet.ts'] } },
    error: /plugins\.greet: a list is neither a module nor a function/,
  },
  {
    rule: 'a plugin that is a definition',
    options: { corefile: '', plugins: { greet: { serve: () => ({}) } } },
    error: /plugins\.greet: a definition is given by its module, which every thread loads/,
  },
  {
    rule: 'a plugin without a name',
    options: { corefile: '', plugins: { '': addresses } },
    error: /plugins\[''\]: the name may have letters/,
  },
  {
    rule: 'a plugin that is a number',
    options: { corefile: '', plugins: { greet: 5 } },
    error: /plugins\.greet: 5 is neither a module nor a function/,
  },
  {
    rule: "a plugin with a built-in plugin's name",
    options: { corefile: '', plugins: { cache: addresses } },
    error: /plugins\.cache: the name is that of a plugin of shardns/,
  },
  {
    rule: 'a plugin with a name that no directive has',
    options: { corefile: '', plugins: { 'my greet': addresses } },
    error: /plugins\.my greet: the name may have letters/,
  },
  {
    rule: 'a plugin without a module',
    options: { corefile: '', plugins: { greet: { before: 'cache' } } },
    error: /plugins\.greet\.module: undefined is no module/,
  },
  {
    rule: 'a plugin with a field that there is not',
    options: { corefile: '', plugins: { greet: { module: './x', befor: 'cache' } } },
    error: /plugins\.greet\.befor: there is no such field: did you mean 'before'\?/,
  },
  {
    rule: 'a plugin in front of nothing',
    options: { corefile: '', plugins: { greet: { module: './x', before: 'cashe' } } },
    error: /plugins\.greet: before=cashe is no directive: did you mean 'cache'\?/,
  },
  {
    rule: 'a package that is not installed',
    options: { corefile: '', plugins: { greet: 'no-such-package' } },
    error: /plugins\.greet: the package 'no-such-package' is not installed/,
  },
]

for (const { rule, options, error } of refused)
  test(`refused before anything is opened: ${rule}`, async () => {
    await assert.rejects(createServer(options as ServerOptions), thrown => {
      assert.ok(thrown instanceof TypeError)
      assert.match(thrown.message, error)
      return true
    })
  })
