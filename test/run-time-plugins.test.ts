// Plugins that the program does not bring along, as whoever has written one sees them: given to the
// server, check, help and -plugins by --plugin, in real processes.

import assert from 'node:assert/strict'
import { symlinkSync } from 'node:fs'
import { type TestContext, test } from 'node:test'
import { DnsClient } from './support/dns-client.ts'
import { show } from './support/messages.ts'
import { PluginFolder } from './support/plugin-folder.ts'
import { freePorts, type WatchedProcess } from './support/server-process.ts'

const OPTIONS = `
import { option, optionTable, requiredArgument, text } from 'shardns/options'
const options = optionTable('once', {
  rows: {
    word: requiredArgument('WORD', text('WORD'), { does: 'what is said' }),
    to: option('to', text('NAME'), { default: 'you', does: 'to whom' }),
  },
})
`

/** Answers TXT queries with a word; does what it is told by the name otherwise. */
const GREET = `
import { answer, definePlugin, METADATA } from 'shardns'
import { mark } from './mark.ts'
${OPTIONS}
export default definePlugin({
  description: 'Says a word to whoever asks for TXT.',
  options,
  control: ({ word }, scope) => {
    const family = scope.metrics.counter({ name: 'greet_total', help: 'Greetings.', labelNames: [] })
    scope.log.info('is set up with ' + word)
    return { said: family.vector({}), flag: scope.shared(1) }
  },
  serve: ({ word, to }, scope, { said, flag }) => {
    scope.offer(METADATA, (_query, set) => set('greet/word', () => word))
    return {
      concerns: ({ qtype }) => qtype === 16,
      handle: async (query, next) => {
        const [label] = query.qname.split('.')
        if (label === 'throw') throw new Error('boom')
        if (label === 'hang') for (;;);
        if (label === 'pass') return next(query)
        if (label === 'slow') await new Promise(resolve => setTimeout(resolve, 500))
        scope.counters.add(said.base)
        const nth = Atomics.add(scope.words, flag, 1)
        const data = [mark, word, to, String(nth)]
        return answer(query, { answers: [{ name: query.qname, type: 'TXT', ttl: 60, data }] })
      },
    }
  },
})
`
const mark = (text: string): string => `export const mark: string = '${text}'\n`

const greeting = (t: TestContext): PluginFolder => {
  const folder = new PluginFolder(t)
  folder.write('mark.ts', mark('one'))
  folder.plugin('greet', GREET)
  return folder
}

const corefile = (port: number, ...lines: readonly string[]): string =>
  `.:${port} {\n  bind 127.0.0.1\n  ${lines.join('\n  ')}\n}\n`

interface Serving {
  readonly server: WatchedProcess
  readonly port: number
  /** The texts of the answer's first record; the rcode, if there is none. */
  ask(name: string, type?: string): Promise<string>
  /** Asks again each second: with engine dgram nobody listens between a shard and its successor. */
  askOften(name: string): Promise<string>
  /** Tells it to reload, and waits for the line on that. */
  reload(outcome?: RegExp): Promise<string>
}

const serving = async (
  t: TestContext,
  folder: PluginFolder,
  lines: readonly string[],
  shards = 1,
): Promise<Serving> => {
  const [port = 0, http = 0] = await freePorts(2)
  const text = corefile(port, ...lines).replaceAll('HTTP', String(http))
  const server = folder.start(t, text, { shards })
  await server.seen(/^\[INFO\] engine/m)
  const patient = await DnsClient.open(t, { port, tries: 1, timeoutMs: 8000 })
  const insistent = await DnsClient.open(t, { port, tries: 20 })
  const ask = async (client: DnsClient, name: string, type: string): Promise<string> => {
    const reply = show((await client.ask(name, type)) ?? assert.fail(`no answer to ${name}`))
    return reply.answer[0]?.replace(/^.* (?:TXT|A) /, '') ?? reply.rcode
  }
  return {
    server,
    port: http,
    ask: (name, type = 'TXT') => ask(patient, name, type),
    askOften: name => ask(insistent, name, 'TXT'),
    reload: async (outcome = /^\[INFO\] Reloading complete$/m) => {
      const { length } = server.out
      server.child.kill('SIGUSR1')
      const [line] = await server.seen(outcome, 'out', length)
      return line
    },
  }
}

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
  assert.match(folder.run('', '-plugins').out, /^forward\ngreet\nheader$/m)
})

test('a reload takes a file that has changed, and what is broken leaves all as it was', async t => {
  const folder = greeting(t)
  const { server, ask, reload } = await serving(t, folder, ['greet hello', 'whoami'], 2)
  const says = async (text: string): Promise<void> =>
    assert.match(await ask('a.test.'), new RegExp(`^"${text}" "hello" "you" "\\d"$`))
  await says('one')
  folder.write('mark.ts', mark('two'))
  await says('one')
  await reload()
  await says('two')
  const failed = /^\[ERROR\] .*$/m
  for (const { breaks, text } of [
    {
      breaks: () => folder.write('mark.ts', 'export const mark = ('),
      text: `greet.ts cannot be loaded: ${folder.path('mark.ts')}:1: Expression expected`,
    },
    {
      breaks: () => folder.write('mark.ts', `${mark('x')}process.exit(7)`),
      text: 'greet.ts cannot be loaded: it ends the process',
    },
    {
      breaks: () => folder.write('mark.ts', `${mark('x')}await new Promise(() => {})`),
      text: 'greet.ts cannot be loaded: it does not come to an end',
    },
    { breaks: () => folder.remove('greet.ts'), text: 'greet.ts is not there' },
  ]) {
    breaks()
    assert.equal(
      await reload(failed),
      `[ERROR] Restart failed: plugin/greet: Corefile:3 - ${folder.path(text)}`,
    )
    await says('two')
  }
  folder.plugin('greet', GREET)
  folder.write('mark.ts', mark('three'))
  await reload()
  await says('three')
  assert.equal(server.out.match(/^\[ERROR\]/gm)?.length, 4)
  assert.equal(await server.stop(), 0)
})

test('what throws costs its query, and is logged by its name', async t => {
  const { server, ask } = await serving(t, greeting(t), ['greet hello', 'whoami'])
  assert.equal(await ask('throw.test.'), 'SERVFAIL')
  assert.equal(await ask('a.test.'), '"one" "hello" "you" "0"')
  await server.seen(/^\[ERROR\] Recovered from panic in server: ".*" plugin\/greet: boom$/m)
  assert.equal(await server.stop(), 0)
})

test('what hangs costs its shard; the next one has the same module, whatever is on the disk', async t => {
  const folder = greeting(t)
  const { server, ask, askOften } = await serving(t, folder, ['greet hello', 'whoami'])
  folder.write('mark.ts', 'nothing of the kind (')
  folder.remove('greet.ts')
  const hung = ask('hang.test.').catch(() => 'no answer')
  await server.seen(/^\[ERROR\] shard 0 died/m)
  assert.match(await askOften('a.test.'), /^"one" "hello" "you" "\d"$/)
  server.child.kill('SIGKILL')
  await hung
})

test('reloads with another module each time lose no query', async t => {
  const folder = greeting(t)
  const { server, ask, reload } = await serving(t, folder, ['greet hello', 'whoami'], 2)
  let isOver = false
  const seen = new Set<string>()
  const asking = Array.from({ length: 4 }, async () => {
    while (!isOver) seen.add((await ask('a.test.')).split(' ')[0] ?? '')
  })
  for (let n = 0; n < 10; n++) {
    folder.write('mark.ts', mark(`m${n}`))
    await reload()
    assert.match(await ask('a.test.'), new RegExp(`^"m${n}" `))
  }
  isOver = true
  await Promise.all(asking)
  assert.ok(
    [...seen].every(text => /^"(?:one|m\d)"$/.test(text)),
    [...seen].join(),
  )
  assert.equal(await server.stop(), 0)
  assert.doesNotMatch(server.out, /ERROR/)
})

test('what is under way at SIGTERM is answered', async t => {
  const { server, ask } = await serving(t, greeting(t), ['greet hello', 'whoami'])
  const slow = ask('slow.test.')
  // Behind it on the same socket or not: it has come once this one is answered.
  await ask('a.test.')
  assert.equal(await server.stop(), 0)
  assert.match(await slow, /^"one" "hello"/)
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

const SAYS = (text: string): string => `
import { answer } from 'shardns'
export default {
  serve: () => ({
    handle: query =>
      answer(query, { answers: [{ name: query.qname, type: 'TXT', ttl: 60, data: '${text}' }] }),
  }),
}
`
for (const { rule, give } of [
  {
    rule: 'a package, by its name',
    give: (folder: PluginFolder) => {
      folder.write(
        'node_modules/@a/greet/package.json',
        '{ "type": "module", "exports": "./i.js" }',
      )
      folder.write('node_modules/@a/greet/i.js', SAYS('hello'))
      folder.give('greet', '@a/greet')
    },
  },
  {
    rule: 'a package that has a copy of shardns beside it',
    give: (folder: PluginFolder) => {
      folder.write('node_modules/greet/package.json', '{ "type": "module", "exports": "./i.js" }')
      folder.write('node_modules/greet/i.js', SAYS('hello'))
      folder.write('node_modules/shardns/package.json', '{ "type": "module", "exports": "./i.js" }')
      folder.write('node_modules/shardns/i.js', 'throw new Error("another one")')
      folder.give('greet', 'greet')
    },
  },
  {
    rule: 'CommonJS',
    give: (folder: PluginFolder) => {
      folder.plugin(
        'greet',
        `const { answer } = require('shardns')
module.exports = { serve: () => ({ handle: query => answer(query, {
  answers: [{ name: query.qname, type: 'TXT', ttl: 60, data: 'hello' }] }) }) }`,
        'greet.cjs',
      )
    },
  },
  {
    rule: 'a path with blanks and signs',
    give: (folder: PluginFolder) => folder.plugin('greet', SAYS('hello'), 'a b#c?d=e%20,f/g.mjs'),
  },
  {
    rule: 'a link',
    give: (folder: PluginFolder) => {
      folder.write('real/greet.ts', SAYS('hello'))
      symlinkSync(folder.path('real/greet.ts'), folder.path('link.ts'))
      folder.give('greet', './link.ts')
    },
  },
  {
    rule: 'a class',
    give: (folder: PluginFolder) =>
      folder.plugin(
        'greet',
        `import { answer, type Query } from 'shardns'
class Greet {
  readonly #data = 'hello'
  concerns(): boolean {
    return this.#data !== ''
  }
  handle(query: Query) {
    return answer(query, {
      answers: [{ name: query.qname, type: 'TXT', ttl: 60, data: this.#data }],
    })
  }
}
export default { serve: () => new Greet() }
`,
      ),
  },
])
  test(`a module is ${rule}`, async t => {
    const folder = new PluginFolder(t)
    give(folder)
    const { server, ask } = await serving(t, folder, ['greet', 'whoami'])
    assert.equal(await ask('a.test.'), '"hello"')
    assert.equal(await server.stop(), 0)
    assert.equal(server.err, '')
  })

test('plugins that import and plugins that require stand beside each other', async t => {
  const folder = new PluginFolder(t)
  const passing = `export default definePlugin({ serve: () => ({ concerns: () => false }) })`
  const first = `import { definePlugin } from 'shardns'\n${passing}`
  folder.plugin('first', first)
  folder.plugin('second', first.replace('import', `import 'shardns/wire'\nimport`))
  folder.plugin(
    'third',
    `const { answer, definePlugin } = require('shardns')
const { TYPE_TXT } = require('shardns/wire')
module.exports = definePlugin({ serve: () => ({
  concerns: ({ qtype }) => qtype === TYPE_TXT,
  handle: query => answer(query, { answers: [query.qname + ' 60 TXT hello'] }),
}) })`,
    'third.cjs',
  )
  const { ask } = await serving(t, folder, ['first', 'second', 'third', 'whoami'])
  assert.equal(await ask('a.test.'), '"hello"')
})

const EXITS = 'it calls process.exit, which would end the server'

test('a plugin that calls process.exit on the main thread ends no server, and no check', async t => {
  const folder = new PluginFolder(t)
  folder.plugin(
    'timed',
    `export default { control: (_options, scope) => {
  scope.onStart(() => void setTimeout(() => process.exit(0), 0))
} }`,
  )
  const { server, ask } = await serving(t, folder, ['timed', 'whoami'])
  await server.seen(
    /^\[ERROR\] Recovered from panic in main: plugin\/timed: it calls process\.exit/m,
  )
  assert.equal(await ask('a.test.', 'A'), 'NOERROR')
  for (const [half, what] of Object.entries({
    parse: `parse: () => process.exit(0), serve: () => undefined`,
    inspect: `inspect: () => process.exit(0), control: () => undefined`,
  })) {
    folder.plugin('exits', `export default { ${what} }`)
    const { out, code } = folder.run(`. {\n  exits\n}\n`, 'check', 'Corefile')
    assert.match(out, new RegExp(`error: plugin/exits: ${EXITS}`), half)
    assert.equal(code, 1, half)
  }
  folder.plugin('exits', `export default { control: () => process.exit(0) }`)
  const { err, code } = folder.run(`. {\n  exits\n}\n`)
  assert.match(err, new RegExp(`plugin/exits: ${EXITS}`))
  assert.equal(code, 1)
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

test('a plugin that cannot be is told in one sentence, and nothing is begun', t => {
  const folder = greeting(t)
  for (const { flag, says, code } of [
    { flag: 'x', says: `'x' is no plugin: it has the form name=module[,before=name]`, code: 2 },
    {
      flag: 'cache=./greet.ts',
      says: 'plugin/cache: the name is that of a plugin of shardns',
      code: 2,
    },
    { flag: 'greet=./greet.ts', says: 'plugin/greet: the name is given twice', code: 2 },
    {
      flag: 'other=gone',
      says: `plugin/other: the package 'gone' is not installed in ${folder.folder}`,
      code: 2,
    },
    {
      flag: 'other=./greet.ts,before=gret',
      says: `plugin/other: before=gret is no directive: did you mean 'greet'?`,
      code: 2,
    },
    { flag: 'other=.', says: `plugin/other: Corefile:3 - ${folder.folder} is a folder`, code: 1 },
    {
      flag: 'other=./gone.ts',
      says: `plugin/other: Corefile:3 - ${folder.path('gone.ts')} is not there`,
      code: 1,
    },
  ]) {
    const ran = folder.run(corefile(0, 'other'), '-conf', 'Corefile', '--plugin', flag)
    assert.deepEqual(ran, { code, out: '', err: `${says}\n` })
  }
})

test('a Node without hooks for modules is told in one sentence', t => {
  const folder = greeting(t)
  const code = 'import module from "node:module"; module.registerHooks = undefined'
  const says = `plugins from outside need Node 22.15 or later, and this is ${process.version}`
  const args = ['-conf', 'Corefile']
  assert.deepEqual(folder.runAfter(code, corefile(0, 'greet hello'), ...args), {
    code: 1,
    out: '',
    err: `plugin/greet: Corefile:3 - ${says}\n`,
  })
  folder.write('node_modules/greet/index.js', '')
  folder.give('greet', 'greet')
  assert.deepEqual(folder.runAfter(code, corefile(0, 'greet hello'), ...args), {
    code: 2,
    out: '',
    err: `plugin/greet: ${says}\n`,
  })
})
