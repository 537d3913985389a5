import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PLUGIN_NAMES } from './index.ts'
import { BUILT_IN, PluginSet } from './plugin-set.ts'

const given = (...names: string[]) =>
  names.map(name => ({ name, module: 'file:///nonexistent/greet.js' }))

for (const { rule, names, message } of [
  {
    rule: 'a blank',
    names: ['gr eet'],
    message: `plugin/gr eet: the name may have letters, digits, '-' and '_', and nothing else`,
  },
  {
    rule: 'no name',
    names: [''],
    message: `plugin/: the name may have letters, digits, '-' and '_', and nothing else`,
  },
  {
    rule: 'a dot',
    names: ['a.b'],
    message: `plugin/a.b: the name may have letters, digits, '-' and '_', and nothing else`,
  },
  {
    rule: 'a name that is taken',
    names: ['cache'],
    message: 'plugin/cache: the name is that of a plugin of shardns',
  },
  { rule: 'a name twice', names: ['a', 'b', 'a'], message: 'plugin/a: the name is given twice' },
  {
    rule: 'a word of the language',
    names: ['import'],
    message: 'plugin/import: the name has a meaning of its own in a Corefile',
  },
])
  test(`a set refuses ${rule}`, () =>
    assert.throws(() => new PluginSet(given(...names)), { message }))

test('a set has the plugins of the program, and what it was given, in the order of the chain', () => {
  assert.deepEqual(BUILT_IN.names, PLUGIN_NAMES)
  const set = new PluginSet(given('greet', 'dnstap', '__proto__'))
  const own = set.names.filter(name => set.isOutside(name))
  assert.deepEqual(own, ['dnstap', 'greet', '__proto__'])
  assert.deepEqual(
    set.names.filter(name => !own.includes(name)),
    PLUGIN_NAMES,
  )
  assert.equal(BUILT_IN.isOutside('greet'), false)
})

test('a load that is given up throws the reason', async () => {
  const signal = AbortSignal.abort(new Error('enough'))
  const load = new PluginSet(given('greet')).loadAll(['greet'], { signal })
  await assert.rejects(load, { message: 'enough' })
})

test('plugins are loaded by name; what is no plugin of the set is left out', async () => {
  const set = new PluginSet(given('greet'))
  const loaded = await set.loadAll(['greet', 'whoami', 'dnstap', 'nothing'])
  assert.deepEqual([...loaded.keys()].sort(), ['greet', 'whoami'])
  const greet = loaded.get('greet')
  assert.ok(greet instanceof Error)
  assert.equal(greet.message, '/nonexistent/greet.js is not there')
  assert.equal((await BUILT_IN.loadAll(['greet'])).size, 0)
})
