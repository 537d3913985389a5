// Plugins that do not fit the contract: what `check`, `help` and the server say of them names the
// plugin, and the line of the Corefile that asks for it. Each stands in the folder of *whoami* in a
// copy of the program.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CONTROL, controlled, index, OPTIONS, PASSES, SERVE } from './support/plugin-files.ts'
import { ProgramCopy } from './support/program-copy.ts'
import { quietPort } from './support/quiet-port.ts'
import { freePorts } from './support/server-process.ts'

const program = new ProgramCopy({ after: run => test.after(run) })
const port = quietPort()
const corefile = `.:${port} {\n  bind 127.0.0.1\n  whoami\n}\n`

interface Bad {
  readonly rule: string
  readonly files: Readonly<Record<string, string>>
  readonly text: string | RegExp
}

/** What `check` and the server say alike. */
const bad: readonly Bad[] = [
  { rule: 'no index.ts', files: {}, text: 'src/plugins/whoami/index.ts is not there' },
  {
    rule: 'an index.ts that exports something else',
    files: { 'index.ts': 'export const other = {}\n' },
    text: 'src/plugins/whoami/index.ts exports no plugin whoami',
  },
  {
    rule: 'an index.ts with a syntax error',
    files: { 'index.ts': '\nexport const whoami = (: any) => 1\n' },
    text: 'src/plugins/whoami/index.ts cannot be loaded: src/plugins/whoami/index.ts:2: Expression expected',
  },
  {
    rule: 'an index.ts that imports what is not there',
    files: { 'index.ts': index(OPTIONS, `import './gone.ts'`) },
    text: /^src\/plugins\/whoami\/index\.ts cannot be loaded: Cannot find module '.*gone\.ts'/,
  },
  {
    rule: 'nothing that reads options',
    files: { 'index.ts': index('') },
    text: `src/plugins/whoami/index.ts: the plugin says nothing of its options: it needs 'options' or 'parse'`,
  },
  {
    rule: 'options that are no table',
    files: { 'index.ts': index('options: {}') },
    text: `src/plugins/whoami/index.ts: 'options' is no table of options`,
  },
  {
    rule: 'a half that is no function',
    files: { 'index.ts': index(`${OPTIONS}, serve: import('./serve.ts')`), 'serve.ts': PASSES },
    text: `src/plugins/whoami/index.ts: 'serve' is no function`,
  },
  {
    rule: 'a fact that is no function',
    files: { 'index.ts': index(`${OPTIONS}, facts: { changing: [] }`) },
    text: `src/plugins/whoami/index.ts: 'changing' is no function`,
  },
  {
    rule: 'a reader of options that fails',
    files: { 'index.ts': index('parse: directive => directive.nothing()') },
    text: 'its options cannot be read: directive.nothing is not a function',
  },
  {
    rule: 'options that hold a function',
    files: { 'index.ts': index('parse: () => ({ match: [() => 1] })') },
    text: `its options are not plain data: a function in 'match.0'`,
  },
  ...['changing', 'listensOn'].map(fact => ({
    rule: `a fact '${fact}' that fails`,
    files: {
      'index.ts': index(`${OPTIONS}, facts: { ${fact}: options => options.gone.zones }`),
    },
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
    files: { 'index.ts': index(`${OPTIONS}, facts: { ${fact}: () => (${gives}) }`) },
    text: `its fact '${fact}' fails: ${text}`,
  })),
  {
    rule: 'options that are null',
    files: { 'index.ts': index('options: null') },
    text: `src/plugins/whoami/index.ts: 'options' is no table of options`,
  },
  {
    rule: 'a name that cannot be read',
    files: { 'index.ts': `export const whoami = { get name() { throw new Error('boom') } }\n` },
    text: 'src/plugins/whoami/index.ts: the plugin cannot be read: boom',
  },
  {
    rule: 'a reader of options that throws what is no error',
    files: { 'index.ts': index('parse: () => { throw undefined }') },
    text: 'its options cannot be read: undefined',
  },
  ...(
    [
      ['a Proxy', 'new Proxy({}, {})', '#<Object> could not be cloned.'],
      ['a getter', `{ get a() { return 1 } }`, `a getter in 'a'`],
    ] as const
  ).map(([what, gives, text]) => ({
    rule: `options that are ${what}`,
    files: { 'index.ts': index(`parse: () => (${gives})`) },
    text: `its options are not plain data: ${text}`,
  })),
  {
    rule: 'no control half',
    files: { 'index.ts': index(`${OPTIONS}, ${CONTROL}`) },
    text: 'its control half (src/plugins/whoami) is not there',
  },
  {
    rule: 'a control half without its function',
    files: { 'index.ts': index(`${OPTIONS}, ${CONTROL}`), 'control.ts': 'export const x = 1\n' },
    text: `its control half (src/plugins/whoami) has no function 'control'`,
  },
  {
    rule: 'no serve half',
    files: { 'index.ts': index(`${OPTIONS}, ${SERVE}`) },
    text: 'its serve half (src/plugins/whoami/serve.ts) is not there',
  },
  {
    rule: 'a serve half without its function',
    files: {
      'index.ts': index(`${OPTIONS}, ${SERVE}`),
      'serve.ts': 'export const serve = 1\n',
    },
    text: `its serve half (src/plugins/whoami/serve.ts) has no function 'serve'`,
  },
  {
    rule: 'a serve half with a syntax error',
    files: {
      'index.ts': index(`${OPTIONS}, ${SERVE}`),
      'serve.ts': '\n\nexport const serve = (\n',
    },
    text: /^its serve half \(src\/plugins\/whoami\/serve\.ts\) cannot be loaded: src\/plugins\/whoami\/serve\.ts:\d: /,
  },
  {
    rule: 'a serve half that fails as it is loaded',
    files: {
      'index.ts': index(`${OPTIONS}, ${SERVE}`),
      'serve.ts': `${PASSES}throw new Error('boom')\n`,
    },
    text: 'its serve half (src/plugins/whoami/serve.ts) cannot be loaded: src/plugins/whoami/serve.ts:2: boom',
  },
]

/** The text behind `prefix` in a line that begins with it. */
const behind = (prefix: string, text: string): string => {
  const line = text.split('\n').find(one => one.startsWith(prefix))
  return line?.slice(prefix.length) ?? assert.fail(`no line begins with ${prefix}:\n${text}`)
}

const says = (told: string, text: string | RegExp): void =>
  typeof text === 'string' ? assert.equal(told, text) : assert.match(told, text)

for (const { rule, files, text } of bad) {
  test(`check refuses ${rule}`, () => {
    program.plugin('whoami', files)
    const { code, out, err } = program.run(corefile, 'check')
    assert.deepEqual({ code, err }, { code: 1, err: '' })
    says(behind('Corefile:3:3: error: plugin/whoami: ', out), text)
    assert.match(out, /^Corefile: 1 error$/m)
  })

  test(`the server refuses ${rule}`, () => {
    program.plugin('whoami', files)
    const { code, out, err } = program.run(corefile)
    assert.deepEqual({ code, out }, { code: 1, out: '' })
    says(behind('plugin/whoami: Corefile:3 - ', err), text)
    assert.equal(err.split('\n').length, 2)
  })
}

/** What only shows when the halves run. */
const failing: readonly (Bad & { readonly text: string })[] = [
  {
    rule: 'a control half that fails',
    files: {
      'index.ts': index(`${OPTIONS}, ${CONTROL}`),
      'control.ts': 'export const control = (options) => options.gone.zones\n',
    },
    text: `its control half fails: Cannot read properties of undefined (reading 'zones')`,
  },
  {
    rule: 'a control half that offers without end',
    files: {
      'index.ts': index(`${OPTIONS}, ${CONTROL}`),
      'control.ts': `export const control = (_, scope) => { for (;;) scope.offer({ name: 'zones' }, 1) }\n`,
    },
    text: `its control half fails: more than 1000 offers in one block, 'zones' the last`,
  },
  {
    rule: 'a task that is no function',
    files: {
      'index.ts': index(`${OPTIONS}, ${CONTROL}`),
      'control.ts': 'export const control = (_, scope) => scope.onStart(42)\n',
    },
    text: 'its control half fails: onStart takes a function',
  },
  {
    rule: 'a function for the shards',
    files: {
      'index.ts': index(`${OPTIONS}, ${CONTROL}`),
      'control.ts': 'export const control = () => ({ respond: () => 1 })\n',
    },
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
    files: controlled(body),
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
    ] as const
  ).map(([name, value, text]) => ({
    rule: `a setting '${name}' that is ${value}`,
    files: controlled(`scope.settings.${name} = ${value}`),
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
    files: controlled(`scope.${call}`),
    text: `its control half fails: ${text}`,
  })),
  ...['shared(0)', 'onStart(() => {})', `keep('x', () => ({ dispose() {} }))`].map(call => ({
    rule: `requests without end: ${call}`,
    files: controlled(`for (;;) scope.${call}`),
    text: `its control half fails: more than 10000 requests of one scope, ${call.split('(')[0]} the last`,
  })),
  {
    rule: 'a control half that throws what is no error',
    files: controlled('throw undefined'),
    text: 'its control half fails: undefined',
  },
  {
    rule: 'a load that waits for what fails',
    files: {
      'index.ts': index(`${OPTIONS}, ${CONTROL}`),
      'control.ts': `export const control = (_, scope) => scope.hold(Promise.reject(new Error('boom')))\n`,
    },
    text: 'what it lets the load wait for fails: boom',
  },
]
const serving: readonly { rule: string; serve: string; text: string }[] = [
  {
    rule: 'a serve half that fails',
    serve: `export const serve = () => { throw new Error('boom') }\n`,
    text: 'boom',
  },
  {
    rule: 'a serve half that gives no stage',
    serve: 'export const serve = () => ({})\n',
    text: 'what serve gives has no function wrap',
  },
  {
    rule: 'a stage that cannot be read',
    serve: `export const serve = () => ({ get wrap() { throw new Error('boom') } })\n`,
    text: 'boom',
  },
  {
    rule: 'a stage that reserves room for nothing',
    serve: `export const serve = () => ({ wrap: next => next, reserves: 'x' })\n`,
    text: `what serve gives has 'reserves' without 'leaving'`,
  },
  ...(
    [
      ['metadata', `'x'`, `is 'x', and no function`],
      ['search-paths', '{ concerns() {} }', `has no function 'of'`],
    ] as const
  ).map(([kind, value, text]) => ({
    rule: `an offer of ${kind} that is ${value}`,
    serve: `import '../../chain/search-paths.ts'
export const serve = (_, scope) => { scope.offer({ name: '${kind}' }, ${value}) }\n`,
    text: `the offer '${kind}' ${text}`,
  })),
  {
    rule: 'a request for permits that are nowhere',
    serve: 'export const serve = (_, scope) => scope.permits(NaN, 1)\n',
    text: 'permits takes an offset and a limit, not NaN and 1',
  },
  {
    rule: 'a request for records that are nowhere',
    serve: 'export const serve = (_, scope) => scope.records({})\n',
    text: 'records takes the ref of a map',
  },
  {
    rule: 'an offer of no kind',
    serve: 'export const serve = (_, scope) => scope.offer(undefined, 1)\n',
    text: 'an offer has no kind',
  },
  {
    rule: 'a serve half that leaves a promise to fail',
    serve: `export const serve = () => {
  void Promise.reject(new Error('stray'))
  return { wrap: next => next }
}\n`,
    text: 'a promise that nobody waits for fails: stray',
  },
  {
    rule: 'an error of several lines, in one',
    serve: `export const serve = () => { throw new Error('one\\n  two') }\n`,
    text: 'one two',
  },
  {
    rule: 'a stage that chooses questions without the fact',
    serve: 'export const serve = () => ({ wrap: next => next, accepts: () => true })\n',
    text: `what serve gives has 'accepts', and the plugin lacks the fact 'selects'`,
  },
  {
    rule: 'a stage that chooses questions on the fast path alone',
    serve: 'export const serve = () => ({ wrap: next => next, takes: () => true })\n',
    text: `what serve gives has 'takes' without 'accepts'`,
  },
]
for (const { rule, serve, text } of serving)
  test(`the server refuses ${rule}, at its place`, () => {
    program.plugin('whoami', { 'index.ts': index(`${OPTIONS}, ${SERVE}`), 'serve.ts': serve })
    const { code, err } = program.run(corefile)
    assert.deepEqual({ code, err }, { code: 1, err: `plugin/whoami: Corefile:3 - ${text}\n` })
  })

test('the place of a serve half that fails is that of its block', () => {
  program.plugin('whoami', {
    'index.ts': index(`parse: directive => ({ first: directive.blockZones[0] }), ${SERVE}`),
    'serve.ts': `export const serve = ({ first }) => {
  if (first === 'b.test.') throw new Error('boom')
  return { wrap: next => next }
}
`,
  })
  const text = `a.test:${port} {\n bind 127.0.0.1\n whoami\n}\nb.test:${port} {\n bind 127.0.0.1\n whoami\n}\n`
  assert.equal(program.run(text).err, 'plugin/whoami: Corefile:7 - boom\n')
})

for (const { rule, files, text } of failing)
  test(`the server refuses ${rule}`, () => {
    program.plugin('whoami', files)
    const { code, err } = program.run(corefile)
    assert.deepEqual({ code, err }, { code: 1, err: `plugin/whoami: Corefile:3 - ${text}\n` })
  })

test('check looks at a suspicion that fails as at any fault', () => {
  program.plugin('whoami', {
    'index.ts': index(`${OPTIONS}, facts: { suspicions: () => none }`),
  })
  const { code, out } = program.run(corefile, 'check')
  assert.equal(code, 1)
  assert.equal(
    behind('Corefile:3:3: error: plugin/whoami: ', out),
    `its fact 'suspicions' fails: none is not defined`,
  )
})

test('an inspecting half that is not there is a fault also where the machine is not looked at', () => {
  program.plugin('whoami', {
    'index.ts': index(`${OPTIONS}, inspect: () => import('./control.ts')`),
    'control.ts': 'export const control = () => 1\n',
  })
  const { code, out } = program.run(corefile, 'check', '--elsewhere')
  assert.equal(code, 1)
  assert.equal(
    behind('Corefile:3:3: error: plugin/whoami: ', out),
    `its inspect half (src/plugins/whoami) has no function 'inspect'`,
  )
})

test('help on a plugin that cannot be loaded is a sentence', () => {
  program.plugin('whoami', {})
  assert.deepEqual(program.run(corefile, 'help', 'whoami'), {
    code: 1,
    out: '',
    err: 'plugin/whoami: src/plugins/whoami/index.ts is not there\n',
  })
})

const HOOKS = ['onStart', 'onShutdown', 'onFinalShutdown', 'onRetire']

test('what fails of the tasks of a control half is logged under its name and that of the task', async t => {
  program.plugin('whoami', {
    'index.ts': index(`${OPTIONS}, ${CONTROL}, ${SERVE}`),
    'control.ts': `export const control = (_, scope) => {
  for (const hook of ${JSON.stringify(HOOKS)}) scope[hook](() => { throw new Error('boom') })
}
`,
    'serve.ts': `export const serve = (_, scope) => {
  scope.onRetire(() => { throw new Error('bang') })
  return { wrap: next => next }
}
`,
  })
  const server = program.start(t, corefile)
  await server.seen(/^\[INFO\] engine/m)
  assert.equal(await server.stop(), 4)
  const failures = server.out.match(/^\[ERROR\] .*$/gm) ?? []
  assert.deepEqual(failures.toSorted(), [
    '[ERROR] plugin/whoami: onFinalShutdown failed: boom',
    '[ERROR] plugin/whoami: onRetire failed: bang',
    '[ERROR] plugin/whoami: onRetire failed: boom',
    '[ERROR] plugin/whoami: onShutdown failed: boom',
    '[ERROR] plugin/whoami: onStart failed: boom',
  ])
})

test('a path on an HTTP address that fails is logged under the name of its plugin', async t => {
  const [at] = await freePorts(1)
  program.plugin('whoami', {
    'index.ts': index(`${OPTIONS}, ${CONTROL}`),
    'control.ts': `export const control = (_, scope) => scope.http({
  address: '127.0.0.1:${at}', path: '/x', onBindFailure: 'fatal', respond: () => none,
})
`,
  })
  const server = program.start(t, corefile)
  await server.seen(/^\[INFO\] engine/m)
  assert.equal((await fetch(`http://127.0.0.1:${at}/x`)).status, 500)
  await server.seen(/^\[ERROR\] HTTP request for \/x failed: plugin\/whoami: none is not defined$/m)
})

test('a serve half that does not come to an end is named while it is waited for', async t => {
  program.plugin('whoami', {
    'index.ts': index(`${OPTIONS}, ${SERVE}`),
    'serve.ts': 'export const serve = () => { for (;;); }\n',
  })
  const server = program.start(t, corefile)
  await server.seen(/^\[WARNING\] shard 0 takes long to load plugin\/whoami$/m)
})
