import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { startKubeApi } from '../../../../test/fakes/kube-api/api-server.ts'
import { directive, fakeClock, fakeLogger } from '../../../../test/support/plugin-harness.ts'
import { RecordsMemory } from '../../../records/records-memory.ts'
import { options } from '../options.ts'
import { ClusterSource, type SourceParts, sourceIdentity } from './cluster-source.ts'

const optionsOf = (zones: string, ...lines: string[]) =>
  options.parse(directive(`kubernetes ${zones} {\n${lines.join('\n')}\n}`))

const identities: { rule: string; lines: string[]; isSame: boolean }[] = [
  { rule: 'nothing', lines: [], isSame: true },
  {
    rule: 'ttl, fallthrough and startup_timeout',
    lines: ['ttl 30', 'fallthrough', 'startup_timeout 1s'],
    isSame: true,
  },
  { rule: 'pods insecure: no pod is watched for it', lines: ['pods insecure'], isSame: true },
  { rule: 'pods verified', lines: ['pods verified'], isSame: false },
  { rule: 'namespaces', lines: ['namespaces shop'], isSame: false },
  { rule: 'labels', lines: ['labels app=dns'], isSame: false },
  { rule: 'noendpoints', lines: ['noendpoints'], isSame: false },
  { rule: 'endpoint', lines: ['endpoint http://192.0.2.1:8080'], isSame: false },
]

for (const { rule, lines, isSame } of identities)
  test(`a reload ${isSame ? 'keeps' : 'leaves'} the cluster that is followed when this changes: ${rule}`, () => {
    const before = sourceIdentity(optionsOf('cluster.local'))
    assert.equal(sourceIdentity(optionsOf('cluster.local', ...lines)) === before, isSame)
  })

/** A source that follows a generated cluster, and who is told when it wants garbage collected. */
const followed = async (
  t: TestContext,
  { services, endpoints, protobuf }: { services: number; endpoints: number; protobuf: boolean },
  collectGarbage: () => void,
) => {
  const api = await startKubeApi(t, { cluster: { services, endpoints }, protobuf })
  const env = { KUBERNETES_SERVICE_HOST: '127.0.0.1', KUBERNETES_SERVICE_PORT: `${api.port}` }
  const memory = new RecordsMemory(8 << 20, { mark: () => [], hasPassed: () => true }, [1, 2])
  const parts: SourceParts = {
    log: fakeLogger([]),
    clock: fakeClock(),
    world: { env, serviceAccountFolder: api.podFolder().path, userAgent: 'shardns/test' },
    collectGarbage,
  }
  const resources = { newRecords: () => memory.newMap() }
  const source = new ClusterSource(optionsOf('cluster.local'), resources, parts)
  t.after(() => source.dispose())
  await source.connect()
  await source.synced
  return { api, memory }
}

test('garbage is collected before the first list, and then while a large one is read and its records are written', async t => {
  for (const { services, protobuf, isCollected } of [
    { services: 20, protobuf: false, isCollected: false },
    { services: 20, protobuf: true, isCollected: false },
    { services: 3000, protobuf: false, isCollected: true },
    // It leaves less.
    { services: 7000, protobuf: true, isCollected: true },
  ]) {
    let count = 0
    await followed(t, { services, endpoints: services, protobuf }, () => void count++)
    assert.ok(count > 0)
    assert.equal(count > 1, isCollected, `${services}: ${count} times`)
  }
})

test('when most of a cluster is gone, garbage is collected once more', async t => {
  let collected = (): void => undefined
  const { api, memory } = await followed(t, { services: 700, endpoints: 0, protobuf: true }, () =>
    collected(),
  )
  const before = memory.usedBytes
  const again = new Promise<void>(resolve => {
    collected = resolve
  })
  api.replaceAll('')
  await again
  assert.ok(memory.usedBytes < before / 4, `${memory.usedBytes} of ${before} bytes`)
})
