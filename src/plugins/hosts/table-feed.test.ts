import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type TestContext, test } from 'node:test'
import { Worker } from 'node:worker_threads'
import { ZoneSet } from '../../core/zones.ts'
import { nameFromText } from '../../wire/name.ts'
import { parseHosts } from './hosts-file.ts'
import { buildTable } from './table.ts'
import { type TableFeed, TablePublisher } from './table-feed.ts'

const tableOf = (text: string): SharedArrayBuffer => buildTable(parseHosts(text, new ZoneSet(['.'])), [], true).buffer
const wire = (name: string): Uint8Array => nameFromText(name) ?? assert.fail()

// A shard: says 'ready', then 'known' once its table has the name.
const SHARD = `
  import { parentPort, workerData } from 'node:worker_threads'
  const { TableReader } = await import(workerData.module)
  const reader = new TableReader(workerData.feed)
  parentPort.postMessage('ready')
  const look = () => {
    if (reader.table.has(workerData.name)) {
      parentPort.postMessage('known')
      reader.close()
    } else setImmediate(look)
  }
  look()
`

const startShard = async (
  t: TestContext,
  feed: TableFeed,
  name: string,
): Promise<{ known: Promise<unknown>; exit: Promise<unknown> }> => {
  const workerData = { module: new URL('./table-feed.ts', import.meta.url).href, feed, name: wire(name) }
  const worker = new Worker(SHARD, { eval: true, workerData })
  t.after(() => worker.terminate())
  const exit = once(worker, 'exit')
  assert.deepEqual(await once(worker, 'message'), ['ready'])
  return { known: once(worker, 'message'), exit }
}

test('a published table reaches every shard', async t => {
  const publisher = new TablePublisher(tableOf('192.0.2.1 old'))
  t.after(() => publisher.close())
  const shards = await Promise.all([startShard(t, publisher.feed, 'new.'), startShard(t, publisher.feed, 'new.')])
  publisher.publish(tableOf('192.0.2.1 new'))
  for (const shard of shards) assert.deepEqual(await shard.known, ['known'])
})

test('a shard that starts with an old table asks for the newest, and its feed keeps no thread alive', async t => {
  const publisher = new TablePublisher(tableOf('192.0.2.1 old'))
  t.after(() => publisher.close())
  const booted = publisher.feed
  publisher.publish(tableOf('192.0.2.1 newer'))
  publisher.publish(tableOf('192.0.2.1 newest'))
  const shard = await startShard(t, booted, 'newest.')
  assert.deepEqual(await shard.known, ['known'])
  assert.deepEqual(await shard.exit, [0])
})

test('feeds of two publishers are apart', () => {
  const [first, second] = [new TablePublisher(tableOf('')), new TablePublisher(tableOf(''))]
  assert.notEqual(first.feed.channel, second.feed.channel)
  first.close()
  second.close()
})
