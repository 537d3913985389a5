// What stands behind a CNAME record: what the server itself answers for its target.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { chain, query, replyTo, show } from '../../../test/support/plugin-harness.ts'
import { next, rule } from '../../../test/support/template-chain.ts'
import type { Query } from '../../chain/query/query.ts'
import { template } from './index.ts'

/** What the server answers to questions of the plugin's own. */
const resolving = async (
  lines: string[],
  resolve: (request: Query, name: string, type: number) => ReturnType<typeof next>,
) => {
  const asked: string[] = []
  const built = await chain(template, rule(...lines), {
    keys: 'example.org',
    next,
    serve: {
      resolve: async (request: Query, name: string, type: number) => {
        asked.push(`${name} ${type}`)
        return resolve(request, name, type)
      },
    },
  })
  return { ...built, asked }
}

const CNAME = 'answer "{{ .Name }} 5 IN CNAME t.example.net."'

test('the target of a CNAME record stands behind it, as far as it is there', async () => {
  const { handle, asked } = await resolving(
    [CNAME, 'answer "b. 5 IN A 192.0.2.2" "c. 5 IN CNAME u."', 'additional "d. 5 IN CNAME e."'],
    (request, name) =>
      name === 'u.'
        ? replyTo(request, { rcode: 'NXDOMAIN' })
        : replyTo(request, {
            answer: ['t.example.net. 9 IN A 192.0.2.9'],
            additional: ['x. 1 IN A 192.0.2.1'],
            tc: true,
          }),
  )
  const shown = show(await handle(query('www.example.org.')))
  assert.deepEqual(shown.answer, [
    'www.example.org. 5 IN CNAME t.example.net.',
    't.example.net. 9 IN A 192.0.2.9',
    'b. 5 IN A 192.0.2.2',
    'c. 5 IN CNAME u.',
  ])
  assert.deepEqual(
    [shown.rcode, shown.flags, shown.additional],
    ['NOERROR', 'qr aa tc rd', ['d. 5 IN CNAME e.']],
  )
  assert.deepEqual(asked, ['t.example.net. 1', 'u. 1'])
})

test('it is looked up for addresses only', async () => {
  const { handle, asked } = await resolving([CNAME], request => replyTo(request, {}))
  await handle(query('www.example.org.', 'ANY'))
  assert.deepEqual(asked, [])
})

test('nothing is looked up for an answer that fails', async () => {
  const { handle, asked } = await resolving([CNAME, 'answer "x"'], request => replyTo(request, {}))
  await assert.rejects(async () => handle(query('www.example.org.')))
  assert.deepEqual(asked, [])
})
