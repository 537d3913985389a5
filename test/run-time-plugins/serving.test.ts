// What a plugin has that was given to the server, check, help and -plugins by --plugin: options,
// both halves, its place in the chain, the fast path.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { corefile, greeting, serving } from '../support/greeting-plugin.ts'
import { PluginFolder } from '../support/plugin-folder.ts'

test('a plugin has options, a control half, metrics, shared words and metadata', async t => {
  const { server, port, ask } = await serving(
    t,
    greeting(t),
    [
      'metadata',
      'prometheus 127.0.0.1:HTTP',
      'log . "{name} {/greet/word}"',
      'greet hello {',
      'to all',
      '}',
      'whoami',
    ],
    2,
  )
  assert.equal(await ask('a.test.'), '"one" "hello" "all" "0"')
  assert.equal(await ask('b.test.'), '"one" "hello" "all" "1"')
  assert.equal(await ask('b.test.', 'A'), 'NOERROR')
  await server.seen(/^\[INFO\] plugin\/greet: is set up with hello$/m)
  await server.seen(/^\[INFO\] a\.test\. hello$/m)
  const metrics = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()
  assert.match(metrics, /^greet_total 2$/m)
  assert.match(metrics, /^coredns_plugin_enabled\{.*name="greet".*\} 1$/m)
  assert.equal(await server.stop(), 0)
  assert.equal(server.err, '')
})

test('check, help and -plugins know it', t => {
  const folder = greeting(t)
  const text = corefile(53, 'greet hello {', 'too all', '}', 'gret')
  const { code, out } = folder.run(text, 'check', 'Corefile')
  assert.equal(code, 1)
  assert.match(out, /^Corefile:4:3: error: plugin\/greet: unknown property 'too'$/m)
  assert.match(out, /did you mean 'to'\?/)
  assert.match(out, /did you mean 'greet'\?/)
  assert.deepEqual(folder.run('', 'help', 'greet'), {
    code: 0,
    out: `greet:
  WORD     what is said
  to NAME  to whom (default: you)

Says a word to whoever asks for TXT.
`,
    err: '',
  })
  assert.match(folder.run('', 'help').out, /^ {2}greet +Says a word to whoever asks for TXT\.$/m)
  assert.match(folder.run('', '-plugins').out, /^forward\ngreet\ngrpc$/m)
})

/** Counts what comes to its handler, which the fast path goes past. */
const COUNTING = `
import { answer } from 'shardns'
let seen = 0
export default {
  serve: () => ({
    fast: {},
    handle: (query, next) => {
      if (query.qname === 'seen.test.')
        return answer(query, { answers: [{ name: query.qname, type: 'TXT', ttl: 0, data: String(seen) }] })
      seen++
      return next(query)
    },
  }),
}
`
for (const { rule, concerns, seen } of [
  {
    rule: 'leaves names that do not concern it on the fast path',
    concerns: 'concerns: ({ name }) => own.holds(name),',
    seen: '"1"',
  },
  { rule: 'without concerns takes all names off it', concerns: '', seen: '"3"' },
])
  test(`a plugin ${rule}`, async t => {
    const folder = new PluginFolder(t)
    folder.plugin('counting', COUNTING, 'counting.ts', ',before=cache')
    folder.plugin(
      'choosy',
      `
import { ZoneIndex } from 'shardns/wire'
const own = ZoneIndex.fromText(['own.test.'])
export default { serve: () => ({ ${concerns} handle: (query, next) => next(query) }) }
`,
      'choosy.ts',
      ',before=cache',
    )
    folder.plugin(
      'answers',
      `
import { answer } from 'shardns'
export default { serve: () => ({ handle: query => answer(query, { answers: [{ name: query.qname, type: 'A', ttl: 60, data: '192.0.2.1' }] }) }) }
`,
    )
    const lines = ['counting', 'choosy', 'cache', 'answers']
    const { ask } = await serving(t, folder, lines)
    for (let n = 0; n < 3; n++) assert.equal(await ask('other.test.', 'A'), '192.0.2.1')
    assert.equal(await ask('seen.test.'), seen)
  })

test('plugins stand where they are placed', async t => {
  const folder = new PluginFolder(t)
  const asks = (name: string): string =>
    `
export default {
  serve: (_options, { log }) => ({
    handle: (query, next) => {
      log.info('asked')
      return next(query)
    },
  }),
}
`.replace('asked', `asked, ${name}`)
  folder.plugin('behind', asks('behind'))
  folder.plugin('front', asks('front'), 'front.ts', ',before=cache')
  folder.plugin('first', asks('first'), 'first.ts', ',before=front')
  folder.plugin('dnstap', asks('dnstap'))
  const { server, ask } = await serving(t, folder, [
    'behind',
    'cache',
    'front',
    'first',
    'dnstap',
    'whoami',
  ])
  await ask('a.test.', 'A')
  await server.seen(/asked, behind$/m)
  const order = [...server.out.matchAll(/^\[INFO\] plugin\/(\w+): asked/gm)].map(([, name]) => name)
  assert.deepEqual(order, ['dnstap', 'first', 'front', 'behind'])
})
