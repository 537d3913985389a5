// Throwaway certificates for tests, made with the openssl program: a CA, a server for 127.0.0.1, an
// expired one, one for another name, a client.

import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface Pair {
  readonly cert: string
  readonly key: string
}

export interface Certificates {
  readonly authority: Pair
  readonly otherAuthority: Pair
  readonly server: Pair
  readonly expired: Pair
  /** For api.example.net only. */
  readonly named: Pair
  readonly client: Pair
}

/** Undefined where there is no openssl. */
export function makeCertificates(): Certificates | undefined {
  const folder = mkdtempSync(join(tmpdir(), 'shardns-kube-tls-'))
  const at = (file: string): string => join(folder, file)
  const run = (args: readonly string[]): boolean => spawnSync('openssl', args).status === 0
  const read = (name: string): Pair => ({
    cert: readFileSync(at(`${name}.crt`), 'utf8'),
    key: readFileSync(at(`${name}.key`), 'utf8'),
  })
  const newKey = (name: string): string[] => [
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:prime256v1',
    '-nodes',
    '-keyout',
    at(`${name}.key`),
  ]
  const authority = (name: string): boolean =>
    run([
      'req',
      '-x509',
      ...newKey(name),
      '-subj',
      `/CN=${name}`,
      '-days',
      '2',
      '-out',
      at(`${name}.crt`),
    ])
  const signed = (name: string, extension: string, days: string): boolean => {
    writeFileSync(at(`${name}.ext`), extension)
    return (
      run(['req', ...newKey(name), '-subj', `/CN=${name}`, '-out', at(`${name}.csr`)]) &&
      run([
        ...[
          'x509',
          '-req',
          '-in',
          at(`${name}.csr`),
          '-CA',
          at('ca.crt'),
          '-CAkey',
          at('ca.key'),
          '-CAcreateserial',
        ],
        ...['-days', days, '-extfile', at(`${name}.ext`), '-out', at(`${name}.crt`)],
      ])
    )
  }
  try {
    const isMade =
      authority('ca') &&
      authority('other') &&
      signed('server', 'subjectAltName=IP:127.0.0.1', '2') &&
      signed('expired', 'subjectAltName=IP:127.0.0.1', '-1') &&
      signed('named', 'subjectAltName=DNS:api.example.net', '2') &&
      signed('client', 'extendedKeyUsage=clientAuth', '2')
    if (!isMade) return undefined
    const [ca, other] = [read('ca'), read('other')]
    return {
      authority: ca,
      otherAuthority: other,
      server: read('server'),
      expired: read('expired'),
      named: read('named'),
      client: read('client'),
    }
  } finally {
    rmSync(folder, { recursive: true })
  }
}
