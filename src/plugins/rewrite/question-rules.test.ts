import assert from 'node:assert/strict'
import { test } from 'node:test'
import { query, replyTo, show } from '../../../test/support/plugin-harness.ts'
import { rewriting } from '../../../test/support/rewrite-chain.ts'
import type { Query } from '../../chain/query/query.ts'
import { nameToText } from '../../wire/name.ts'
import { classToText, typeToText } from '../../wire/rrtypes.ts'

const questionOf = ({ question }: Query): string =>
  `${nameToText(question.wire)} ${classToText(question.class)} ${typeToText(question.type)}`

const questions: { rule: string; text: string; name: string; type?: string; asked: string }[] = [
  {
    rule: 'exact',
    text: 'rewrite name a.test b.net',
    name: 'A.Test.',
    asked: 'b.net. IN A',
  },
  {
    rule: 'what no rule is for keeps its letters',
    text: 'rewrite name a.test b.net',
    name: 'X.A.Test.',
    asked: 'X.A.Test. IN A',
  },
  {
    rule: 'prefix takes the place of the first label',
    text: 'rewrite name prefix web two',
    name: 'web.web.test.',
    asked: 'two.web.test. IN A',
  },
  {
    rule: 'suffix needs no border of labels',
    text: 'rewrite name suffix nodot.test inner.test',
    name: 'xnodot.test.',
    asked: 'xinner.test. IN A',
  },
  {
    rule: 'a suffix that becomes the root',
    text: 'rewrite name suffix root.test .',
    name: 'root.test.',
    asked: '. IN A',
  },
  {
    rule: 'every substring',
    text: 'rewrite name substring prod stage',
    name: 'a.prod.prod.test.',
    asked: 'a.stage.stage.test. IN A',
  },
  {
    rule: 'a dollar sign in a new name is one',
    text: 'rewrite name substring prod $&',
    name: 'a.prod.test.',
    asked: 'a.$&.test. IN A',
  },
  {
    rule: 'regex: the rest of the name is lost',
    text: 'rewrite name regex db-([0-9]+)[.] node{1}.lan',
    name: 'x.DB-7.test.',
    asked: 'node7.lan. IN A',
  },
  {
    rule: 'regex: all that matched, twice, and groups that took no part',
    text: 'rewrite name regex ^(a)?(b) {0}.x{1}{0}',
    name: 'b.test.',
    asked: 'b.xb. IN A',
  },
  {
    rule: 'regex: what a group took is not looked at again',
    text: String.raw`rewrite name regex ^(.*)\.(b)\.test\.$ {1}.{2}.net`,
    name: '{2}.b.test.',
    asked: '{2}.b.net. IN A',
  },
  {
    rule: 'names are compared with their escapes',
    text: String.raw`rewrite name "a\ b.test" c.net`,
    name: String.raw`a\ b.test.`,
    asked: 'c.net. IN A',
  },
  {
    rule: 'a rule in stop mode is the last that is looked at',
    text: 'rewrite name a.test b.test\nrewrite name b.test c.test',
    name: 'a.test.',
    asked: 'b.test. IN A',
  },
  {
    rule: 'a rule in continue mode is not',
    text: 'rewrite continue name a.test b.test\nrewrite name b.test c.test',
    name: 'a.test.',
    asked: 'c.test. IN A',
  },
  {
    rule: 'rules that do not apply do not stop',
    text: 'rewrite name x.test b.test\nrewrite name a.test c.test',
    name: 'a.test.',
    asked: 'c.test. IN A',
  },
  {
    rule: 'type',
    text: 'rewrite type ANY HINFO',
    name: 'A.test.',
    type: 'ANY',
    asked: 'A.test. IN HINFO',
  },
  { rule: 'class', text: 'rewrite class IN CH', name: 'a.test.', asked: 'a.test. CH A' },
  {
    rule: 'cname in stop mode ends the rules for all questions',
    text: 'rewrite cname x.test y.test\nrewrite name a.test b.test',
    name: 'a.test.',
    asked: 'a.test. IN A',
  },
]
for (const { rule, text, name, type, asked } of questions)
  test(`rewrite asks: ${rule}`, async () => {
    const { handle, seen } = await rewriting(text, request => replyTo(request))
    const shown = show(await handle(query(name, type)))
    assert.deepEqual(seen.map(questionOf), [asked])
    assert.equal(shown.question, `${name} IN ${type ?? 'A'}`)
  })

test('rewrite asks the very query where no rule changes it', async () => {
  const { handle, seen } = await rewriting('rewrite ttl a.test 5', request => replyTo(request))
  const asked = query('a.test.')
  await handle(asked)
  assert.equal(seen[0], asked)
})
