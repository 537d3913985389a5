// What is no query is counted by reason, in either engine, and harms nobody.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { withoutLibc } from './fakes/loopback.ts'
import { query, show } from './support/messages.ts'
import { askUdp } from './support/raw-client.ts'
import { startServer } from './support/server-process.ts'

const good = query('a.test', 'A', { id: 0xfefe }).bytes
const changed = (change: (bytes: Uint8Array) => void): Uint8Array => {
  const bytes = good.slice()
  change(bytes)
  return bytes
}

/** Messages by the reason they are counted under. */
const MESSAGES: Readonly<Record<string, readonly Uint8Array[]>> = {
  short: [good.subarray(0, 11), good.subarray(0, 1)],
  response: [changed(bytes => void (bytes[2]! |= 0x80))],
  opcode: [changed(bytes => void (bytes[2]! |= 0x28))],
  malformed: [
    good.subarray(0, good.length - 1),
    changed(bytes => void (bytes[12] = 63)),
    changed(bytes => void (bytes[5] = 2)),
  ],
  oversized: [
    Uint8Array.of(...good, ...new Uint8Array(5000)),
    Uint8Array.of(...good, ...new Uint8Array(60_000)),
  ],
}

const SILENT = ['short', 'response']

const metricsOf = async (port: number): Promise<string> =>
  (await fetch(`http://127.0.0.1:${port}/metrics`)).text()

for (const engine of ['mmsg', 'dgram'] as const) {
  test(`engine ${engine}: messages that are no queries are counted by reason`, {
    timeout: 30_000,
    skip: engine === 'mmsg' && withoutLibc,
  }, async t => {
    const corefile = (port: number, metrics: number): string =>
      `.:${port} {\n bind 127.0.0.1\n prometheus 127.0.0.1:${metrics}\n hosts {\n  192.0.2.1 a.test\n }\n}\n`
    const server = await startServer(t, corefile, { ports: 2, args: ['--engine', engine] })
    for (const [reason, messages] of Object.entries(MESSAGES)) {
      for (const message of messages) {
        const replies = await askUdp(server.port, [message, good], SILENT.includes(reason) ? 1 : 2)
        assert.equal(show(replies.at(-1) ?? new Uint8Array()).rcode, 'NOERROR')
      }
    }
    // Its reply comes in a later turn: all that came before is counted by then.
    await askUdp(server.port, [good], 1)
    const metrics = await metricsOf(server.ports[1] ?? 0)
    for (const [reason, { length }] of Object.entries(MESSAGES)) {
      assert.match(
        metrics,
        new RegExp(`^shardns_rejected_messages_total\\{reason="${reason}"\\} ${length}$`, 'm'),
      )
    }
    assert.match(
      metrics,
      new RegExp(`^shardns_shards\\{engine="${engine}",reason="asked for"\\} 1$`, 'm'),
    )
    assert.match(metrics, /^shardns_udp_receive_drops 0$/m)
    const datagrams = Number(/^shardns_udp_datagrams_total (\d+)$/m.exec(metrics)?.[1])
    const sent = 2 * Object.values(MESSAGES).flat().length
    assert.ok(
      datagrams === sent || datagrams === sent + 1,
      `${datagrams} of ${sent + 1} datagrams counted`,
    )
  })
}
