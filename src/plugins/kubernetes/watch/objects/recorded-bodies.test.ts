// What a real API server sends, in JSON and in protobuf: lists, lists as events, and watches make
// the same records of both.

import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { ManualTimers } from '../../../../../test/fakes/api-server.ts'
import { type World, worldOf } from '../../../../../test/fakes/cluster.ts'
import {
  connectionTo,
  inPieces,
  recordedAnswer,
  recordedChunks,
} from '../../../../../test/fakes/recorded-api.ts'
import { toHex } from '../../../../base/text/byte-text.ts'
import type { AskParts } from '../../../../kube/get.ts'
import type { KubeError } from '../../../../kube/kube-error.ts'
import { Limiter } from '../../../../kube/limiter.ts'
import { list } from '../../../../kube/list.ts'
import { GuardedSink, type Sink } from '../../../../kube/sink.ts'
import { Watch } from '../../../../kube/watch.ts'
import { ENTRY_VALUE_BYTES } from '../../../../records/layout.ts'
import { keyBytesOf, keyKindOf, keyWordOf, valueWordOf } from '../../../../records/table.ts'
import type { Change } from '../publish/publisher.ts'

const KINDS = ['services', 'endpointslices', 'namespaces', 'pods'] as const
type Kind = (typeof KINDS)[number]
const LANGUAGES = ['json', 'protobuf'] as const

const sinkOf = ({ cluster }: World, kind: Kind): Sink =>
  ({
    services: cluster.services,
    endpointslices: cluster.slices,
    namespaces: cluster.namespaces,
    pods: cluster.pods,
  })[kind]

/** Every record: kind, key and value in hex. */
const recordsIn = ({ map }: World): string[] => {
  const records: string[] = []
  map.walk((words, bytes, entry) => {
    const [key, value] = [4 * keyWordOf(entry), 4 * valueWordOf(words, entry)]
    const length = words[entry + ENTRY_VALUE_BYTES] ?? 0
    records.push(
      [
        keyKindOf(words, entry),
        toHex(bytes.slice(key, key + keyBytesOf(words, entry))),
        toHex(bytes.slice(value, value + length)),
      ].join(' '),
    )
  })
  return records.sort()
}

const partsOf = async (
  t: TestContext,
  pieces: Parameters<typeof connectionTo>[1],
  name: string,
): Promise<AskParts> => {
  const timers = new ManualTimers()
  return {
    connection: await connectionTo(t, pieces),
    resource: { name, path: `/api/v1/${name}`, hasProtobuf: true },
    timers,
    limiter: new Limiter({ qps: 1000, burst: 1000, maxInflight: 0, timers }),
  }
}

/**
 * A recorded answer chunk by chunk, the next when `taken` is called: a reader that gets two events
 * at once tells of the last state alone.
 */
const chunkByChunk = (file: string) => {
  let turn: PromiseWithResolvers<void> | undefined
  const pieces = async function* (): AsyncGenerator<Buffer> {
    const [head, ...chunks] = recordedChunks(file)
    yield head!
    for (const chunk of chunks) {
      await turn?.promise
      turn = Promise.withResolvers()
      yield chunk
    }
  }
  return { pieces: pieces(), taken: () => turn?.resolve() }
}

const NEVER = new AbortController().signal
const ignore = (): void => undefined

interface Reading {
  readonly file: string
  readonly kind: Kind
  /** Undefined: a list in one page. */
  readonly version?: string
  readonly isEvents: boolean
  readonly comes?: Comes | undefined
}

/** How much of an answer is there at a time: all that the system passes on, if not given. */
type Comes = 'chunk by chunk' | { readonly bytes: number }

/** Has the world read the answer. Returns the version to go on from. */
const read = async (
  t: TestContext,
  world: World,
  { file, kind, version, isEvents, comes }: Reading,
): Promise<string | undefined> => {
  const { pieces, taken } =
    comes === 'chunk by chunk'
      ? chunkByChunk(file)
      : { pieces: inPieces(recordedAnswer(file), comes?.bytes), taken: ignore }
  const parts = await partsOf(t, pieces, kind)
  const log = { debug: assert.fail, info: assert.fail, warning: assert.fail, error: assert.fail }
  const sink = new GuardedSink(sinkOf(world, kind), log, kind)
  if (!isEvents) return list({ ...parts, takesProtobuf: true }, sink, NEVER)
  const options = { version, random: 0, mayRewind: false, takesProtobuf: true }
  const watch = new Watch(parts, sink, options)
  await watch.run({ begun: ignore, listed: ignore, told: taken }, NEVER)
  assert.equal(watch.isProtobuf, file.includes('protobuf'))
  return watch.version
}

const newWorld = (): World => worldOf({ hasPodFacts: true })

interface Read {
  readonly version: string | undefined
  readonly records: readonly string[]
  readonly changes: readonly Change[]
  readonly logged: readonly string[]
}

const readAll = async (
  t: TestContext,
  what: 'list' | 'stream' | 'watch',
  language: string,
  comes: Comes | undefined = what === 'watch' ? 'chunk by chunk' : undefined,
): Promise<Read> => {
  const world = newWorld()
  const versions: (string | undefined)[] = []
  for (const kind of KINDS) {
    const file = `${what}-${kind}-${language}.response`
    const version = what === 'watch' ? { version: '401' } : {}
    versions.push(
      await read(t, world, { file, kind, ...version, isEvents: what !== 'list', comes }),
    )
  }
  world.cluster.services.flush()
  await world.cluster.idle()
  const { changes, logged } = world
  return { version: versions.join(' '), records: recordsIn(world), changes, logged }
}

for (const what of ['list', 'stream', 'watch'] as const)
  test(`recorded answers, ${what}: the same records in JSON and in protobuf`, async t => {
    const [json, protobuf] = [await readAll(t, what, 'json'), await readAll(t, what, 'protobuf')]
    assert.ok(json.changes.length > 5, `${json.changes.length} changes`)
    assert.deepEqual(protobuf, json)
  })

test('a watch that comes in pieces of any size comes to the same records', async t => {
  const { records, version } = await readAll(t, 'watch', 'json')
  for (const language of LANGUAGES)
    for (const bytes of [1, 100, 100_000]) {
      const read = await readAll(t, 'watch', language, { bytes })
      assert.deepEqual([read.records, read.version], [records, version])
    }
})

test('a list and a list as events make the same records', async t => {
  for (const language of LANGUAGES) {
    const [listed, told] = [
      await readAll(t, 'list', language),
      await readAll(t, 'stream', language),
    ]
    assert.deepEqual(told.records, listed.records)
  }
})

for (const bytes of [1, 7, 100])
  test(`protobuf that comes ${bytes} bytes at a time`, async t => {
    const whole = await readAll(t, 'stream', 'protobuf')
    assert.deepEqual(await readAll(t, 'stream', 'protobuf', { bytes }), whole)
  })

test('2,000 endpoints: the same records in JSON and in protobuf', async t => {
  const found = []
  for (const file of [
    'big-2000-endpoints-json.response.gz',
    'big-2000-endpoints-protobuf.response',
  ]) {
    const world = newWorld()
    await read(t, world, { file: 'list-services-json.response', kind: 'services', isEvents: false })
    await read(t, world, { file, kind: 'endpointslices', isEvents: false })
    await world.cluster.idle()
    found.push(recordsIn(world))
  }
  assert.deepEqual(found[1], found[0])
})

test('a first page in protobuf has a continue token, as in JSON', async t => {
  const asked = []
  for (const file of ['list-paged-1.response', 'list-paged-protobuf-1.response']) {
    const parts = await partsOf(t, [recordedAnswer(file)], 'services')
    const tokens: string[] = []
    const connection = {
      ...parts.connection,
      get: (path: string, options: Parameters<typeof parts.connection.get>[1]) => {
        tokens.push(options.query.continue ?? '')
        if (tokens.length > 1) throw new Error('enough')
        return parts.connection.get(path, options)
      },
    }
    const log = { debug: assert.fail, info: assert.fail, warning: assert.fail, error: assert.fail }
    const sink = new GuardedSink(sinkOf(newWorld(), 'services'), log, 'services')
    await assert.rejects(
      list({ ...parts, connection, takesProtobuf: true }, sink, NEVER),
      /^Error: enough$/,
    )
    asked.push(tokens.length, (tokens[1] ?? '').length > 20)
  }
  assert.deepEqual(asked, [2, true, 2, true])
})

/** Kind, status, words, and whether a list is wanted. */
const failureOf = async (t: TestContext, file: string, isWatch: boolean): Promise<unknown[]> => {
  const version = isWatch ? { version: '5' } : {}
  try {
    await read(t, newWorld(), { file, kind: 'services', ...version, isEvents: isWatch })
  } catch (error) {
    const { kind, status, said, isExpired, retryAfterMs } = error as KubeError
    return [kind, status, said, isExpired, retryAfterMs]
  }
  return []
}

for (const { json, protobuf, isWatch } of [
  { json: 'list-403', protobuf: 'list-403-protobuf', isWatch: false },
  { json: 'gone-continue', protobuf: 'gone-continue-protobuf', isWatch: false },
  { json: 'gone-watch-json', protobuf: 'gone-watch-protobuf', isWatch: true },
])
  test(`a refusal in protobuf says what it says in JSON: ${protobuf}`, async t => {
    const said = await failureOf(t, `${json}.response`, isWatch)
    assert.equal(said[0], 'status')
    assert.deepEqual(await failureOf(t, `${protobuf}.response`, isWatch), said)
  })

test('a refusal in plain words, whatever was asked for', async t => {
  assert.deepEqual(await failureOf(t, 'busy-429-protobuf.response', true), [
    'status',
    429,
    'Too many requests, please try again later.',
    false,
    1000,
  ])
})
