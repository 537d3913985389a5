// What a certificate in PEM form says of itself: for whom it is, and how long it is valid.

import { X509Certificate } from 'node:crypto'

export interface CertificateFacts {
  /** DNS names, lower case; the common name of one that has no alternative names. */
  readonly names: readonly string[]
  /** Wall time in milliseconds. */
  readonly fromMs: number
  readonly untilMs: number
}

/** Of the first in the text, which is the server's own. Throws OpenSSL's error for what is none. */
export const certificateFacts = (pem: string): CertificateFacts => {
  const certificate = new X509Certificate(pem)
  const { subjectAltName, subject, validFrom, validTo } = certificate
  return {
    names: subjectAltName === undefined ? commonName(subject) : dnsNames(subjectAltName),
    fromMs: Date.parse(validFrom),
    untilMs: Date.parse(validTo),
  }
}

/** Of `DNS:a.example, DNS:*.b.example, IP Address:192.0.2.1`. */
const dnsNames = (text: string): string[] =>
  text
    .split(', ')
    .filter(name => name.startsWith('DNS:'))
    .map(name => name.slice('DNS:'.length).toLowerCase())

const commonName = (subject: string | undefined): string[] => {
  const name = /^CN=(\S+)$/m.exec(subject ?? '')?.[1]
  return name === undefined ? [] : [name.toLowerCase()]
}

/** `2026-11-30T12:00:00Z`. */
export const dateText = (ms: number): string => new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z')
