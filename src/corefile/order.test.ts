import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fileLoader } from '../process/load/file-loader.ts'
import { directiveOf, directivesInSetupOrder } from './directive.ts'
import { inspectBlocks } from './keys.ts'
import { DIRECTIVES } from './order.ts'
import { parseCorefile } from './parser.ts'

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
