// A certificate and its private key, as PEM texts: whether a server can use them, in one sentence
// each for what is wrong. No key ever stands in a message.

import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'

/** A PEM text, and the words that messages call it by: a path, or the name of a setting. */
export interface PemText {
  readonly name: string
  readonly text: string
}

export interface CertificatePair {
  /** The server's certificate first, then those of its chain as they were given. */
  readonly cert: string
  readonly key: string
  /** Whom it is for, as messages show it: its alternative names, or its subject. */
  readonly shownNames: string
  readonly validFromMs: number
  readonly validToMs: number
}

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]*(?:-----END CERTIFICATE-----)?/g
const KEY = /-----BEGIN ((?:[A-Z0-9]+ )*)PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z0-9 ]+-----|$)/
const MOST_SHOWN = 200

/** Throws an Error for what cannot be served; one that has expired can. */
export const checkPair = (certText: PemText, keyText: PemText): CertificatePair => {
  const certificates = certificatesIn(certText)
  const key = keyOf(keyText)
  const [own, ...rest] = ownFirst(certificates, key.object)
  if (own === undefined)
    throw new Error(
      `the private key of ${keyText.name} does not fit the certificate of ${certText.name}`,
    )
  return {
    cert: [own, ...rest].map(({ pem }) => pem).join(''),
    key: key.pem,
    shownNames: shownNamesOf(own.certificate),
    validFromMs: Date.parse(own.certificate.validFrom),
    validToMs: Date.parse(own.certificate.validTo),
  }
}

interface Parsed {
  readonly pem: string
  readonly certificate: X509Certificate
}

const certificatesIn = ({ name, text }: PemText): Parsed[] => {
  const blocks = text.match(CERTIFICATE) ?? []
  if (blocks.length === 0) throw new Error(`${name} has no certificate in PEM form`)
  return blocks.map((block, index) => {
    try {
      return { pem: `${block}\n`, certificate: new X509Certificate(block) }
    } catch (error) {
      const which = blocks.length === 1 ? 'the certificate' : `certificate ${index + 1}`
      throw new Error(`${which} of ${name} cannot be parsed`, { cause: error })
    }
  })
}

const keyOf = ({ name, text }: PemText): { pem: string; object: KeyObject } => {
  const pem = KEY.exec(text)?.[0]
  if (pem === undefined) throw new Error(`${name} has no private key in PEM form`)
  try {
    return { pem, object: createPrivateKey(pem) }
  } catch (error) {
    if (isEncrypted(pem))
      throw new Error(
        `the private key of ${name} is encrypted: it must be there without a passphrase`,
      )
    throw new Error(`the private key of ${name} cannot be parsed`, { cause: error })
  }
}

const isEncrypted = (pem: string): boolean =>
  pem.startsWith('-----BEGIN ENCRYPTED ') || /^Proc-Type: 4,ENCRYPTED/m.test(pem)

/** The one that the key is for in front, wherever it stands; empty if it is for none. */
const ownFirst = (certificates: readonly Parsed[], key: KeyObject): Parsed[] => {
  const own = certificates.find(({ certificate }) => certificate.checkPrivateKey(key))
  return own === undefined ? [] : [own, ...certificates.filter(one => one !== own)]
}

const shownNamesOf = ({ subject, subjectAltName }: X509Certificate): string => {
  const text = subjectAltName?.replaceAll(/\b(?:DNS|IP Address):/g, '') ?? subject ?? ''
  const shown = text.replaceAll(/\s+/g, ' ').trim()
  return shown.length > MOST_SHOWN ? `${shown.slice(0, MOST_SHOWN)}…` : shown
}

/** Why it cannot be told from an impostor's at that time; undefined while it is valid. */
export const invalidity = (
  { validFromMs, validToMs }: CertificatePair,
  nowMs: number,
): string | undefined => {
  if (nowMs > validToMs) return `has expired ${dateOf(validToMs)}`
  if (nowMs < validFromMs) return `is not valid before ${dateOf(validFromMs)}`
  return undefined
}

/** `2027-03-01T12:00:00Z` */
export const dateOf = (wallMs: number): string =>
  new Date(wallMs).toISOString().replace(/\.\d+Z$/, 'Z')

/** Certificates of authorities. Throws an Error if none can be used. */
export const checkAuthorities = ({ name, text }: PemText): string => {
  const blocks = text.match(CERTIFICATE) ?? []
  if (blocks.length === 0) throw new Error(`${name} has no certificate in PEM form`)
  // Broken or of an unknown kind: Go skips it among others.
  const usable = blocks.filter(isCertificate)
  if (usable.length === 0) throw new Error(`no certificate of ${name} can be parsed`)
  return usable.map(pem => `${pem}\n`).join('')
}

const isCertificate = (pem: string): boolean => {
  try {
    new X509Certificate(pem)
    return true
  } catch {
    return false
  }
}
