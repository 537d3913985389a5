import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fileLoader } from '../process/load/file-loader.ts'
import { inspectBlocks } from './keys.ts'
import { directiveOf, directivesInSetupOrder } from './options/directive.ts'
import { chainOrder, DIRECTIVES, type Placed } from './order.ts'
import { parseCorefile, surveyCorefile } from './parse/parser.ts'

const inspect = (text: string) =>
  inspectBlocks(
    parseCorefile({ text, file: 'Corefile', baseDir: '/nonexistent' }, fileLoader, {}).blocks,
    { defaultPort: 53 },
  )

test('setup goes directive by directive in chain order, then block by block', () => {
  const blocks = inspect('a.org {\nwhoami\nlog\ncache\n}\nb.org {\ncache 5\nerrors\nlog\n}')
  const steps = [...directivesInSetupOrder(blocks)].map(
    ({ blockIndex, directive }) => `${directive.name} ${blockIndex}`,
  )
  assert.deepEqual(steps, ['errors 1', 'log 0', 'log 1', 'cache 0', 'cache 1', 'whoami 0'])
})

test('each directive starts afresh with the zones of its block', () => {
  const [step] = directivesInSetupOrder(inspect('10.0.0.0/15 {\nlog x\n}'))
  assert.deepEqual(step?.directive.blockZones, ['0.10.in-addr.arpa.', '1.10.in-addr.arpa.'])
  assert.ok(step?.directive.next())
  assert.deepEqual(step?.directive.remainingArgs(), ['x'])
})

test('a directive that the block does not have is undefined', () => {
  const [inspected] = inspect('. {\nlog\n}')
  assert.ok(inspected)
  assert.equal(directiveOf(inspected.block, 'cache', inspected.zones), undefined)
  assert.equal(directiveOf(inspected.block, '__proto__', inspected.zones), undefined)
})

test('each directive once, those of CoreDNS in its order', () => {
  assert.equal(new Set(DIRECTIVES).size, DIRECTIVES.length)
  const order = [
    'rewrite',
    'autopath',
    'acl',
    'cache',
    'dnssec',
    'tls',
    'kubernetes',
    'forward',
    'whoami',
    'nomad',
  ]
  assert.deepEqual(
    DIRECTIVES.filter(name => order.includes(name)),
    order,
  )
})

const around = (order: readonly string[], name: string): readonly (string | undefined)[] => {
  const at = order.indexOf(name)
  return [order[at - 1], name, order[at + 1]]
}

const placed: readonly {
  rule: string
  given: readonly Placed[]
  name: string
  stands: readonly [string, string, string]
}[] = [
  {
    rule: 'in front of the first plugin that answers, where nothing is said',
    given: [{ name: 'greet' }],
    name: 'greet',
    stands: ['minimal', 'greet', 'template'],
  },
  {
    rule: 'in the order given there',
    given: [{ name: 'b' }, { name: 'a' }],
    name: 'a',
    stands: ['b', 'a', 'template'],
  },
  {
    rule: 'in front of what it says',
    given: [{ name: 'greet', before: 'cache' }],
    name: 'greet',
    stands: ['acl', 'greet', 'cache'],
  },
  {
    rule: `in CoreDNS's place, if CoreDNS has it`,
    given: [{ name: 'dnstap' }],
    name: 'dnstap',
    stands: ['log', 'dnstap', 'local'],
  },
  {
    rule: 'elsewhere although CoreDNS has it, if it says so',
    given: [{ name: 'dnstap', before: 'whoami' }],
    name: 'dnstap',
    stands: ['erratic', 'dnstap', 'whoami'],
  },
  {
    rule: 'in front of another that is given later',
    given: [{ name: 'a', before: 'b' }, { name: 'b' }],
    name: 'a',
    stands: ['minimal', 'a', 'b'],
  },
  {
    rule: 'in front of the first of all',
    given: [{ name: 'a', before: 'metadata' }],
    name: 'a',
    stands: ['root', 'a', 'metadata'],
  },
]
for (const { rule, given, name, stands } of placed)
  test(`a plugin that is given stands ${rule}`, () => {
    const order = chainOrder(given)
    assert.deepEqual(around(order, name), stands)
    assert.deepEqual([...order].sort(), [...new Set([...DIRECTIVES, ...names(given)])].sort())
  })

const names = (given: readonly Placed[]): string[] => given.map(({ name }) => name)

for (const { rule, given, message } of [
  {
    rule: 'in front of what is no directive',
    given: [{ name: 'a', before: 'cach' }],
    message: `plugin/a: before=cach is no directive: did you mean 'cache'?`,
  },
  {
    rule: 'in front of itself',
    given: [{ name: 'a', before: 'a' }],
    message: 'plugin/a: before=a leads to itself',
  },
  {
    rule: 'in front of each other',
    given: [
      { name: 'a', before: 'b' },
      { name: 'b', before: 'a' },
    ],
    message: 'plugin/a: before=b leads to itself',
  },
])
  test(`no plugin stands ${rule}`, () => assert.throws(() => chainOrder(given), { message }))

test('without others the order is what it is', () => assert.deepEqual(chainOrder([]), DIRECTIVES))

test('the parser, its hints and the steps know the directives of an order', () => {
  const order = chainOrder([{ name: 'greet', before: 'log' }])
  const source = { text: '. {\nlog\ngreet\n}', file: 'Corefile', baseDir: '/nonexistent' }
  const { blocks } = parseCorefile(source, fileLoader, {}, order)
  const steps = directivesInSetupOrder(inspectBlocks(blocks, { defaultPort: 53 }), order)
  assert.deepEqual(
    [...steps].map(({ directive }) => directive.name),
    ['greet', 'log'],
  )
  const { errors } = surveyCorefile({ ...source, text: '. {\ngret\n}' }, fileLoader, {}, order)
  assert.deepEqual(
    errors.map(({ hint }) => hint),
    [`did you mean 'greet'?`],
  )
})
