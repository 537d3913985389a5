// What each option of kubernetes changes in the answers: one server with a block for each, all of
// them on one API server. Options of the connection are here as far as that they connect.

import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fakeUpstream } from './fakes/fake-upstream.ts'
import { tlsFile } from './fakes/kube-api/tls-files.ts'
import { startCluster, startFixtureApi } from './support/cluster-server.ts'
import { OPTION_BLOCKS, OPTION_OBJECTS } from './support/kubernetes-blocks.ts'
import { runTable } from './support/kubernetes-cases.ts'
import { ZONE_BLOCKS } from './support/kubernetes-zone-blocks.ts'
import { show } from './support/messages.ts'
import { temporaryFolder } from './support/server-process.ts'

const LIMIT = { timeout: 40_000 }
const BLOCKS = [...OPTION_BLOCKS, ...ZONE_BLOCKS]
const ZONES = ['cluster.local.', 'in-addr.arpa.', 'ip6.arpa.']

test('options', LIMIT, async t => {
  // Whatever falls through gets these records.
  const upstream = await fakeUpstream(({ bytes, reply }) => {
    const [name, , type] = show(bytes).question.split(' ')
    const rdata = type === 'PTR' ? 'PTR outside.example.org.' : 'A 192.0.2.99'
    reply({ aa: true, answer: [`${name} 60 IN ${rdata}`] })
  })
  t.after(() => upstream.close())
  const api = await startFixtureApi(t)
  api.apply(OPTION_OBJECTS)
  const { ports } = await startCluster(t, {
    api,
    ports: BLOCKS.length,
    corefile: (...ports) =>
      BLOCKS.map(
        ({ zones = ZONES, options }, index) => `.:${ports[index]} {
  bind 127.0.0.1 ::1
  kubernetes ${zones.join(' ')} {
    ${options}
  }
  forward . 127.0.0.1:${upstream.port}
}
`,
      ).join(''),
  })
  for (const [index, block] of BLOCKS.entries()) {
    await t.test(block.title, t => runTable(t, ports[index] ?? -1, block.table, block))
  }
})

const SVC1 = `
svc1.testns.svc A
  5 A 10.96.0.100
missing.testns.svc A NXDOMAIN`

test('endpoint with tls, kubeconfig with a context, and the retired upstream', LIMIT, async t => {
  const api = await startFixtureApi(t, { requestsCertificate: true })
  const kubeconfig = join(temporaryFolder(t), 'kubeconfig')
  writeFileSync(
    kubeconfig,
    api.kubeconfig().replace('current-context: test', 'current-context: wrong'),
  )
  const connections = [
    `endpoint ${api.url} https://127.0.0.1:1\n tls ${tlsFile('client.crt')} ${tlsFile('client.key')} ${tlsFile('ca.crt')}`,
    `kubeconfig ${kubeconfig} test`,
    'upstream\n upstream 192.0.2.53',
  ]
  const cluster = await startCluster(t, {
    api,
    ports: connections.length,
    corefile: (...ports) =>
      connections
        .map(
          (options, index) =>
            `.:${ports[index]} {\n bind 127.0.0.1 ::1\n kubernetes cluster.local {\n ${options}\n }\n}\n`,
        )
        .join(''),
  })
  for (const [index, options] of connections.entries()) {
    await t.test(options.split(' ', 1)[0], t =>
      runTable(t, cluster.ports[index] ?? -1, SVC1, { zones: ['cluster.local.'] }),
    )
  }
  const log = cluster.process.out + cluster.process.err
  assert.equal(log.match(/option 'upstream' was retired/g)?.length, 1)
  assert.equal(log.match(/only the first specified endpoint/g)?.length, 1)
})
