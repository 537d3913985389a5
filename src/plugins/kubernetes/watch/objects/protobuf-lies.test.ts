// Recorded answers of an API server, changed so that they lie: the model of the cluster takes what
// can be read of them, or the connection ends; and the truth that follows makes the records that it
// makes alone. The changes are the same each time.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type World, worldOf } from '../../../../../test/fakes/cluster.ts'
import { generator } from '../../../../../test/fakes/crew.ts'
import { run } from '../../../../../test/fakes/kube-api/protobuf.ts'
import { recordedBody } from '../../../../../test/fakes/recorded-api.ts'
import { toHex } from '../../../../base/text/byte-text.ts'
import { KubeError } from '../../../../kube/kube-error.ts'
import { EventFrames } from '../../../../kube/protobuf/event-frames.ts'
import { ListRuns } from '../../../../kube/protobuf/list-runs.ts'
import { GuardedSink, type Sink } from '../../../../kube/sink.ts'
import { ENTRY_VALUE_BYTES } from '../../../../records/layout.ts'
import { keyKindOf, keyWordOf, valueWordOf } from '../../../../records/table.ts'

type Below = (limit: number) => number
type Change = (bytes: Buffer, below: Below) => Buffer

const LONGEST_NUMBER = Buffer.from('ffffffffffffffffff01', 'hex')
/** Fields that nobody knows: a number, a run of bytes, eight bytes, four bytes. */
const UNKNOWN = Buffer.from('f80101fa060161a10d0102030405060708a50d01020304', 'hex')
/** A thousand messages, each within the one before. */
const NESTED = Array.from({ length: 1000 }).reduce<Buffer>(inner => run(1, inner), Buffer.alloc(0))

const insert = (bytes: Buffer, at: number, what: Uint8Array): Buffer =>
  Buffer.concat([bytes.subarray(0, at), what, bytes.subarray(at)])

const CHANGES: Readonly<Record<string, Change>> = {
  'some bytes are others': (bytes, below) => {
    for (let n = below(6); n >= 0; n--) bytes[below(bytes.length)] = below(256)
    return bytes
  },
  'a bit is another': (bytes, below) => {
    const at = below(bytes.length)
    bytes[at] = (bytes[at] ?? 0) ^ (1 << below(8))
    return bytes
  },
  'it is cut': (bytes, below) => bytes.subarray(0, below(bytes.length)),
  'a part is missing': (bytes, below) => {
    const at = below(bytes.length)
    return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + below(200))])
  },
  'a part is there twice': (bytes, below) => {
    const at = below(bytes.length)
    return insert(bytes, at, bytes.subarray(at, at + 1 + below(2000)))
  },
  'a number has no end': (bytes, below) => insert(bytes, below(bytes.length), LONGEST_NUMBER),
  'lengths are longer': (bytes, below) => {
    for (let n = 0; n < 20; n++) {
      const at = below(bytes.length)
      if (((bytes[at] ?? 0) & 7) === 2) bytes[at + 1] = 0x70 + below(16)
    }
    return bytes
  },
  'unknown fields stand within': (bytes, below) => insert(bytes, below(bytes.length), UNKNOWN),
  'messages stand within messages': (bytes, below) => insert(bytes, below(bytes.length), NESTED),
  'texts are no UTF-8': (bytes, below) => {
    for (let n = 0; n < 50; n++) {
      const at = below(bytes.length)
      if ((bytes[at] ?? 0) >= 0x61 && (bytes[at] ?? 0) <= 0x7a) bytes[at] = 0x80 + below(128)
    }
    return bytes
  },
}

const KINDS = ['namespaces', 'services', 'endpointslices', 'pods'] as const
const ROUNDS = 40
/** Of a cluster of a few dozen objects. */
const MOST_RECORDS_BYTES = 1 << 20
const MOST_LINES = 100

const readInto = (sink: GuardedSink, bytes: Buffer, isList: boolean, chunkBytes: number): void => {
  const reader = isList
    ? new ListRuns(item => sink.put(item))
    : new EventFrames((type, object) => {
        if (type === 'ADDED' || type === 'MODIFIED') sink.put(object)
        else if (type === 'DELETED') sink.remove(object)
      })
  sink.listBegins()
  for (let at = 0; at < bytes.length; at += chunkBytes) {
    // What a connection had is overwritten by what follows.
    const chunk = Buffer.from(bytes.subarray(at, at + chunkBytes))
    reader.push(chunk)
    chunk.fill(0xff)
    sink.flush()
  }
  if (reader instanceof ListRuns) reader.end()
  sink.listEnds()
}

const newWorld = () => worldOf({ hasPodFacts: true, endpointPodNames: true })

const sinkOf = ({ cluster }: World, kind: string): Sink =>
  ({
    namespaces: cluster.namespaces,
    services: cluster.services,
    endpointslices: cluster.slices,
    pods: cluster.pods,
  })[kind] ?? assert.fail()

/** Every record, in hex. */
const recordsIn = ({ map }: World): string[] => {
  const records: string[] = []
  map.walk((words, bytes, entry) => {
    const start = 4 * keyWordOf(entry)
    const end = 4 * valueWordOf(words, entry) + (words[entry + ENTRY_VALUE_BYTES] ?? 0)
    records.push(`${keyKindOf(words, entry)} ${toHex(bytes.slice(start, end))}`)
  })
  return records.sort()
}

/** Reads one answer. False if it was refused. Nothing but that may be thrown, or fail in a sink. */
const take = (world: World, { kind, isList, bytes, chunkBytes }: Answer): boolean => {
  const logged: string[] = []
  const log = (line: string): void => void logged.push(line)
  const sink = new GuardedSink(
    sinkOf(world, kind),
    { debug: log, info: log, warning: log, error: log },
    kind,
  )
  let isTaken = true
  try {
    readInto(sink, bytes, isList, chunkBytes)
  } catch (error) {
    if (!(error instanceof KubeError)) throw error
    assert.match(error.message, /^the API server sends protobuf that cannot be read: .{5,80}$/)
    isTaken = false
  }
  assert.deepEqual(
    logged.filter(line => line.includes('could not be taken')),
    [],
  )
  return isTaken
}

interface Answer {
  readonly kind: string
  readonly isList: boolean
  readonly bytes: Buffer
  readonly chunkBytes: number
}

/** Reads all answers as they were recorded. Returns the records that there are then. */
const settle = async (world: World, what: string): Promise<string[]> => {
  for (const kind of KINDS) {
    const bytes = recordedBody(`${what}-${kind}-protobuf.response`)
    assert.ok(take(world, { kind, isList: what === 'list', bytes, chunkBytes: bytes.length }))
  }
  world.cluster.services.flush()
  await world.cluster.idle()
  return recordsIn(world)
}

for (const [seed, [name, change]] of Object.entries(CHANGES).entries())
  for (const what of ['list', 'stream', 'watch'])
    test(`recorded answers, ${what}: ${name}`, async () => {
      const below = generator(14 + seed)
      const world = newWorld()
      for (let round = 0; round < ROUNDS; round++)
        for (const kind of KINDS) {
          const recorded = recordedBody(`${what}-${kind}-protobuf.response`)
          const bytes = change(Buffer.from(recorded), below)
          const chunkBytes = 1 + below(3000)
          take(world, { kind, isList: what === 'list', bytes, chunkBytes })
        }
      assert.ok(world.changes.length > 0, 'what comes before a fault counts')
      assert.ok(world.logged.length < MOST_LINES, `${world.logged.length} lines`)
      const { usedBytes } = world.memory
      assert.ok(usedBytes < MOST_RECORDS_BYTES, `${usedBytes} bytes of records`)
      assert.deepEqual(await settle(world, what), await settle(newWorld(), what))
    })
