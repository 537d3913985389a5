// Credentials as a pod sees them: the projected volume of a service account, swapped as the kubelet
// does it, and kubeconfig text.

import { mkdirSync, readlinkSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { authority, clientPair } from './tls-files.ts'

/**
 * A text of the form of a service account's token; the number makes it another one. Signed by
 * nobody.
 */
export const tokenText = (serial: number): string => {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
  const claims = {
    aud: ['https://kubernetes.default.svc.cluster.local'],
    exp: 4_102_444_800,
    iss: 'https://kubernetes.default.svc.cluster.local',
    jti: `00000000-0000-4000-9000-${serial.toString(16).padStart(12, '0')}`,
    sub: 'system:serviceaccount:kube-system:coredns',
  }
  return `${part({ alg: 'RS256', kid: 'kube-api' })}.${part(claims)}.${'A'.repeat(342)}`
}

const FILES = ['ca.crt', 'namespace', 'token'] as const

/**
 * A folder laid out as /var/run/secrets/kubernetes.io/serviceaccount: `token -> ..data/token`,
 * `..data -> ..2026_11_23_…`.
 */
export class PodFolder {
  readonly path: string
  readonly #namespace: string
  #serial = 0

  /** Writes into a folder that exists. */
  constructor(path: string, token: string, namespace = 'kube-system') {
    this.path = path
    this.#namespace = namespace
    this.write(token)
    for (const name of FILES) {
      rmSync(join(path, name), { force: true })
      symlinkSync(join('..data', name), join(path, name))
    }
  }

  /**
   * Puts a new token, or other authorities, in place: readers see all of the old files or all of
   * the new ones.
   */
  write(token: string, authorities = authority()): void {
    const data = join(this.path, '..data')
    const stamp = new Date(Date.UTC(2026, 10, 23, 12, 0, this.#serial))
      .toISOString()
      .slice(0, 19)
      .replace(/[-:T]/g, '_')
    const version = `..${stamp}.${`${100_000_000 + this.#serial++}`}`
    const folder = join(this.path, version)
    rmSync(folder, { recursive: true, force: true })
    mkdirSync(folder)
    writeFileSync(join(folder, 'token'), token)
    writeFileSync(join(folder, 'ca.crt'), authorities)
    writeFileSync(join(folder, 'namespace'), this.#namespace)
    const old = linkTarget(data)
    rmSync(join(this.path, '..data_tmp'), { force: true })
    symlinkSync(version, join(this.path, '..data_tmp'))
    renameSync(join(this.path, '..data_tmp'), data)
    if (old !== undefined && old !== version)
      rmSync(join(this.path, old), { recursive: true, force: true })
  }
}

const linkTarget = (path: string): string | undefined => {
  try {
    return readlinkSync(path)
  } catch {
    // The first version: there is nothing to remove.
    return undefined
  }
}

export interface KubeconfigOptions {
  readonly server: string
  /** Undefined: with the client certificate instead. */
  readonly token: string | undefined
  readonly isHttps: boolean
}

/**
 * As a person would have it, with two contexts: `test` is current, `wrong` names a server that is
 * not there.
 */
export const kubeconfigText = ({ server, token, isHttps }: KubeconfigOptions): string => {
  const base64 = (text: string): string => Buffer.from(text).toString('base64')
  const trust = isHttps ? { 'certificate-authority-data': base64(authority()) } : {}
  const { cert, key } = clientPair()
  const user =
    token === undefined
      ? { 'client-certificate-data': base64(cert), 'client-key-data': base64(key) }
      : { token }
  return stringify({
    apiVersion: 'v1',
    kind: 'Config',
    preferences: {},
    clusters: [
      { name: 'test', cluster: { ...trust, server } },
      { name: 'wrong', cluster: { ...trust, server: 'https://127.0.0.1:1' } },
    ],
    users: [{ name: 'coredns', user }],
    contexts: [
      { name: 'test', context: { cluster: 'test', namespace: 'kube-system', user: 'coredns' } },
      { name: 'wrong', context: { cluster: 'wrong', user: 'coredns' } },
    ],
    'current-context': 'test',
  })
}
