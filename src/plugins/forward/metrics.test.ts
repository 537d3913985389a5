import assert from 'node:assert/strict'
import test from 'node:test'
import { closedPort } from '../../../test/fakes/fake-upstream.ts'
import { names, startForward, startUpstreams } from '../../../test/support/forward-chain.ts'
import { counterValue, histogramValue, query } from '../../../test/support/plugin-harness.ts'

test('exchanges are counted under the new names and the old', async t => {
  const servers = await startUpstreams(t, asked =>
    asked.reply({ rcode: asked.bytes[12] === 1 ? 'NXDOMAIN' : 'BADVERS', opt: {} }),
  )
  const to = names(servers)
  const { control, serve, handle } = await startForward(t, `forward . ${to}`)
  await handle(query('a.example.org.'))
  await handle(query('a.example.org.', 'A', { transport: 'tcp' }))
  await handle(query('a.example.org.', 'A', { transport: 'tcp' }))
  const count = (name: string, labels = {}): number =>
    counterValue(control, serve.row, name, { to, ...labels })
  assert.equal(
    histogramValue(control, serve.row, 'coredns_proxy_request_duration_seconds', {
      proxy_name: 'forward',
      to,
      rcode: 'NXDOMAIN',
    }).count,
    3,
  )
  assert.equal(
    histogramValue(control, serve.row, 'coredns_forward_request_duration_seconds', {
      to,
      rcode: 'NXDOMAIN',
    }).count,
    3,
  )
  assert.equal(count('coredns_forward_requests_total'), 3)
  assert.equal(count('coredns_forward_responses_total', { rcode: 'NXDOMAIN' }), 3)
  assert.deepEqual(
    ['udp', 'tcp', 'tcp-tls'].map(proto => [
      count('coredns_proxy_conn_cache_hits_total', { proto }),
      count('coredns_proxy_conn_cache_misses_total', { proto }),
    ]),
    [
      [0, 1],
      [1, 1],
      [0, 0],
    ],
  )
})

test('an extended rcode is counted by its name, and one beyond the known ones as other', async t => {
  const servers = await startUpstreams(t, asked =>
    asked.reply({ rcode: asked.bytes[12] === 1 ? 23 : 99, opt: {} }),
  )
  const { control, serve, handle } = await startForward(t, `forward . ${names(servers)}`)
  await handle(query('a.example.org.'))
  await handle(query('bb.example.org.'))
  for (const rcode of ['BADCOOKIE', 'other'])
    assert.equal(counterValue(control, serve.row, 'coredns_forward_responses_total', { rcode }), 1)
})

test('replies that answer another question are counted', async t => {
  const servers = await startUpstreams(t, asked => {
    asked.send(Uint8Array.of(asked.bytes[0]! ^ 1, ...asked.bytes.subarray(1)))
    asked.reply()
  })
  const { control, serve, handle } = await startForward(t, `forward . ${names(servers)}`)
  await handle(query('example.org.'))
  assert.equal(
    counterValue(control, serve.row, 'shardns_forward_ignored_replies_total', {
      to: names(servers),
    }),
    1,
  )
})

test('a failed exchange asks main for a probe, and a probe that fails is counted', async t => {
  const port = await closedPort()
  const { control, serve, handle } = await startForward(
    t,
    `forward . 127.0.0.1:${port} {\nhealth_check 1h\n}`,
  )
  await assert.rejects(async () => handle(query('example.org.')))
  const failures = (name: string): number =>
    counterValue(control, serve.row, name, { to: `127.0.0.1:${port}` })
  while (failures('coredns_proxy_healthcheck_failures_total') === 0) await new Promise(setImmediate)
  assert.equal(failures('coredns_forward_healthcheck_failures_total'), 1)
})
