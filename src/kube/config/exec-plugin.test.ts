import assert from 'node:assert/strict'
import { chmodSync } from 'node:fs'
import { join } from 'node:path'
import test, { type TestContext } from 'node:test'
import { scriptedApi } from '../../../test/fakes/api-server.ts'
import { ask, config, open, seen, write } from '../../../test/fakes/kubeconfig.ts'

const EXEC = [
  'exec:',
  '  apiVersion: client.authentication.k8s.io/v1',
  '  command: ./plugin',
  '  args: [login, 7]',
  '  env: [{ name: WHO, value: me }]',
]

/** A kubeconfig whose user is what the shell script gives. */
async function withPlugin(
  t: TestContext,
  script: string,
  more: readonly string[] = [],
  wallMs?: () => number,
) {
  const api = await scriptedApi(t)
  const written = write(t, config([...EXEC, ...more], [`server: ${api.url.href}`]), {
    plugin: `#!/bin/sh\ncd "$(dirname "$0")"\n${script}\n`,
  })
  chmodSync(join(written.folder, 'plugin'), 0o755)
  return { api, connection: await open(t, written, undefined, wallMs) }
}

const credential = (fields: string): string =>
  `{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1","status":{${fields}}}`
/** The token counts the runs. */
const counting = (more = ''): string =>
  `echo x >> runs; printf '${credential(`"token":"%s-%s-%s"${more}`)}' "$WHO" "$1" $(wc -l < runs)`

test('an exec plugin gives the token, once for all requests', async t => {
  const { api, connection } = await withPlugin(t, counting())
  const both = [ask(connection), ask(connection)]
  for (const _ of both) {
    const { headers, json } = await api.next()
    assert.equal(headers.authorization, 'Bearer me-login-1')
    json(200, {})
  }
  await Promise.all(both)
})

test('an exec plugin is told its version and, if it wants, the cluster', async t => {
  const script = `${counting()}; printf '%s' "$KUBERNETES_EXEC_INFO" > info; test -n "$(grep -o '"server":"http' info)"`
  const { api, connection } = await withPlugin(t, script, ['  provideClusterInfo: true'])
  await seen(api, connection)
})

test('an exec plugin runs again shortly before its token expires, and after a 401', async t => {
  let nowMs = Date.parse('2026-01-01T00:00:00Z')
  const { api, connection } = await withPlugin(
    t,
    counting(',"expirationTimestamp":"2026-01-01T00:10:00Z"'),
    [],
    () => nowMs,
  )
  assert.equal((await seen(api, connection)).headers.authorization, 'Bearer me-login-1')
  nowMs += 569_000
  assert.equal((await seen(api, connection)).headers.authorization, 'Bearer me-login-1')
  nowMs += 1000
  assert.equal((await seen(api, connection)).headers.authorization, 'Bearer me-login-2')
  const asking = ask(connection)
  ;(await api.next()).json(401, {})
  const again = await api.next()
  // Past its margin the second token counts as expired as well: each request asks anew.
  assert.match(again.headers.authorization ?? '', /^Bearer me-login-[34]$/)
  again.json(200, {})
  await asking
})

const BROKEN: readonly { name: string; script: string; error: RegExp }[] = [
  {
    name: 'fails',
    script: 'echo "log in first" >&2; exit 3',
    error: /^the exec plugin \S+\/plugin of the kubeconfig fails with exit code 3: log in first$/,
  },
  { name: 'writes no JSON', script: 'echo hello', error: /writes what is no JSON$/ },
  { name: 'writes null', script: 'echo null', error: /writes no ExecCredential/ },
  {
    name: 'writes another version',
    script: `echo '${credential('"token":"x"').replace('/v1"', '/v2"')}'`,
    error: /writes no ExecCredential of client\.authentication\.k8s\.io\/v1$/,
  },
  {
    name: 'gives nothing',
    script: `echo '${credential('')}'`,
    error: /gives neither a token nor a certificate with its key$/,
  },
  {
    name: 'gives a token with a blank',
    script: `echo '${credential('"token":"a b"')}'`,
    error: /a token with characters that no token has$/,
  },
  {
    name: 'gives a time that is none',
    script: `echo '${credential('"token":"a","expirationTimestamp":"soon"')}'`,
    error: /expirationTimestamp that is no time$/,
  },
  { name: 'writes without end', script: 'yes', error: /writes more than 1048576 bytes$/ },
  { name: 'is killed', script: 'kill -9 $$', error: /was killed by SIGKILL$/ },
]

for (const { name, script, error } of BROKEN)
  test(`an exec plugin that ${name} is one sentence`, async t => {
    const { api, connection } = await withPlugin(t, script)
    await assert.rejects(ask(connection), { message: error })
    assert.equal(api.asked.length, 0)
  })

test('an exec plugin that is not there is one sentence', async t => {
  const written = write(t, config(EXEC))
  await assert.rejects(ask(await open(t, written)), /cannot be started: there is no such program$/)
})

test('a request that is given up, and a close, do not wait for an exec plugin', async t => {
  const { connection } = await withPlugin(t, 'exec sleep 60')
  const given = new AbortController()
  const asking = connection.get('/version', { signal: given.signal, query: {} })
  given.abort()
  await assert.rejects(asking, { kind: 'aborted' })
  const other = ask(connection)
  connection.close()
  await assert.rejects(other, /was ended|closed/)
})
