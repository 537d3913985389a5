// The floor of our own engine: every datagram is sent back with QR set, in the batches it came in,
// with no DNS in between. node bench/echo/mmsg.ts PORT

import { CacheKey } from '../../src/cache/key.ts'
import { PLAIN_SERVING } from '../../src/chain/listening.ts'
import { FastQuery } from '../../src/chain/query/fast-query.ts'
import { DEFAULT_TCP_LIMITS, type Receiver } from '../../src/net/engine.ts'
import { MmsgEngine } from '../../src/net/mmsg/engine.ts'
import { makeInboundMemory } from '../../src/net/mmsg/inbound-layout.ts'
import { openLibc } from '../../src/net/mmsg/libc.ts'
import { MmsgSocket } from '../../src/net/mmsg/socket.ts'
import { openUdpGroup } from '../../src/net/mmsg/sockets.ts'

const QR = 0x80
const RECEIVE_BUFFER_BYTES = 4 << 20

const port = Number(process.argv[2])
const libc = openLibc()
if (typeof libc === 'string') throw new Error(libc)

const query = new FastQuery(new CacheKey([0, 0]))
const receiver: Receiver = {
  listener: { index: 0, label: '' },
  tcpLimits: DEFAULT_TCP_LIMITS,
  serving: PLAIN_SERVING,
  fast({ words, at, length, out, outWords, outAt }) {
    const from = at >> 2
    const to = outAt >> 2
    for (let word = 0; word << 2 < length; word++) outWords[to + word] = words[from + word]!
    out[outAt + 2] = out[outAt + 2]! | QR
    return length
  },
  batchSent() {},
  receive: (_bytes, _transport, _client, _local, respond) => respond(undefined),
}
const group = openUdpGroup(
  libc,
  { address: '127.0.0.1', port },
  { sockets: 1, recvBufferBytes: RECEIVE_BUFFER_BYTES },
)
const counts = { full() {}, refused() {}, batch() {} }
const onFailure = (reason: string): void => {
  throw new Error(reason)
}
const engine = new MmsgEngine({ libc, inbound: makeInboundMemory(), query, counts, onFailure })
engine.add(
  new MmsgSocket(group.fds[0] ?? -1, receiver, { address: '127.0.0.1', port, family: 4 }, group),
)
