// Kubeconfigs in temporary folders, connections from them, and what a server saw of one: for the
// tests of kubeconfigs.

import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { connect } from '../../src/kube/config/target.ts'
import type { KubeConnection } from '../../src/kube/connection.ts'
import type { Asked, ScriptedApi } from './api-server.ts'

export interface Written {
  readonly folder: string
  readonly file: string
}

export function write(
  t: TestContext,
  text: string,
  files: Readonly<Record<string, string>> = {},
): Written {
  const folder = mkdtempSync(join(tmpdir(), 'shardns-kubeconfig-'))
  t.after(() => rmSync(folder, { recursive: true }))
  for (const [name, content] of Object.entries({ ...files, config: text }))
    writeFileSync(join(folder, name), content)
  return { folder, file: join(folder, 'config') }
}

export const open = async (
  t: TestContext,
  { file }: Written,
  context?: string,
  wallMs: () => number = () => 0,
): Promise<KubeConnection> => {
  const connection = await connect(
    { endpoint: 'https://192.0.2.99', tls: undefined, kubeconfig: { file, context } },
    {
      env: { PATH: process.env.PATH },
      serviceAccountFolder: '/nowhere',
      userAgent: 'test',
      clock: { ms: () => 0, seconds: () => 0, wallMs },
    },
  )
  t.after(() => connection.close())
  return connection
}

export const ask = async (connection: KubeConnection): Promise<void> => {
  const { body } = await connection.get('/version', {
    signal: new AbortController().signal,
    query: {},
  })
  for await (const chunk of body) assert.ok(chunk.length > 0)
}

export async function seen(api: ScriptedApi, connection: KubeConnection): Promise<Asked> {
  const asking = ask(connection)
  const asked = await Promise.race([
    api.next(),
    asking.then(() => assert.fail('answered by nobody')),
  ])
  asked.json(200, {})
  await asking
  return asked
}

const indented = (lines: readonly string[]): string => lines.map(line => `    ${line}\n`).join('')

export const config = (
  user: readonly string[],
  cluster: readonly string[] = ['server: https://192.0.2.1'],
): string => `
apiVersion: v1
kind: Config
current-context: one
contexts:
- name: one
  context: { cluster: c, user: u }
- name: two
  context: { cluster: c }
- name: lost
  context: { cluster: elsewhere, user: u }
- name: nobody
  context: { cluster: c, user: someone }
- name: empty
clusters:
- name: c
  cluster:
${indented(cluster)}
users:
- name: u
  user:
${indented(user)}
`
