// Plugins from outside that do not fit the contract: what `check`, `help` and the server say of
// them names the plugin, and the line of the Corefile that asks for it. What is wrong with the
// files of a folder under src/plugins stands in plugin-folders.test.ts.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { controlled, defined, PASSES, served } from './support/plugin-files.ts'
import { PluginFolder } from './support/plugin-folder.ts'
import { quietPort } from './support/quiet-port.ts'
import { freePorts } from './support/server-process.ts'
import { ROOT } from './support/source-files.ts'

const folder = new PluginFolder({ after: run => test.after(run) })
const FILE = 'example.ts'
const port = quietPort()
const corefile = `.:${port} {\n  bind 127.0.0.1\n  example\n}\n`

interface Bad {
  readonly rule: string
  /** Of the module. */
  readonly module: string
  /** `FILE` is the module's path. */
  readonly text: string | RegExp
}

/** What `check` and the server say alike. */
const bad: readonly Bad[] = [
  {
    rule: 'no default export',
    module: 'export const other = {}\n',
    text: 'FILE: it has no default export: that is the plugin',
  },
  {
    rule: 'a syntax error',
    module: '\nexport const example = (: any) => 1\n',
    text: 'FILE cannot be loaded: FILE:2:25: Expression expected',
  },
  {
    rule: 'a module that imports what is not there',
    module: defined(PASSES, `import './gone.ts'`),
    text: /^FILE cannot be loaded: Cannot find module '.*gone\.ts'/,
  },
  {
    rule: 'a module that fails as it is loaded',
    module: `${defined(PASSES)}throw new Error('boom')\n`,
    text: 'FILE cannot be loaded: FILE:3:7: boom',
  },
  {
    rule: 'nothing that serves or controls',
    module: defined(''),
    text: `FILE: its default export is no plugin: it has neither 'serve' nor 'control'`,
  },
  {
    rule: 'options that are no table',
    module: defined(`options: {}, ${PASSES}`),
    text: `FILE: its default export is no plugin: 'options' is no table: optionTable of shardns/options makes one`,
  },
  {
    rule: 'a half that is no function',
    module: defined('serve: 5'),
    text: `FILE: its default export is no plugin: 'serve' is 5, and no function`,
  },
  {
    rule: 'a fact that is no function',
    module: defined(`facts: { changing: [] }, ${PASSES}`),
    text: `FILE: its default export is no plugin: 'facts' has a wrong field: 'changing' is a list, and no function`,
  },
  {
    rule: 'a half that cannot be read',
    module: defined(`get serve() { throw new Error('boom') }`),
    text: 'FILE: the plugin cannot be read: boom',
  },
  {
    rule: 'a reader of options that fails',
    module: defined(`parse: directive => directive.nothing(), ${PASSES}`),
    text: 'its options cannot be read: directive.nothing is not a function',
  },
  {
    rule: 'options that hold a function',
    module: defined(`parse: () => ({ match: [() => 1] }), ${PASSES}`),
    text: `its options are not plain data: a function in 'match.0'`,
  },
  ...['changing', 'listensOn'].map(fact => ({
    rule: `a fact '${fact}' that fails`,
    module: defined(
      `parse: () => ({}), facts: { ${fact}: options => options.gone.zones }, ${PASSES}`,
    ),
    text: `its fact '${fact}' fails: Cannot read properties of undefined (reading 'zones')`,
  })),
  ...(
    [
      ['changing', '5', 'it gives 5, and no list'],
      ['changing', '[null]', 'the zone undefined is no domain name'],
      ['changing', `[{ zone: 'a..b', labels: 1 }]`, `the zone 'a..b' is no domain name`],
      [
        'changing',
        `[{ zone: 'a.test.', labels: () => 1 }]`,
        'the labels a function of a.test. are no number to 128',
      ],
      ['listensOn', '5', 'it gives 5, and no list'],
      ['listensOn', '[5]', '5 is no IP address'],
      ['suspicions', `['odd']`, `'odd' is no warning`],
    ] as const
  ).map(([fact, gives, text]) => ({
    rule: `a fact '${fact}' that gives ${gives}`,
    module: defined(`facts: { ${fact}: () => (${gives}) }, ${PASSES}`),
    text: `its fact '${fact}' fails: ${text}`,
  })),
  {
    rule: 'a reader of options that throws what is no error',
    module: defined(`parse: () => { throw undefined }, ${PASSES}`),
    text: 'its options cannot be read: undefined',
  },
  ...(
    [
      ['a Proxy', 'new Proxy({}, {})', '#<Object> could not be cloned.'],
      ['a getter', `{ get a() { return 1 } }`, `a getter in 'a'`],
    ] as const
  ).map(([what, gives, text]) => ({
    rule: `options that are ${what}`,
    module: defined(`parse: () => (${gives}), ${PASSES}`),
    text: `its options are not plain data: ${text}`,
  })),
]

/** The text behind `prefix` in a line that begins with it. */
const behind = (prefix: string, text: string): string => {
  const line = text.split('\n').find(one => one.startsWith(prefix))
  return line?.slice(prefix.length) ?? assert.fail(`no line begins with ${prefix}:\n${text}`)
}

const says = (told: string, text: string | RegExp): void => {
  const shown = told.replaceAll(folder.path(FILE), 'FILE')
  if (typeof text === 'string') assert.equal(shown, text)
  else assert.match(shown, text)
}

for (const { rule, module, text } of bad) {
  test(`check refuses ${rule}`, () => {
    folder.plugin('example', module)
    const { code, out, err } = folder.run(corefile, 'check')
    assert.deepEqual({ code, err }, { code: 1, err: '' })
    says(behind('Corefile:3:3: error: plugin/example: ', out), text)
    assert.match(out, /^Corefile: 1 error$/m)
  })

  test(`the server refuses ${rule}`, () => {
    folder.plugin('example', module)
    const { code, out, err } = folder.run(corefile)
    assert.deepEqual({ code, out }, { code: 1, out: '' })
    says(behind('plugin/example: Corefile:3 - ', err), text)
    assert.equal(err.split('\n').length, 2)
  })
}

/** What only shows when the halves run. */
const failing: readonly (Bad & { readonly text: string })[] = [
  {
    rule: 'a control half that fails',
    module: defined('parse: () => ({}), control: (options) => options.gone.zones'),
    text: `its control half fails: Cannot read properties of undefined (reading 'zones')`,
  },
  {
    rule: 'a control half that offers without end',
    module: defined(`control: (_, scope) => { for (;;) scope.offer({ name: 'zones' }, 1) }`),
    text: `its control half fails: more than 1000 offers in one block, 'zones' the last`,
  },
  {
    rule: 'a task that is no function',
    module: defined('control: (_, scope) => scope.onStart(42)'),
    text: 'its control half fails: onStart takes a function',
  },
  {
    rule: 'a function for the shards',
    module: defined('control: () => ({ respond: () => 1 })'),
    text: `what its control half gives is not plain data: a function in 'respond'`,
  },
  ...(
    [
      ['a Proxy', 'return new Proxy({}, {})', '#<Object> could not be cloned.'],
      [
        'objects in each other without end',
        'let o = {}; for (let i = 0; i < 200000; i++) o = { o }; return o',
        'more than 200 objects in each other',
      ],
    ] as const
  ).map(([what, body, text]) => ({
    rule: `${what} for the shards`,
    module: controlled(body),
    text: `what its control half gives is not plain data: ${text}`,
  })),
  ...(
    [
      ['bindAddresses', `['nonsense']`, `'nonsense', which is no IP address`],
      ['bindAddresses', '[5]', '5, which is no IP address'],
      ['root', '5', '5, which is no text'],
      ['view', '{}', 'an object, which is no text'],
      ['stacktrace', '() => 1', 'a function, which is neither true nor false'],
      ['timeouts', '{ readMs: NaN }', 'NaN, which is no number'],
      ['proxy', '{}', 'an object, which is no way to treat PROXY headers'],
    ] as const
  ).map(([name, value, text]) => ({
    rule: `a setting '${name}' that is ${value}`,
    module: controlled(`scope.settings.${name} = ${value}`),
    text: `its control half sets '${name === 'timeouts' ? 'readMs' : name}' to ${text}`,
  })),
  ...(
    [
      ['shared(NaN)', 'shared takes a whole number from 0 to 16777216, not NaN'],
      ['shared(-100)', 'shared takes a whole number from 0 to 16777216, not -100'],
      ['shared(1e10)', 'shared takes a whole number from 0 to 16777216, not 10000000000'],
      [`shared('4')`, `shared takes a whole number from 0 to 16777216, not '4'`],
      ['table(undefined, 1)', 'table takes a text as the identity, not undefined'],
      [`table('x', NaN)`, 'table takes a whole number from 0 to 9007199254740991, not NaN'],
      [`keep('x', () => undefined)`, 'what was made to be kept has no function dispose'],
      [
        `keep('x', resources => { for (;;) resources.newRecords() })`,
        'more than 100 maps for one thing that is kept',
      ],
      ['hold(5)', 'hold takes a promise'],
      ['http()', 'http does not take the address undefined'],
      [`http({ address: ':0', path: 5 })`, 'http does not take the path 5'],
      ['onFinalShutdown(() => {}, NaN)', 'onFinalShutdown takes milliseconds, not NaN'],
      ['process.readiness.add(5, 5)', 'readiness takes a name and a function'],
      [
        `metrics.counter({ name: 'bad name!', help: 'x' })`,
        `a metric has no name such as 'bad name!'`,
      ],
      [
        `metrics.counter({ name: 'x_total', help: 'x', labelNames: ['a'] }).vector({}, { a: Array.from({ length: 1e7 }, (_, i) => 'v' + i) })`,
        'metric x_total has 10000000 values of a, more than 1000000',
      ],
      [
        `metrics.histogram({ name: 'x', help: 'x', buckets: [2, 1], unitsPerOne: 1 })`,
        'metric x has buckets that do not rise',
      ],
      ['offer(undefined, 1)', 'an offer has no kind'],
    ] as const
  ).map(([call, text]) => ({
    rule: `a request for ${call.slice(0, 60)}`,
    module: controlled(`scope.${call}`),
    text: `its control half fails: ${text}`,
  })),
  ...['shared(0)', 'onStart(() => {})', `keep('x', () => ({ dispose() {} }))`].map(call => ({
    rule: `requests without end: ${call}`,
    module: controlled(`for (;;) scope.${call}`),
    text: `its control half fails: more than 10000 requests of one scope, ${call.split('(')[0]} the last`,
  })),
  {
    rule: 'a control half that throws what is no error',
    module: controlled('throw undefined'),
    text: 'its control half fails: undefined',
  },
  {
    rule: 'a load that waits for what fails',
    module: defined(`control: (_, scope) => scope.hold(Promise.reject(new Error('boom')))`),
    text: 'what it lets the load wait for fails: boom',
  },
]
const serving: readonly { rule: string; serve: string; before?: string; text: string }[] = [
  {
    rule: 'a serve half that fails',
    serve: `() => { throw new Error('boom') }`,
    text: 'boom',
  },
  {
    rule: 'a serve half that gives no stage',
    serve: '() => 5',
    text: 'what serve gives is 5, and no stage',
  },
  {
    rule: 'a serve half that gives a promise',
    serve: 'async () => ({})',
    text: 'serve gives a promise, where the stage itself is needed',
  },
  {
    rule: 'a stage of a plugin of the program',
    serve: '() => ({ wrap: next => next })',
    text: `what serve gives has 'wrap': a plugin from outside has 'handle' there`,
  },
  {
    rule: 'a handler that is no function',
    serve: '() => ({ handle: 5 })',
    text: 'handle is no function',
  },
  {
    rule: 'a stage that cannot be read',
    serve: `() => ({ get handle() { throw new Error('boom') } })`,
    text: 'boom',
  },
  {
    rule: 'a stage that reserves room for nothing',
    serve: `() => ({ reserves: 'x' })`,
    text: `what serve gives has 'reserves' without 'leaving'`,
  },
  ...(
    [
      ['metadata', `'x'`, `is 'x', and no function`],
      ['search-paths', '{ concerns() {} }', `has no function 'of'`],
    ] as const
  ).map(([kind, value, text]) => ({
    rule: `an offer of ${kind} that is ${value}`,
    serve: `(_, scope) => { scope.offer({ name: '${kind}' }, ${value}) }`,
    before: `import '${ROOT}/src/chain/offers/search-paths.ts'`,
    text: `the offer '${kind}' ${text}`,
  })),
  {
    rule: 'a request for permits that are nowhere',
    serve: '(_, scope) => scope.permits(NaN, 1)',
    text: 'permits takes an offset and a limit, not NaN and 1',
  },
  {
    rule: 'a request for records that are nowhere',
    serve: '(_, scope) => scope.records({})',
    text: 'records takes the ref of a map',
  },
  {
    rule: 'an offer of no kind',
    serve: '(_, scope) => scope.offer(undefined, 1)',
    text: 'an offer has no kind',
  },
  {
    rule: 'a serve half that leaves a promise to fail',
    serve: `() => {
  void Promise.reject(new Error('stray'))
  return {}
}`,
    text: 'a promise that nobody waits for fails: stray',
  },
  {
    rule: 'an error of several lines, in one',
    serve: `() => { throw new Error('one\\n  two') }`,
    text: 'one two',
  },
  {
    rule: 'a stage that chooses questions without the fact',
    serve: '() => ({ accepts: () => true })',
    text: `what serve gives has 'accepts', and the plugin lacks the fact 'selects'`,
  },
  {
    rule: 'a stage that chooses questions on the fast path alone',
    serve: '() => ({ takes: () => true })',
    text: `what serve gives has 'takes' without 'accepts'`,
  },
]
for (const { rule, serve, before, text } of serving)
  test(`the server refuses ${rule}, at its place`, () => {
    folder.plugin('example', defined(`serve: ${serve}`, before))
    const { code, err } = folder.run(corefile)
    assert.deepEqual({ code, err }, { code: 1, err: `plugin/example: Corefile:3 - ${text}\n` })
  })

test('the place of a serve half that fails is that of its block', () => {
  folder.plugin(
    'example',
    defined(`parse: directive => ({ first: directive.blockZones[0] }),
  serve: ({ first }) => {
    if (first === 'b.test.') throw new Error('boom')
    return {}
  }`),
  )
  const block = (zone: string): string => `${zone}:${port} {\n bind 127.0.0.1\n example\n}\n`
  assert.equal(
    folder.run(block('a.test') + block('b.test')).err,
    'plugin/example: Corefile:7 - boom\n',
  )
})

for (const { rule, module, text } of failing)
  test(`the server refuses ${rule}`, () => {
    folder.plugin('example', module)
    const { code, err } = folder.run(corefile)
    assert.deepEqual({ code, err }, { code: 1, err: `plugin/example: Corefile:3 - ${text}\n` })
  })

test('check looks at a suspicion that fails as at any fault', () => {
  folder.plugin('example', defined(`facts: { suspicions: () => none }, ${PASSES}`))
  const { code, out } = folder.run(corefile, 'check')
  assert.equal(code, 1)
  assert.equal(
    behind('Corefile:3:3: error: plugin/example: ', out),
    `its fact 'suspicions' fails: none is not defined`,
  )
})

test('what an inspecting half finds is told where the machine is looked at', () => {
  folder.plugin(
    'example',
    defined(`inspect: () => { throw new Error('no such thing here') }, ${PASSES}`),
  )
  const { code, out } = folder.run(corefile, 'check')
  assert.equal(code, 1)
  assert.equal(behind('Corefile:3:3: error: plugin/example: ', out), 'no such thing here')
  assert.equal(folder.run(corefile, 'check', '--elsewhere').code, 0)
})

test('help on a plugin that cannot be loaded is a sentence', () => {
  folder.plugin('example', 'export default 5\n')
  const { code, out, err } = folder.run(corefile, 'help', 'example')
  assert.deepEqual({ code, out }, { code: 1, out: '' })
  const text = 'FILE: its default export is no plugin: the definition is 5, and no object'
  says(behind('plugin/example: ', err), text)
})

const HOOKS = ['onStart', 'onShutdown', 'onFinalShutdown', 'onRetire']

test('what fails of the tasks of a control half is logged under its name and that of the task', async t => {
  folder.plugin(
    'example',
    defined(`control: (_, scope) => {
    for (const hook of ${JSON.stringify(HOOKS)}) scope[hook](() => { throw new Error('boom') })
  },
  serve: (_, scope) => {
    scope.onRetire(() => { throw new Error('bang') })
    return {}
  }`),
  )
  const server = folder.start(t, corefile)
  await server.seen(/^\[INFO\] engine/m)
  assert.equal(await server.stop(), 4)
  const failures = server.out.match(/^\[ERROR\] .*$/gm) ?? []
  assert.deepEqual(failures.toSorted(), [
    '[ERROR] plugin/example: onFinalShutdown failed: boom',
    '[ERROR] plugin/example: onRetire failed: bang',
    '[ERROR] plugin/example: onRetire failed: boom',
    '[ERROR] plugin/example: onShutdown failed: boom',
    '[ERROR] plugin/example: onStart failed: boom',
  ])
})

test('a path on an HTTP address that fails is logged under the name of its plugin', async t => {
  const [at] = await freePorts(1)
  folder.plugin(
    'example',
    defined(`control: (_, scope) => scope.http({
    address: '127.0.0.1:${at}', path: '/x', onBindFailure: 'fatal', respond: () => none,
  })`),
  )
  const server = folder.start(t, corefile)
  await server.seen(/^\[INFO\] engine/m)
  assert.equal((await fetch(`http://127.0.0.1:${at}/x`)).status, 500)
  await server.seen(
    /^\[ERROR\] HTTP request for \/x failed: plugin\/example: none is not defined$/m,
  )
})

test('a serve half that does not come to an end is named while it is waited for', async t => {
  folder.plugin('example', served('for (;;);'))
  const server = folder.start(t, corefile)
  await server.seen(/^\[WARNING\] shard 0 takes long to load plugin\/example$/m)
})
