import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { temporaryFolder } from '../../test/support/server-process.ts'
import { DIRECTIVES } from '../corefile/order.ts'
import { loadPlugin, PLUGIN_NAMES } from '../plugins/index.ts'
import { run } from './run.ts'

const json = async (...argv: string[]): Promise<unknown> => {
  let out = ''
  const code = await run(argv, {
    out: text => void (out += text),
    err: text => assert.fail(text),
    serve: () => assert.fail('serves'),
    stdin: () => assert.fail('reads'),
  })
  assert.equal(code, 0)
  assert.ok(out.endsWith('\n'))
  return JSON.parse(out)
}

for (const flag of ['--json', '-json', '-json=true'])
  test(`version ${flag}: what -version prints, and the engine that can be had here`, async () => {
    const { engine, engineReason, ...facts } = (await json('version', flag)) as Record<
      string,
      string
    >
    const { version, revision, ...fixed } = facts
    assert.match(version ?? '', /^\d+\.\d+\.\d+/)
    assert.match(revision ?? '', /^(?:[0-9a-f]{7}|release|unknown)$/)
    assert.ok(['mmsg', 'dgram'].includes(engine ?? ''))
    assert.notEqual(engineReason, '')
    assert.equal(fixed.name, 'shardns')
    assert.equal(fixed.coredns, '1.14.7')
    assert.match(fixed.platform ?? '', /^[a-z]+\/[a-z0-9]+$/)
    assert.equal(fixed.node, process.versions.node)
    assert.equal(Object.keys(fixed).length, 4)
  })

interface Listed {
  readonly name: string
  readonly position: number
  readonly summary: string
  readonly coredns: boolean
  readonly builtIn: boolean
  readonly options: readonly Record<string, unknown>[]
}

test('plugins --json: every plugin in the order of the chain, its options as help has them', async () => {
  const listed = (await json('plugins', '--json')) as Listed[]
  assert.deepEqual(
    listed.map(({ name }) => name),
    PLUGIN_NAMES,
  )
  for (const { name, position, summary, coredns, options, ...others } of listed) {
    assert.deepEqual(others, { builtIn: true })
    assert.equal(position, PLUGIN_NAMES.indexOf(name) + 1)
    assert.match(summary, /^\S.*\.$/)
    assert.equal(coredns, DIRECTIVES.includes(name))
    const { options: table } = await loadPlugin(name)
    assert.deepEqual(
      options.map(option => [option.syntax, option.summary]),
      (table?.facts ?? []).map(({ syntax, does }) => [syntax, does]),
    )
  }
})

test('plugins --json: the facts of an option', async () => {
  const listed = (await json('plugins', '--json')) as Listed[]
  const options = listed.flatMap(plugin => plugin.options)
  const fields = ['name', 'syntax', 'kind', 'default', 'range', 'repeatable', 'support', 'summary']
  for (const option of options) assert.deepEqual(Object.keys(option), fields)
  const values = (field: string) => new Set(options.map(option => option[field]))
  assert.deepEqual(values('kind'), new Set(['argument', 'option', 'line']))
  assert.ok(values('support').isSubsetOf(new Set(['yes', 'refused', 'retired'])))
  assert.deepEqual(values('repeatable'), new Set([true, false]))
})

test('plugins --json --plugin: one from outside among the others, in its place', async t => {
  const module = join(temporaryFolder(t), 'mine.mjs')
  const definition = `{ description: 'does nothing.', serve: () => ({ handle: (query, next) => next() }) }`
  writeFileSync(module, `export default ${definition}\n`)
  const flag = `--plugin=mine=${module},before=cache`
  const listed = (await json('plugins', flag, '--json')) as Listed[]
  const at = PLUGIN_NAMES.indexOf('cache')
  assert.deepEqual(listed[at], {
    name: 'mine',
    position: at + 1,
    summary: 'does nothing.',
    coredns: false,
    builtIn: false,
    options: [],
  })
  assert.equal(listed.length, PLUGIN_NAMES.length + 1)
})
