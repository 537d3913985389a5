// Reads and checks the files that a `tls` names, of a listener or of upstreams, with the error
// texts of CoreDNS and of Go's crypto/tls.

import { X509Certificate } from 'node:crypto'
import { codeOf } from '../base/files/errno.ts'
import { readTextFile } from '../base/files/text-file.ts'
import { underRoot } from '../corefile/options/values.ts'
import { ArgumentError, messageOf } from './errors.ts'
import type { TlsMaterial } from './listening.ts'

const CERTIFICATE = '-----BEGIN CERTIFICATE-----'
const CERTIFICATE_BLOCKS = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g
const KEY = /-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----/
const ENCRYPTED = /-----BEGIN ENCRYPTED PRIVATE KEY-----|^Proc-Type: 4,ENCRYPTED/m

interface TlsFile {
  /** In the Corefile. */
  readonly written: string
  readonly path: string
}

/**
 * PEM texts for the arguments of `tls`: none, CA, CERT KEY, or CERT KEY CA. Throws CoreDNS's texts
 * for what cannot be used.
 */
export const readTlsFiles = (written: readonly string[], root: string): Partial<TlsMaterial> => {
  const files = written.map(file => ({
    written: file,
    path: underRoot(file, root),
  }))
  const [cert, key] = files.length >= 2 ? files : []
  const ca = files.length === 2 ? undefined : files.at(-1)
  const pair = cert === undefined || key === undefined ? {} : readPair(cert, key)
  return ca === undefined ? pair : { ...pair, ca: readAuthorities(ca) }
}

const readPair = (cert: TlsFile, key: TlsFile): TlsMaterial => {
  const isKey = (pem: string): boolean => KEY.test(pem)
  const pair = {
    cert: readPem(cert, 'certificate', pem => pem.includes(CERTIFICATE)),
    key: readPem(key, 'key', isKey),
  }
  try {
    tryPair(pair)
  } catch (error) {
    throw new ArgumentError(`could not load TLS cert: ${messageOf(error)}`, cert.written, {
      cause: error,
    })
  }
  return pair
}

const readPem = (
  { written, path }: TlsFile,
  kind: string,
  isOne: (pem: string) => boolean,
): string => {
  try {
    const pem = readTextFile(path)
    if (!isOne(pem)) throw new Error(`tls: failed to find any PEM data in ${kind} input`)
    return pem
  } catch (error) {
    throw new ArgumentError(`could not load TLS cert: ${messageOf(error)}`, written, {
      cause: error,
    })
  }
}

const tryPair = (pair: TlsMaterial): void => {
  if (ENCRYPTED.test(pair.key))
    throw new Error('tls: failed to parse private key: it is encrypted, and nobody can be asked')
  try {
    // No authorities: those of the system are many.
    process.getBuiltinModule('node:tls').createSecureContext({ ...pair, ca: [] })
  } catch (error) {
    const isOther = codeOf(error) === 'ERR_OSSL_X509_KEY_VALUES_MISMATCH'
    const text = isOther
      ? 'tls: private key does not match public key'
      : 'tls: failed to parse certificate or private key'
    throw new Error(text, { cause: error })
  }
}

const readAuthorities = ({ written, path }: TlsFile): string => {
  let ca: string
  try {
    ca = readTextFile(path)
  } catch (error) {
    throw new ArgumentError(`error reading ${path}: ${messageOf(error)}`, written, { cause: error })
  }
  const refuse = (why: string): Error =>
    new ArgumentError(`could not read root certs: ${path}: ${why}`, written)
  const blocks = ca.match(CERTIFICATE_BLOCKS) ?? []
  if (blocks.length === 0) throw refuse('no certificate in PEM form')
  if (!blocks.some(isCertificate)) throw refuse('no certificate in it can be parsed')
  return ca
}

/** OpenSSL passes over what is none, and the first handshake would tell. */
const isCertificate = (pem: string): boolean => {
  try {
    new X509Certificate(pem)
    return true
  } catch {
    // Broken or of an unknown kind: Go skips it among others.
    return false
  }
}
