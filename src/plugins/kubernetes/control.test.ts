import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { type KubeApi, startKubeApi } from '../../../test/fakes/kube-api/api-server.ts'
import { directive, fakeControl } from '../../../test/support/plugin-harness.ts'
import { EVERY_LABEL, InvalidationScopes } from '../../chain/invalidation-scopes.ts'
import { nameFromText } from '../../wire/name.ts'
import { control as controlKubernetes } from './control.ts'
import { options as table } from './options.ts'
import { changingZones } from './watch/publish/invalidation-marks.ts'

const WEB = 'web.shop.svc.cluster.local.'
const API = 'api.shop.svc.cluster.local.'
const NAMES = [WEB, API, 'cluster.local.', 'www.example.org.']

const service = (name: string, clusterIP: string) => ({
  kind: 'Service',
  metadata: { name, namespace: 'shop' },
  spec: { clusterIP, ports: [{ port: 80 }] },
})

const startApi = async (t: TestContext): Promise<KubeApi> => {
  const api = await startKubeApi(t, {
    https: false,
    manifests: [{ kind: 'Namespace', metadata: { name: 'shop' } }, service('web', '10.96.0.9')],
  })
  api.auth.trustsAnonymous = true
  return api
}

/**
 * In a block where *hosts* has all names besides. `outdated` are those of NAMES whose answers of
 * this second count as old.
 */
const start = async (
  t: TestContext,
  api: KubeApi,
  isFirstLoad: boolean,
): Promise<{ outdated(): string[] }> => {
  const options = table.parse(
    directive(`kubernetes cluster.local {\nendpoint ${api.url}\nstartup_timeout 10s\n}`),
  )
  const changing = [{ zone: '.', labels: EVERY_LABEL }, ...changingZones(options)]
  const control = fakeControl({ process: { isFirstLoad }, block: { changing } })
  t.after(async () => {
    await control.retired()
    control.kept.keepOnly([])
  })
  await controlKubernetes(options, control)
  await control.started()
  const scopes = new InvalidationScopes(control.board, changing)
  const isOutdated = (name: string): boolean => {
    const wire = nameFromText(name) ?? assert.fail(name)
    return scopes.hasChangedSince(scopes.slotOf(wire), control.clock.seconds())
  }
  return { outdated: () => NAMES.filter(isOutdated) }
}

test('what is listed before the process serves outdates nothing: caches are empty', async t => {
  const { outdated } = await start(t, await startApi(t), true)
  assert.deepEqual(outdated(), [])
})

test('a startup_timeout beyond what Node takes as a timer is not over at once', async t => {
  const api = await startApi(t)
  const control = fakeControl()
  t.after(async () => {
    await control.retired()
    control.kept.keepOnly([])
  })
  await controlKubernetes(
    table.parse(
      directive(`kubernetes cluster.local {\nendpoint ${api.url}\nstartup_timeout 600h\n}`),
    ),
    control,
  )
  await control.started()
  assert.deepEqual(
    control.logged.filter(line => line.includes('unsynced')),
    [],
  )
})

test('a change afterwards outdates its names, and no others', async t => {
  const api = await startApi(t)
  const { outdated } = await start(t, api, true)
  api.apply(service('api', '10.96.0.10'))
  while (outdated().length === 0) await new Promise(setImmediate)
  assert.deepEqual(outdated(), [API])
})

test('a reload outdates the names of the cluster, and no others', async t => {
  const { outdated } = await start(t, await startApi(t), false)
  assert.deepEqual(outdated(), [WEB, API, 'cluster.local.'])
})
