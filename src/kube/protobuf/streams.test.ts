// Lists and watches in protobuf as streams of bytes: in chunks of any size, with fields that nobody
// knows, larger than usual, and damaged.

import assert from 'node:assert/strict'
import test from 'node:test'
import { enveloped, eventFrame, run } from '../../../test/fakes/kube-api/protobuf.ts'
import { recordedBody } from '../../../test/fakes/recorded-api.ts'
import { KubeError } from '../kube-error.ts'
import { ITEM_LIMIT_BYTES, type ListHead } from '../list-splitter.ts'
import { EventFrames } from './event-frames.ts'
import { ListRuns } from './list-runs.ts'
import type { ObjectBytes } from './object-bytes.ts'
import { DamagedProtobuf } from './wire.ts'

const text = (field: number, value: string): Buffer => run(field, Buffer.from(value))
const join = (...parts: readonly Buffer[]): Buffer => Buffer.concat(parts)

const object = (name: string, ...rest: readonly Buffer[]): Buffer =>
  join(run(1, join(text(1, name), text(3, 'shop'), text(6, '7'))), ...rest)
const METADATA = run(1, text(2, '42'))
const listOf = (...parts: readonly Buffer[]): Buffer =>
  enveloped('v1', 'ServiceList', join(...parts))

const pushAll = (reader: { push(chunk: Uint8Array): void }, bytes: Buffer, size: number): void => {
  for (let at = 0; at < bytes.length; at += size) reader.push(bytes.subarray(at, at + size))
}

const readList = (bytes: Buffer, size = bytes.length): { names: string[]; head: ListHead } => {
  const names: string[] = []
  const reader = new ListRuns(item =>
    names.push(`${item.metadata.namespace}/${item.metadata.name}`),
  )
  pushAll(reader, bytes, size)
  return { names, head: reader.end() }
}

const readEvents = (bytes: Buffer, size = bytes.length): string[] => {
  const events: string[] = []
  const reader = new EventFrames((type, one) => {
    const name = type === 'ERROR' ? JSON.stringify(one) : (one as ObjectBytes).metadata.name
    events.push(`${type} ${name}`)
  })
  pushAll(reader, bytes, size)
  return events
}

const UNKNOWN = join(
  Buffer.from('f80101', 'hex'),
  run(99, Buffer.from('whatever')),
  Buffer.from('a10d0102030405060708', 'hex'),
)

for (const { name, list, names } of [
  { name: 'no items', list: listOf(METADATA), names: [] },
  {
    name: 'two items',
    list: listOf(METADATA, run(2, object('a')), run(2, object('b'))),
    names: ['shop/a', 'shop/b'],
  },
  {
    name: 'metadata behind the items',
    list: listOf(run(2, object('a')), METADATA),
    names: ['shop/a'],
  },
  {
    name: 'fields that nobody knows, everywhere',
    list: join(
      Buffer.from('k8s\0'),
      UNKNOWN,
      listOf(UNKNOWN, METADATA, run(2, object('a', UNKNOWN)), UNKNOWN).subarray(4),
      UNKNOWN,
    ),
    names: ['shop/a'],
  },
  {
    name: 'an item of 1.5 MiB',
    list: listOf(
      METADATA,
      run(2, object('a', run(2, Buffer.alloc(1536 * 1024)))),
      run(2, object('b')),
    ),
    names: ['shop/a', 'shop/b'],
  },
  {
    name: 'an item without anything',
    list: listOf(METADATA, run(2, Buffer.alloc(0))),
    names: ['/'],
  },
])
  for (const size of [1, 3, 1000, 65_536])
    if (size > 3 || list.length < 10_000)
      test(`a list in chunks of ${size} bytes: ${name}`, () => {
        const { names: found, head } = readList(list, size)
        assert.deepEqual([found, head.resourceVersion, head.kind], [names, '42', 'ServiceList'])
      })

for (const { name, list } of [
  { name: 'nothing', list: Buffer.alloc(0) },
  { name: 'another magic', list: Buffer.from('k9s\0\x0a\x00') },
  { name: 'JSON', list: Buffer.from('{"kind":"ServiceList","items":[]}') },
  { name: 'only the magic', list: Buffer.from('k8s\0') },
  { name: 'no list', list: join(Buffer.from('k8s\0'), run(1, text(2, 'ServiceList'))) },
  { name: 'no resourceVersion', list: listOf(run(2, object('a'))) },
  { name: 'another kind', list: enveloped('v1', 'Service', METADATA) },
  { name: 'two lists', list: join(listOf(METADATA), run(2, METADATA)) },
  { name: 'a packed object', list: join(listOf(METADATA), text(3, 'gzip')) },
  { name: 'an object in JSON', list: join(listOf(METADATA), text(4, 'application/json')) },
  {
    name: 'an item larger than it may be',
    list: listOf(METADATA, join(Buffer.from('1281808004', 'hex'), Buffer.alloc(100))),
  },
  {
    name: 'an item that ends behind its list',
    list: join(Buffer.from('k8s\0\x12\x04\x12\x05', 'latin1'), Buffer.alloc(100)),
  },
  {
    name: 'a length of eleven bytes',
    list: listOf(METADATA, Buffer.from('128080808080808080808000', 'hex')),
  },
  {
    name: 'a list of 2^60 bytes',
    list: Buffer.from('6b38730012ffffffffffffffff0f', 'hex'),
  },
  { name: 'a group', list: listOf(METADATA, Buffer.from('13', 'hex'), Buffer.alloc(50)) },
  { name: 'metadata that is damaged', list: listOf(run(1, Buffer.from('12ff', 'hex'))) },
  {
    name: 'an object whose metadata is damaged',
    list: listOf(METADATA, run(2, run(1, Buffer.from('0aff', 'hex')))),
  },
  {
    name: 'more beside its items than there may be',
    list: listOf(METADATA, ...Array.from({ length: 3 }, () => run(7, Buffer.alloc(500_000)))),
  },
])
  for (const size of [1000, 65_536])
    test(`a damaged list in chunks of ${size} bytes: ${name}`, () => {
      assert.throws(() => readList(list, size), DamagedProtobuf)
    })

test('a list that is cut at any place is not whole', () => {
  const list = listOf(METADATA, run(2, object('a')), run(2, object('b')))
  const end = list.length - 4
  for (let at = 0; at < end; at++)
    assert.throws(() => readList(list.subarray(0, at)), DamagedProtobuf, `${at} of ${list.length}`)
})

const added = (name: string): Buffer =>
  eventFrame('ADDED', enveloped('v1', 'Service', object(name)))

for (const size of [1, 5, 65_536])
  test(`events in chunks of ${size} bytes`, () => {
    const bytes = join(
      added('a'),
      eventFrame('BOOKMARK', enveloped('v1', 'Service', run(1, text(6, '9')))),
      eventFrame('NEWER', enveloped('v1', 'Service', object('b', UNKNOWN))),
      eventFrame(
        'ERROR',
        enveloped('v1', 'Status', join(text(3, 'no'), Buffer.from('309a03', 'hex'))),
      ),
      added('last').subarray(0, -1),
    )
    assert.deepEqual(readEvents(bytes, size), [
      'ADDED a',
      'BOOKMARK ',
      'NEWER b',
      'ERROR {"code":410,"message":"no","reason":"","details":{"causes":[],"retryAfterSeconds":0}}',
    ])
  })

test('an event of 1.5 MiB', () => {
  const large = object('a', run(2, Buffer.alloc(1536 * 1024)))
  const frame = eventFrame('MODIFIED', enveloped('v1', 'Service', large))
  assert.deepEqual(readEvents(join(frame, added('b')), 16_384), ['MODIFIED a', 'ADDED b'])
})

const frameOf = (bytes: Buffer): Buffer => {
  const length = Buffer.alloc(4)
  length.writeUInt32BE(bytes.length)
  return join(length, bytes)
}

for (const { name, frame } of [
  { name: 'a length that there may not be', frame: Buffer.from('7fffffff', 'hex') },
  { name: 'JSON', frame: Buffer.from('{"type":"ADDED","object":{}}\n') },
  { name: 'an event without an object', frame: frameOf(text(1, 'ADDED')) },
  { name: 'an empty event', frame: frameOf(Buffer.alloc(0)) },
  { name: 'an object without the magic', frame: eventFrame('ADDED', object('a')) },
  { name: 'an object that is cut', frame: eventFrame('ADDED', Buffer.from('k8s')) },
  { name: 'an event that is no message', frame: frameOf(Buffer.from('0a05', 'hex')) },
  {
    name: 'an error that is no message',
    frame: eventFrame('ERROR', enveloped('v1', 'Status', Buffer.from('1a09', 'hex'))),
  },
])
  test(`damaged: ${name}`, () => assert.throws(() => readEvents(frame), DamagedProtobuf))

test('a damaged event comes behind those before it', () => {
  const events: unknown[] = []
  const reader = new EventFrames(type => events.push(type))
  assert.throws(() => reader.push(join(added('a'), frameOf(Buffer.from('0a05', 'hex')))))
  assert.deepEqual(events, ['ADDED'])
})

test(`no more than ${ITEM_LIMIT_BYTES} bytes of one object are waited for`, () => {
  const reader = new EventFrames(() => undefined)
  const length = Buffer.alloc(4)
  length.writeUInt32BE(ITEM_LIMIT_BYTES + 1)
  assert.throws(() => reader.push(length), DamagedProtobuf)
})

/** A row of numbers that is the same each time. */
const randomOf = (seed: number) => {
  let state = seed
  return (below: number): number => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0
    return (state >>> 8) % below
  }
}

const ROUNDS = 400

for (const kind of ['services', 'endpointslices', 'pods'])
  test(`recorded bytes with any change are read or refused: ${kind}`, () => {
    const random = randomOf(kind.length)
    for (const [file, read] of [
      [`list-${kind}-protobuf.response`, readList],
      [`watch-${kind}-protobuf.response`, readEvents],
    ] as const) {
      const recorded = recordedBody(file)
      for (let round = 0; round < ROUNDS; round++) {
        const bytes = Buffer.from(recorded)
        for (let n = random(4); n >= 0; n--) bytes[random(bytes.length)] = random(256)
        const cut = random(3) === 0 ? bytes.subarray(0, random(bytes.length)) : bytes
        try {
          read(cut, 1 + random(5000))
        } catch (error) {
          if (!(error instanceof KubeError)) throw error
        }
      }
    }
  })
