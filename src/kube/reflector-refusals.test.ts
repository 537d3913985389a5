// Refusals: of rights and credentials. When they are said, and when it is asked again.

import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'node:test'
import { listOf, rig, status } from '../../test/fakes/api-server.ts'
import { systemClock } from '../base/time/clock.ts'
import { Credentials } from './config/credentials.ts'
import { TextFile } from './config/text-source.ts'

/** Pauses, with jitter 0. */
const REFUSED = [800, 1600, 2500, 2500]

test('no right to watch: the list stays in use, and is not made again', async t => {
  const { api, timers, log, reflector, observed } = await rig(t)
  reflector.start()
  ;(await api.next()).json(200, listOf(10, ['a']))
  for (const wait of REFUSED) {
    ;(await api.next()).json(403, status(403, 'cannot watch'))
    await timers.armed(wait)
    timers.advance(wait)
  }
  await api.next()
  assert.deepEqual(log.lines, [
    'warning services: may not watch services (403): the ClusterRole needs list and watch on services in API group "": cannot watch (what is known stays in use)',
  ])
  assert.equal(reflector.isSynced, true)
  assert.deepEqual(observed, ['LIST 200', 'WATCH 403', 'WATCH 403', 'WATCH 403', 'WATCH 403'])
})

test('a server that has only begun, and refuses what it soon grants: nothing is said', async t => {
  const { api, timers, log, reflector } = await rig(t)
  reflector.start()
  ;(await api.next()).json(
    403,
    status(403, 'RBAC: clusterrole.rbac.authorization.k8s.io "system:coredns" not found'),
  )
  await timers.armed(800)
  timers.advance(800)
  ;(await api.next()).json(200, listOf(10, ['a']))
  await reflector.synced
  assert.deepEqual(log.lines, [])
})

test('a token that is replaced ends the pause: it was refused, not the new one', async t => {
  const folder = mkdtempSync(join(tmpdir(), 'shardns-reflector-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const path = join(folder, 'token')
  writeFileSync(path, 'old')
  const { api, timers, reflector } = await rig(
    t,
    {},
    new Credentials({ token: new TextFile(path, systemClock) }),
  )
  reflector.start()
  for (const wait of REFUSED) {
    ;(await api.next()).json(401, status(401, 'Unauthorized'))
    await timers.armed(wait)
    timers.advance(wait)
  }
  ;(await api.next()).json(401, status(401, 'Unauthorized'))
  await timers.armed(2500)
  writeFileSync(path, 'another')
  timers.advance(1000)
  const asked = await api.next()
  assert.equal(asked.headers.authorization, 'Bearer another')
})
