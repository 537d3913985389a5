// What the package gives to those that import it: its doors, how light they are, and what its types
// say. The package itself is packed and used elsewhere.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import * as shardns from '../src/index.ts'
import * as options from '../src/options.ts'
import * as wire from '../src/wire.ts'
import { ROOT, readRepositoryFile, repositoryPaths, sourceFiles } from './support/source-files.ts'

interface Door {
  readonly types: string
  readonly default: string
}

const { exports: doors } = JSON.parse(readRepositoryFile('package.json')) as {
  exports: Record<string, string | Door>
}

/** Of each door for programs, the file that the build makes it of. */
const ENTRIES = { '.': 'src/index.ts', './options': 'src/options.ts', './wire': 'src/wire.ts' }

for (const [door, source] of Object.entries(ENTRIES))
  test(`package.json, exports: ${door} is built from ${source}, with its types`, () => {
    assert.ok(repositoryPaths(source).length === 1)
    assert.deepEqual(doors[door], {
      types: `./dist/${source.replace(/ts$/, 'd.ts')}`,
      default: `./dist/${source.replace(/ts$/, 'js')}`,
    })
  })

test('package.json, exports: beside them nothing but package.json and the READMEs', () =>
  assert.deepEqual(
    Object.entries(doors).filter(([door]) => !Object.hasOwn(ENTRIES, door)),
    ['./package.json', './README.md', './src/plugins/*/README.md'].map(path => [path, path]),
  ))

test('the doors give what they say', () => {
  const { answer, record, errorReply, edit, after, definePlugin } = shardns
  for (const each of [answer, record, errorReply, edit, after, definePlugin])
    assert.equal(typeof each, 'function')
  assert.equal(shardns.SILENCE.bytes.length, 0)
  assert.ok(new shardns.CorefileError([]) instanceof shardns.ShardnsError)
  assert.equal(typeof options.optionTable, 'function')
  assert.equal(wire.typeToText(wire.TYPE_HTTPS), 'HTTPS')
})

/** Files that a door loads at once, relative to the repository. */
const loadedBy = (entry: string): string[] => {
  const program = `
    import { registerHooks } from 'node:module'
    const urls = []
    registerHooks({ load: (url, context, next) => (urls.push(url), next(url, context)) })
    await import('./${entry}')
    console.log(JSON.stringify(urls))`
  const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', program], {
    cwd: ROOT,
    encoding: 'utf8',
  })
  const prefix = new URL('../', import.meta.url).href
  return (JSON.parse(stdout) as string[])
    .filter(url => url.startsWith('file:'))
    .map(url => url.replace(prefix, url.includes('/node_modules/') ? '/' : ''))
}

const ROOMS_OF_BOTH_THREADS =
  /^src\/(?:wire|memory|base|corefile|zone|cache|records|chain|library)\//

for (const entry of Object.values(ENTRIES))
  test(`${entry} loads what both threads have, and little of that`, () => {
    const loaded = loadedBy(entry)
    assert.ok(loaded.includes(entry))
    assert.deepEqual(
      loaded.filter(
        path =>
          path !== entry &&
          !ROOMS_OF_BOTH_THREADS.test(path) &&
          !path.includes('/node_modules/ipaddr.js/'),
      ),
      [],
    )
    // A shard has most of them already.
    assert.ok(loaded.length < 100, `${loaded.length} files`)
    const shard = new Set(loadedBy('src/shard/shard.ts'))
    const more = loaded.filter(path => !shard.has(path))
    assert.ok(more.length <= 30, `${more.length} more than a shard has: ${more.join(', ')}`)
  })

test('what is public has a comment, unless its types say all of it', () => {
  // Of functions, which promise something.
  const files = sourceFiles('src/library').filter(({ isTest }) => !isTest)
  const bare = files.flatMap(({ path, text }) =>
    [...text.matchAll(/(?<!\*\/\n)^export const (\w+) = /gm)].map(([, name]) => `${path} ${name}`),
  )
  const isPublic = (found: string): boolean => Object.hasOwn(shardns, found.split(' ')[1] ?? '')
  assert.deepEqual(bare.filter(isPublic), [])
})
