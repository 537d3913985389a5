// What may be given as a module: packages, CommonJS, odd paths, links, classes.

import assert from 'node:assert/strict'
import { symlinkSync } from 'node:fs'
import { test } from 'node:test'
import { serving } from '../support/greeting-plugin.ts'
import { PluginFolder } from '../support/plugin-folder.ts'

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
