// Files of a plugin's folder under src/plugins that do not fit: what `check` and the server say of
// them. Each stands in the folder of *whoami* in a copy of the program. What else a plugin may do
// wrong stands in bad-plugins.test.ts.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CONTROL, index, OPTIONS, PASSING, SERVE } from './support/plugin-files.ts'
import { ProgramCopy } from './support/program-copy.ts'
import { quietPort } from './support/quiet-port.ts'

const program = new ProgramCopy({ after: run => test.after(run) })
const corefile = `.:${quietPort()} {\n  bind 127.0.0.1\n  whoami\n}\n`

const bad: readonly {
  readonly rule: string
  readonly files: Readonly<Record<string, string>>
  readonly text: string | RegExp
}[] = [
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
    files: { 'index.ts': index(`${OPTIONS}, serve: import('./serve.ts')`), 'serve.ts': PASSING },
    text: `src/plugins/whoami/index.ts: 'serve' is no function`,
  },
  {
    rule: 'a fact that is no function',
    files: { 'index.ts': index(`${OPTIONS}, facts: { changing: [] }`) },
    text: `src/plugins/whoami/index.ts: 'changing' is no function`,
  },
  {
    rule: 'a name that cannot be read',
    files: { 'index.ts': `export const whoami = { get name() { throw new Error('boom') } }\n` },
    text: 'src/plugins/whoami/index.ts: the plugin cannot be read: boom',
  },
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
    files: { 'index.ts': index(`${OPTIONS}, ${SERVE}`), 'serve.ts': 'export const serve = 1\n' },
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
      'serve.ts': `${PASSING}throw new Error('boom')\n`,
    },
    text: 'its serve half (src/plugins/whoami/serve.ts) cannot be loaded: src/plugins/whoami/serve.ts:2: boom',
  },
]

/** The text behind `prefix` in a line that begins with it. */
const behind = (prefix: string, text: string): string => {
  const line = text.split('\n').find(one => one.startsWith(prefix))
  return line?.slice(prefix.length) ?? assert.fail(`no line begins with ${prefix}:\n${text}`)
}

for (const { rule, files, text } of bad)
  test(`check and the server refuse ${rule}`, () => {
    program.plugin('whoami', files)
    const checked = program.run(corefile, 'check')
    const served = program.run(corefile)
    assert.deepEqual([checked.code, checked.err, served.code, served.out], [1, '', 1, ''])
    for (const told of [
      behind('Corefile:3:3: error: plugin/whoami: ', checked.out),
      behind('plugin/whoami: Corefile:3 - ', served.err),
    ])
      if (typeof text === 'string') assert.equal(told, text)
      else assert.match(told, text)
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
