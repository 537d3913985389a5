// Keys and certificates of tls/, valid until 2126 (but for the expired one), so that tests need no
// openssl. They protect nothing.
//
// How they were made, with OpenSSL 3: each key by `genpkey -algorithm EC -pkeyopt
// ec_paramgen_curve:P-256`; the authorities ca and wrong-ca, both with subject CN=kubernetes, by
// `openssl ca -selfsign` with basicConstraints CA:TRUE; the others by `openssl req -new -addext
// subjectAltName=...` and `openssl ca -startdate 20250101000000Z -enddate 21260101000000Z`
// (expired-server: 20250201000000Z). The authorities' keys were then thrown away.

import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const FOLDER = fileURLToPath(new URL('tls/', import.meta.url))

/** `expired`: since 2025. `other-name`: for api.example.net and 192.0.2.1 only. */
export type ServerIdentity = 'good' | 'expired' | 'other-name'

const SERVER_FILES: Readonly<Record<ServerIdentity, string>> = {
  good: 'server',
  expired: 'expired-server',
  'other-name': 'other-name-server',
}

export interface KeyPair {
  readonly cert: string
  readonly key: string
}

const read = (name: string): string => readFileSync(`${FOLDER}${name}`, 'utf8')
const readPair = (name: string): KeyPair => ({
  cert: read(`${name}.crt`),
  key: read(`${name}.key`),
})

export const serverPair = (identity: ServerIdentity): KeyPair => readPair(SERVER_FILES[identity])

/** Signed the servers' certificates and the good client's. */
export const authority = (): string => read('ca.crt')

/** Has the same name, and another key. */
export const wrongAuthority = (): string => read('wrong-ca.crt')

/**
 * A client certificate of the service account that tokens are of; the wrong one is the other
 * authority's.
 */
export const clientPair = (isWrong = false): KeyPair =>
  readPair(isWrong ? 'wrong-client' : 'client')

/** For programs that want files: the path of one of tls/. */
export const tlsFile = (name: string): string => `${FOLDER}${name}`
