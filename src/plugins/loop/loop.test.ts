import assert from 'node:assert/strict'
import test, { type TestContext } from 'node:test'
import { fakeUpstream, type Respond } from '../../../test/fakes/fake-upstream.ts'
import {
  type Chain,
  chain,
  fakeControl,
  fakeServe,
  options,
  parseError,
  query,
  replyTo,
} from '../../../test/support/plugin-harness.ts'
import { systemClock } from '../../base/time/clock.ts'
import type { Query } from '../../chain/query/query.ts'
import { readQuestion } from '../../wire/question.ts'
import { TYPE_HINFO } from '../../wire/rrtypes.ts'
import { control as controlLoop } from './control.ts'
import { loop } from './index.ts'
import { serve as serveLoop } from './serve.ts'
import { SIGHTINGS, SWITCHED_OFF } from './words.ts'

const argument = (token: string): RegExp =>
  new RegExp(`Wrong argument count or unexpected line ending after '${token}'$`)

test('loop takes no arguments and no block, and stands once in a block', () => {
  assert.deepEqual(options(loop, 'loop'), { zone: '.' })
  assert.match(parseError(loop, 'loop x'), argument('x'))
  assert.match(parseError(loop, 'loop {\nx\n}'), /Unexpected token '\{', expecting argument$/)
  assert.equal(parseError(loop, 'loop\nloop'), 'this plugin can only be used once per Server Block')
})

test('the zone is the first of the block', () => {
  assert.deepEqual(options(loop, 'loop', 'Example.org example.com'), { zone: 'example.org.' })
})

/** The shard half alone, with the name that main drew. */
const shard = (zone = '.') => {
  const control = fakeControl()
  const shared = controlLoop({ zone }, control)
  assert.ok(shared)
  const serve = fakeServe({ control })
  const stage = serveLoop({ zone }, serve, shared)
  assert.ok(stage)
  const handle = stage.wrap(asked => replyTo(asked))
  return {
    shared,
    control,
    serve,
    handle,
    see: (name: string, type = 'HINFO'): unknown =>
      handle(query(name, type, { client: '192.0.2.53' })),
  }
}

test('the probe’s name is two random numbers below the zone, another each time', () => {
  const names = Array.from({ length: 20 }, () => shard('example.org.').shared.qname)
  for (const name of names) assert.match(name, /^\d{1,19}\.\d{1,19}\.example\.org\.$/)
  assert.equal(new Set(names).size, 20)
  assert.match(shard('.').shared.qname, /^\d+\.\d+\.$/)
})

test('the third sighting ends the process, with the text that CoreDNS prints', () => {
  const { see, serve, shared } = shard()
  see(shared.qname)
  see(shared.qname)
  assert.deepEqual(serve.fatals, [])
  see(shared.qname)
  assert.deepEqual(serve.fatals, [
    `Loop (192.0.2.53:40000 -> :53) detected for zone ".", see https://coredns.io/plugins/loop#troubleshooting. Query: "HINFO ${shared.qname}"`,
  ])
})

test('sightings add up over all shards', () => {
  const { see, shared, control } = shard()
  const other = fakeServe({ control, shard: 1 })
  const handle = serveLoop({ zone: '.' }, other, shared)?.wrap(asked => replyTo(asked))
  see(shared.qname)
  see(shared.qname)
  handle?.(query(shared.qname, 'HINFO'))
  assert.equal(other.fatals.length, 1)
})

test('other names and other types are not counted, and every query is passed on', () => {
  const { see, serve, shared, control } = shard()
  for (let count = 0; count < 5; count++) {
    assert.ok(see(`1.${shared.qname}`))
    assert.ok(see('example.org.'))
    assert.ok(see(shared.qname, 'A'))
  }
  assert.ok(see(shared.qname))
  assert.equal(control.sharedWords[shared.word + SIGHTINGS], 1)
  assert.deepEqual(serve.fatals, [])
})

test('once switched off nothing is counted', () => {
  const { see, serve, shared, control } = shard()
  control.sharedWords[shared.word + SWITCHED_OFF] = 1
  for (let count = 0; count < 5; count++) see(shared.qname)
  assert.deepEqual(serve.fatals, [])
})

/** The whole plugin on a listener that a test plays. */
const onListener = async (
  t: TestContext,
  respond: Respond,
): Promise<Chain & { word(offset: number): number }> => {
  const server = await fakeUpstream(respond)
  const listeners = [
    { index: 0, label: 'tls://:853' },
    { index: 1, label: `dns://:${server.port}` },
  ]
  const started = await chain(loop, 'loop', {
    next: asked => replyTo(asked),
    control: { clock: systemClock, block: { listeners } },
  })
  t.after(async () => {
    await started.retire()
    await server.close()
  })
  return { ...started, word: offset => Atomics.load(started.control.sharedWords, offset) }
}

const until = async (isDone: () => boolean): Promise<void> => {
  while (!isDone()) await new Promise(setImmediate)
}

test('the probe is HINFO with RD to the first listener for UDP, over loopback for a wildcard; its reply switches detection off', async t => {
  const seen: Query['bytes'][] = []
  const { word } = await onListener(t, asked => {
    seen.push(asked.bytes)
    asked.reply()
  })
  await until(() => word(SWITCHED_OFF) === 1)
  assert.equal(seen.length, 1)
  const question = readQuestion(seen[0]!)
  assert.deepEqual([question?.type, question?.class, seen[0]![2]], [TYPE_HINFO, 1, 1])
})

test('an unanswered probe forgets its sightings and is sent again', async t => {
  let probes = 0
  const { word, control } = await onListener(t, asked => {
    probes += 1
    if (probes > 1) return asked.reply()
    control.sharedWords[SIGHTINGS] = 2
    asked.send(new Uint8Array(1))
  })
  await until(() => word(SWITCHED_OFF) === 1)
  assert.equal(probes, 2)
  assert.equal(word(SIGHTINGS), 0)
})

test('retiring ends detection at once', async t => {
  const asked = Promise.withResolvers<void>()
  const { retire, word } = await onListener(t, () => asked.resolve())
  await asked.promise
  await retire()
  assert.equal(word(SWITCHED_OFF), 1)
})

for (const listeners of [[], [{ index: 0, label: 'tls://:853' }]])
  test(`a block with ${listeners.length} listeners, none for UDP, takes no part`, () => {
    const control = fakeControl({ block: { listeners } })
    const shared = controlLoop({ zone: '.' }, control)
    assert.equal(shared, undefined)
    assert.equal(serveLoop({ zone: '.' }, fakeServe({ control }), shared), undefined)
  })
