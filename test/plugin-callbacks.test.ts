// What a plugin from outside throws where no query is: in a timer, in a listener of a query's
// signal, and as an `error` event that nobody listens for.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DnsClient } from './support/dns-client.ts'
import { show } from './support/messages.ts'
import { PluginFolder } from './support/plugin-folder.ts'
import { quietPort } from './support/quiet-port.ts'

const folder = new PluginFolder({ after: run => test.after(run) })
const port = quietPort()
const corefile = `.:${port} {\n  bind 127.0.0.1\n  example\n}\n`
folder.plugin(
  'example',
  `
import { createSocket } from 'node:dgram'
import { connect } from 'node:net'
import { answer } from 'shardns'
const boom = () => { throw new Error('boom') }
const odd = Object.defineProperty(new Error('odd'), 'stack', { get: boom })
const ways = {
  timer: () => void setTimeout(boom, 0),
  listener: ({ signal }) => { for (let n = 0; n < 3; n++) signal.addEventListener('abort', boom) },
  derived: ({ signal }) => void (AbortSignal.any([signal]).onabort = boom),
  thrower: () => void setTimeout(() => { throw odd }, 0),
  promise: () => void Promise.reject(odd),
  socket: () => void connect('/there/is/no/such/socket'),
  late: async () => { await null; createSocket('udp4').bind(1, '203.0.113.1') },
}
export default {
  control: (options, scope) => scope.onStart(() => void connect('/of/main')),
  serve: () => ({
    handle: query => {
      ways[query.question.name.split('.')[0]]?.(query)
      return answer(query, {})
    },
  }),
}
`,
)

const EVENTS: readonly { way: string; text: string }[] = [
  { way: 'socket', text: 'connect ENOENT /there/is/no/such/socket' },
  { way: 'late', text: 'bind \\w+ 203.0.113.1:1' },
]
for (const { way, text } of EVENTS)
  test(`an error event that nobody listens for costs no shard, and is named: ${way}`, {
    timeout: 60_000,
    skip: Number.parseInt(process.versions.node, 10) < 24 && 'Node 22 does not tell whose it is',
  }, async t => {
    const server = folder.start(t, corefile)
    await server.seen(
      /^\[ERROR\] Recovered from panic in main: plugin\/example: connect ENOENT \/of\/main$/m,
    )
    await server.seen(/^\[INFO\] engine/m)
    const client = await DnsClient.open(t, { port, tries: 10 })
    const reply = (await client.ask(`${way}.test.`)) ?? assert.fail(way)
    assert.equal(show(reply).rcode, 'NOERROR')
    await server.seen(
      new RegExp(`^\\[ERROR\\] Recovered from panic in server: plugin/example: ${text}`, 'm'),
    )
    assert.doesNotMatch(server.out, /died/)
  })

test('what is thrown in timers and in listeners of a signal costs no shard, and is named', {
  timeout: 60_000,
}, async t => {
  const server = folder.start(t, corefile)
  await server.seen(/^\[INFO\] engine/m)
  const client = await DnsClient.open(t, { port, tries: 10 })
  const rcode = async (name: string): Promise<string> =>
    show((await client.ask(name)) ?? assert.fail(name)).rcode
  const panics = /^\[ERROR\] Recovered from panic in server: plugin\/example: boom/m
  const names = ['listener.test.', 'derived.test.', 'promise.test.']
  for (const name of [...names, ...Array.from({ length: 6 }, () => 'timer.test.')]) {
    assert.equal(await rcode(name), 'NOERROR')
    assert.equal(await rcode('other.test.'), 'NOERROR')
  }
  await server.seen(panics)
  await server.seen(/^\[ERROR\] Recovered from panic in server: odd$/m)
  assert.doesNotMatch(server.out, /died/)
  assert.equal(await rcode('thrower.test.'), 'NOERROR')
  await server.seen(/^\[ERROR\] shard 0 died: odd$/m)
  assert.equal(await rcode('other.test.'), 'NOERROR')
})
