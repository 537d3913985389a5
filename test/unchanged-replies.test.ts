// `Reply.bytes` never changes: the tests that bring replies through chains run here once more, with
// replies that remember what they were made of.

import assert from 'node:assert/strict'
import { type ResolveFnOutput, registerHooks } from 'node:module'
import { after } from 'node:test'
import { repositoryPaths } from './support/source-files.ts'

const REPLY = new URL('../src/chain/reply/reply.ts', import.meta.url).href
const WATCHED = new URL('./fakes/watched-reply.ts', import.meta.url).href

registerHooks({
  resolve(specifier, context, nextResolve) {
    const found = nextResolve(specifier, context) as ResolveFnOutput
    return found.url === REPLY && context.parentURL !== WATCHED ? { ...found, url: WATCHED } : found
  },
})

const { madeReplies } = await import('./fakes/watched-reply.ts')

const suites = repositoryPaths(
  'src/chain/**/*.test.ts',
  'src/plugins/{cache,loadbalance}/**/*.test.ts',
  'src/plugins/kubernetes/answer/*.test.ts',
  'test/bombs.test.ts',
)
for (const suite of suites) await import(`../${suite}`)

after(() => {
  const { count, changed } = madeReplies()
  assert.deepEqual(changed, [])
  assert.ok(count > 1000, `only ${count} replies were made`)
})
