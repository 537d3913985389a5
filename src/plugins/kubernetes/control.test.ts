import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { directive, fakeControl } from '../../../test/support/plugin-harness.ts'
import { ChangeScopes, EVERY_LABEL } from '../../core/change-scopes.ts'
import { nameFromText } from '../../wire/name.ts'
import { changingZones } from './cache-marks.ts'
import { controlKubernetes } from './control.ts'
import { parse } from './options.ts'

const TEXT = 'kubernetes cluster.local {\nendpoint http://127.0.0.1:1\nstartup_timeout 0s\n}'

/** Names whose answers count as older than the start, in a block where *hosts* has all names besides. */
const outdatedByStart = async (t: TestContext, isFirstLoad: boolean): Promise<string[]> => {
  const options = parse(directive(TEXT))
  const changing = [{ zone: '.', labels: EVERY_LABEL }, ...changingZones(options)]
  const control = fakeControl({ process: { isFirstLoad }, block: { changing } })
  t.after(async () => {
    await control.retired()
    control.kept.keepOnly([])
  })
  await controlKubernetes(options, control)
  await control.started()
  const scopes = new ChangeScopes(control.board, changing)
  return ['web.shop.svc.cluster.local.', 'cluster.local.', 'www.example.org.'].filter(name => {
    const wire = nameFromText(name) ?? assert.fail(name)
    return scopes.hasChangedSince(scopes.slotOf(wire), control.clock.seconds())
  })
}

test('the start of the process outdates nothing: caches are empty', async t => {
  assert.deepEqual(await outdatedByStart(t, true), [])
})

test('a reload outdates the names of the cluster, and no others', async t => {
  assert.deepEqual(await outdatedByStart(t, false), ['web.shop.svc.cluster.local.', 'cluster.local.'])
})
