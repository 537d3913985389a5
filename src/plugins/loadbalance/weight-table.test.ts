import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Worker } from 'node:worker_threads'
import { query, replyTo } from '../../../test/support/messages.ts'
import { makeBoard, WeightReader, writeBoard } from './weight-board.ts'
import { parseWeights, WeightTable } from './weight-table.ts'

const reply = replyTo(query('www.example.org.'), {
  answer: [
    'WWW.Example.org. 1 IN A 192.0.2.1',
    'www.example.org. 1 IN A 192.0.2.9',
    'www.example.org. 1 IN AAAA 2001:db8::1',
    'net. 1 IN A 192.0.2.1',
  ],
})
const weightsIn = (table: WeightTable): number[] =>
  [0, 1, 2, 3].map(index => table.weightOf(reply, index))

const good: { name: string; text: string; expected: number[] }[] = [
  { name: 'an empty file', text: '', expected: [1, 1, 1, 1] },
  {
    name: 'comments, blanks and CRLF',
    text: '# c\r\n\r\n  www.example.org.\r\n 192.0.2.1\t3 \r\n',
    expected: [3, 1, 1, 1],
  },
  {
    name: 'the final dot may be missing, letter case does not count',
    text: 'WWW.EXAMPLE.ORG\n192.0.2.1 2',
    expected: [2, 1, 1, 1],
  },
  {
    name: 'both families',
    text: 'www.example.org\n192.0.2.1 2\n2001:DB8:0::1 255',
    expected: [2, 1, 255, 1],
  },
  {
    name: 'an IPv4-mapped address is IPv4',
    text: 'www.example.org\n::ffff:192.0.2.1 4',
    expected: [4, 1, 1, 1],
  },
  {
    name: 'a name given twice',
    text: 'www.example.org\n192.0.2.1 2\nnet\n192.0.2.1 5\nwww.example.org\n192.0.2.9 7',
    expected: [2, 7, 1, 5],
  },
  {
    name: 'the first of two weights counts',
    text: 'www.example.org\n192.0.2.1 2\n192.0.2.1 9',
    expected: [2, 1, 1, 1],
  },
]

for (const c of good) {
  test(`weight file: ${c.name}`, () =>
    assert.deepEqual(weightsIn(new WeightTable(parseWeights(c.text, 'f'))), c.expected))
}

const bad: { text: string; message: string }[] = [
  {
    text: '192.0.2.1',
    message: 'wrong domain name:"192.0.2.1" in weight file f. (Maybe a missing weight value?)',
  },
  { text: 'a..b', message: 'wrong domain name:"a..b" in weight file f' },
  { text: 'a\nb 1', message: 'wrong IP address:"b" in weight file f' },
  { text: 'a\n192.0.2.1 0', message: 'wrong weight value:"0" in weight file f' },
  { text: 'a\n192.0.2.1 256', message: 'wrong weight value:"256" in weight file f' },
  { text: 'a\n192.0.2.1 -1', message: 'wrong weight value:"-1" in weight file f' },
  { text: '192.0.2.1 1', message: 'missing domain name in weight file f' },
  { text: ' a b c ', message: 'could not parse weight line:"a b c" in weight file f' },
]

for (const c of bad) {
  test(`weight file error: ${c.message}`, () =>
    assert.throws(() => parseWeights(c.text, 'f'), { message: c.message }))
}

test('weight board: readers see each new table, and none before the first', () => {
  const board = makeBoard()
  const reader = new WeightReader(board)
  assert.deepEqual(weightsIn(reader.table), [1, 1, 1, 1])
  writeBoard(board, parseWeights('www.example.org\n192.0.2.1 2', 'f'))
  assert.deepEqual(weightsIn(reader.table), [2, 1, 1, 1])
  const long = Array.from({ length: 5000 }, (_, i) => `n${i}.example.org\n192.0.2.1 9`).join('\n')
  writeBoard(board, parseWeights(`www.example.org\n192.0.2.1 3\n${long}`, 'f'))
  assert.deepEqual(weightsIn(reader.table), [3, 1, 1, 1])
  writeBoard(board, [])
  assert.deepEqual(weightsIn(reader.table), [1, 1, 1, 1])
})

test('weight board: a reader that meets a write keeps its table', () => {
  const board = makeBoard()
  const reader = new WeightReader(board)
  writeBoard(board, parseWeights('www.example.org\n192.0.2.1 2', 'f'))
  assert.deepEqual(weightsIn(reader.table), [2, 1, 1, 1])
  const version = new Int32Array(board)
  Atomics.add(version, 0, 1)
  assert.deepEqual(weightsIn(reader.table), [2, 1, 1, 1])
})

test('weight board: a table over 4 MiB is refused', () => {
  const name = `${'x'.repeat(60)}.`.repeat(4)
  const entries = Array.from({ length: 20_000 }, () => [name, []] as [string, []])
  assert.throws(() => writeBoard(makeBoard(), entries), { message: 'weight table is too large' })
})

test('weight board: other threads see what main writes', async () => {
  const board = makeBoard()
  writeBoard(board, parseWeights('www.example.org\n192.0.2.1 7', 'f'))
  const source = `
    import { parentPort, workerData } from 'node:worker_threads'
    const { WeightReader } = await import(workerData.module)
    const reader = new WeightReader(workerData.board)
    const bytes = workerData.bytes
    const layout = { ownerOffset: () => 0, rdataOffset: () => bytes.length - 4, rdataLength: () => 4 }
    const weigh = () => parentPort.postMessage(reader.table.weightOf({ bytes, layout }, 0))
    parentPort.on('message', () => (weigh(), parentPort.close()))
    weigh()`
  const bytes = Uint8Array.fromHex(`${'00'.repeat(12)}c0000201`)
  const moduleUrl = new URL('./weight-board.ts', import.meta.url).href
  const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(source)}`), {
    workerData: { board, bytes, module: moduleUrl },
  })
  try {
    assert.equal(await nextMessage(worker), 1)
    writeBoard(board, parseWeights('.\n192.0.2.1 9', 'f'))
    worker.postMessage('look again')
    assert.equal(await nextMessage(worker), 9)
  } finally {
    await worker.terminate()
  }
})

const nextMessage = (worker: Worker): Promise<unknown> =>
  new Promise((resolve, reject) => {
    worker.once('message', resolve)
    worker.once('error', reject)
  })
