// The files that `tls` names: read, and tried for what they are good for, with the texts of CoreDNS and of Go's crypto/tls.

import { isAbsolute, join } from 'node:path'
import { codeOf } from '../../core/errno.ts'
import { messageOf } from '../../core/errors.ts'
import { readTextFile } from '../../core/text-file.ts'
import { makeSecureContext, type TlsMaterial } from '../../upstream/secure-context.ts'

const CERTIFICATE = '-----BEGIN CERTIFICATE-----'
const KEY = /-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----/

/** PEM texts for the arguments of `tls`: none, CA, CERT KEY, or CERT KEY CA. Throws CoreDNS's texts for what cannot be used. */
export function readTlsFiles(files: readonly string[], root: string): TlsMaterial {
  const paths = files.map(file => (isAbsolute(file) || root === '' ? file : join(root, file)))
  const [certPath, keyPath] = paths.length >= 2 ? paths : []
  const caPath = paths.length === 2 ? undefined : paths.at(-1)
  const pair = certPath === undefined || keyPath === undefined ? {} : readPair(certPath, keyPath)
  return caPath === undefined ? pair : { ...pair, ca: readAuthorities(caPath) }
}

function readPair(certPath: string, keyPath: string): TlsMaterial {
  try {
    const pair = { cert: readTextFile(certPath), key: readTextFile(keyPath) }
    if (!pair.cert.includes(CERTIFICATE)) throw new Error('tls: failed to find any PEM data in certificate input')
    if (!KEY.test(pair.key)) throw new Error('tls: failed to find any PEM data in key input')
    tryPair(pair)
    return pair
  } catch (error) {
    throw new Error(`could not load TLS cert: ${messageOf(error)}`, { cause: error })
  }
}

function tryPair(pair: TlsMaterial): void {
  try {
    // An authority of its own keeps this from reading the system's.
    makeSecureContext({ ...pair, ca: '' })
  } catch (error) {
    const isOther = codeOf(error) === 'ERR_OSSL_X509_KEY_VALUES_MISMATCH'
    const text = isOther ? 'tls: private key does not match public key' : 'tls: failed to parse certificate or private key'
    throw new Error(text, { cause: error })
  }
}

function readAuthorities(path: string): string {
  let ca: string
  try {
    ca = readTextFile(path)
  } catch (error) {
    throw new Error(`error reading ${path}: ${messageOf(error)}`, { cause: error })
  }
  if (!ca.includes(CERTIFICATE)) throw new Error(`could not read root certs: ${path}: no certificate in PEM form`)
  try {
    makeSecureContext({ ca })
  } catch (error) {
    throw new Error(`could not read root certs: ${path}: a certificate in it cannot be parsed`, { cause: error })
  }
  return ca
}
