import assert from 'node:assert/strict'
import test from 'node:test'
import { SocketAllowance, socketsPerThread } from './socket-allowance.ts'

test('no more sockets are open than the limit, and a closed one makes room', () => {
  const sockets = new SocketAllowance(2)
  assert.deepEqual(
    [sockets.tryOpen(), sockets.tryOpen(), sockets.tryOpen(), sockets.open],
    [true, true, false, 2],
  )
  sockets.closed()
  assert.deepEqual([sockets.tryOpen(), sockets.tryOpen()], [true, false])
})

test('a limit lowered below what is open lets nothing new in', () => {
  const sockets = new SocketAllowance(2)
  sockets.tryOpen()
  sockets.tryOpen()
  sockets.limit = 1
  sockets.closed()
  assert.equal(sockets.tryOpen(), false)
})

const fill = (sockets: SocketAllowance, client: string): number => {
  let dialled = 0
  while (sockets.mayDial(client) && sockets.tryOpen()) {
    sockets.joined(client)
    dialled++
  }
  return dialled
}

test('a client alone has half of what connections may take; others have the rest, UDP a quarter', () => {
  const sockets = new SocketAllowance(160)
  assert.equal(fill(sockets, 'a'), 61)
  assert.equal(fill(sockets, 'b'), 41)
  assert.ok(sockets.mayDial('c'))
  for (let n = 0; n < 100; n++) fill(sockets, `${n}`)
  assert.equal(sockets.open, 120)
  assert.equal(sockets.mayDial('newcomer'), false)
  assert.equal(sockets.tryOpen(), true)
})

test('what a client has given back it may open again', () => {
  const sockets = new SocketAllowance(160)
  fill(sockets, 'a')
  for (let n = 0; n < 10; n++) {
    sockets.left('a')
    sockets.closed()
  }
  assert.equal(fill(sockets, 'a'), 10)
})

const cases = [
  {
    name: 'half of the descriptors, shared by all threads',
    threads: 4,
    openFiles: 1024,
    sockets: 128,
  },
  {
    name: 'no more than there are ephemeral ports, however many descriptors',
    threads: 4,
    openFiles: 1 << 20,
    sockets: 4096,
  },
  { name: 'never so few that nothing works', threads: 64, openFiles: 256, sockets: 16 },
]
for (const { name, threads, openFiles, sockets } of cases) {
  test(`each thread gets ${name}`, () =>
    assert.equal(socketsPerThread(threads, openFiles), sockets))
}

test('the limit of this process is read from the system', () => {
  assert.ok(socketsPerThread(1) >= 16)
})
