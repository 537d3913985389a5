// Prometheus's web configuration, the YAML file that `tls` names: what it asks of the endpoint.
// Each field of its format is taken, warned of, or refused by name with its line.

import { dirname, isAbsolute, join } from 'node:path'
import { codeOf } from '../../base/files/errno.ts'
import type { ReadText } from '../../base/files/replaced-files.ts'
import {
  type CertificatePair,
  checkAuthorities,
  checkPair,
  type PemText,
} from '../../base/tls/certificate-pair.ts'
import { isMapping, isScalar, parseYaml, type YamlText } from '../../base/yaml.ts'
import { messageOf } from '../../chain/errors.ts'
import type { ClientAuth } from '../../chain/listening.ts'
import type { HttpTlsSettings } from '../../chain/plugin/control-scope.ts'

export interface WebConfig {
  readonly pair: CertificatePair
  readonly warnings: readonly string[]
  readonly settings: Omit<HttpTlsSettings, 'version'>
}

/** The file itself is not there: CoreDNS starts all the same. */
export class NoWebConfig extends Error {
  constructor(file: string) {
    super(`TLS config file does not exist: ${file}`)
    this.name = 'NoWebConfig'
  }
}

/**
 * Throws NoWebConfig, or an Error of one sentence that begins with the file and, where there is
 * one, the line.
 */
export const readWebConfig = (file: string, read: ReadText): WebConfig => {
  const text = textOf(file, read)
  let yaml: YamlText
  try {
    yaml = parseYaml(text)
  } catch (error) {
    throw new Error(`${file}: ${messageOf(error)}`)
  }
  const { value } = yaml
  if (value !== null && !isMapping(value)) throw new Error(`${file}: the file holds no mapping`)
  const root = new Fields({ file, yaml, warnings: [] }, [], value ?? {})
  return configOf(root, read)
}

const textOf = (file: string, read: ReadText): string => {
  try {
    return read(file)
  } catch (error) {
    if (error instanceof Error && codeOf(error.cause) === 'ENOENT') throw new NoWebConfig(file)
    throw error
  }
}

const configOf = (root: Fields, read: ReadText): WebConfig => {
  root.knowsOnly(['tls_server_config', 'http_server_config', 'basic_auth_users', 'rate_limit'])
  refuseUnsupported(root)
  const tls = root.section('tls_server_config')
  if (tls === undefined)
    throw root.error('', 'has no tls_server_config: leave out tls to serve in clear text')
  tls.knowsOnly(TLS_FIELDS)
  if (tls.texts('client_allowed_sans').length > 0)
    throw tls.error('client_allowed_sans', UNSUPPORTED)
  const clientAuth = clientAuthOf(tls)
  const versions = versionsOf(tls)
  const headers = headersOf(root)
  const authorities = pemText(tls, 'client_ca', read)
  if (authorities !== undefined && clientAuth === 'nocert')
    throw tls.error('', 'has client CAs, but no client_auth_type')
  const pair = pairOf(tls, read)
  return {
    pair,
    warnings: root.file.warnings,
    settings: {
      cert: pair.cert,
      key: pair.key,
      clientAuth,
      ...versions,
      ...handshakeOf(tls),
      headers,
      ...(authorities && { ca: inFile(tls, () => checkAuthorities(authorities)) }),
    },
  }
}

const UNSUPPORTED = 'is not supported by shardns: put a proxy in front of the endpoint'

const refuseUnsupported = (root: Fields): void => {
  for (const key of ['basic_auth_users', 'rate_limit']) {
    const section = root.section(key)
    if (section !== undefined && !section.isEmpty) throw root.error(key, UNSUPPORTED)
  }
}

const TLS_FIELDS = [
  'cert',
  'key',
  'client_ca',
  'cert_file',
  'key_file',
  'client_auth_type',
  'client_ca_file',
  'client_allowed_sans',
  'min_version',
  'max_version',
  'cipher_suites',
  'prefer_server_cipher_suites',
  'curve_preferences',
]

/** Of a field with the text itself, or of the one with a file, which counts if both are there. */
const pemText = (tls: Fields, key: string, read: ReadText): PemText | undefined => {
  const path = tls.text(`${key}_file`)
  if (path === undefined) {
    const text = tls.text(key)
    return text === undefined ? undefined : { name: key, text }
  }
  const { file } = tls.file
  const name = isAbsolute(path) ? path : join(dirname(file), path)
  try {
    return { name, text: read(name) }
  } catch (error) {
    throw tls.error(`${key}_file`, `cannot be read: ${messageOf(error)}`)
  }
}

const pairOf = (tls: Fields, read: ReadText): CertificatePair => {
  const [cert, key] = [pemText(tls, 'cert', read), pemText(tls, 'key', read)]
  if (cert === undefined) throw tls.error('', 'has neither cert nor cert_file')
  if (key === undefined) throw tls.error('', 'has neither key nor key_file')
  return inFile(tls, () => checkPair(cert, key))
}

/** The sentence of the one who judges the contents, with the web configuration in front. */
const inFile = <T>(tls: Fields, judge: () => T): T => {
  try {
    return judge()
  } catch (error) {
    throw new Error(`${tls.file.file}: ${messageOf(error)}`)
  }
}

const CLIENT_AUTH: Readonly<Record<string, ClientAuth>> = {
  NoClientCert: 'nocert',
  RequestClientCert: 'request',
  RequireAnyClientCert: 'require',
  RequireClientCert: 'require',
  VerifyClientCertIfGiven: 'verify_if_given',
  RequireAndVerifyClientCert: 'require_and_verify',
}

const clientAuthOf = (tls: Fields): ClientAuth =>
  tls.oneOf('client_auth_type', CLIENT_AUTH) ?? 'nocert'

type Version = 'TLSv1.2' | 'TLSv1.3'
const VERSIONS: Readonly<Record<string, Version | 'too old'>> = {
  TLS10: 'too old',
  TLS11: 'too old',
  TLS12: 'TLSv1.2',
  TLS13: 'TLSv1.3',
}

const versionsOf = (tls: Fields): { minVersion: Version; maxVersion: Version } => {
  const least = tls.oneOf('min_version', VERSIONS) ?? 'TLSv1.2'
  const most = tls.oneOf('max_version', VERSIONS) ?? 'TLSv1.3'
  if (least === 'too old')
    tls.warn(
      'min_version',
      `${tls.text('min_version')} has no effect: TLS 1.2 is the oldest served`,
    )
  if (most === 'too old')
    throw tls.error(
      'max_version',
      `${tls.text('max_version')} is not served: TLS 1.2 is the oldest`,
    )
  if (least === 'TLSv1.3' && most === 'TLSv1.2')
    throw tls.error('max_version', 'is below min_version')
  return { minVersion: least === 'too old' ? 'TLSv1.2' : least, maxVersion: most }
}

/** Go's names of the suites that it holds to be secure, and OpenSSL's. */
const SUITES: Readonly<Record<string, string>> = {
  TLS_AES_128_GCM_SHA256: '',
  TLS_AES_256_GCM_SHA384: '',
  TLS_CHACHA20_POLY1305_SHA256: '',
  TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA: 'ECDHE-ECDSA-AES128-SHA',
  TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA: 'ECDHE-ECDSA-AES256-SHA',
  TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA: 'ECDHE-RSA-AES128-SHA',
  TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA: 'ECDHE-RSA-AES256-SHA',
  TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256: 'ECDHE-ECDSA-AES128-GCM-SHA256',
  TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384: 'ECDHE-ECDSA-AES256-GCM-SHA384',
  TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256: 'ECDHE-RSA-AES128-GCM-SHA256',
  TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384: 'ECDHE-RSA-AES256-GCM-SHA384',
  TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256: 'ECDHE-ECDSA-CHACHA20-POLY1305',
  TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256: 'ECDHE-RSA-CHACHA20-POLY1305',
}
/** Those of TLS 1.3 cannot be chosen in Go: all of them are always there. */
const SUITES_13 = 'TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256'

const CURVES: Readonly<Record<string, string>> = {
  CurveP256: 'P-256',
  CurveP384: 'P-384',
  CurveP521: 'P-521',
  X25519: 'X25519',
}

const handshakeOf = (
  tls: Fields,
): Pick<HttpTlsSettings, 'ciphers' | 'curves' | 'prefersOwnCiphers'> => {
  const suites = tls.eachOf('cipher_suites', SUITES).filter(suite => suite !== '')
  const curves = tls.eachOf('curve_preferences', CURVES)
  return {
    prefersOwnCiphers: tls.flag('prefer_server_cipher_suites') ?? true,
    ...(tls.texts('cipher_suites').length > 0 && { ciphers: [SUITES_13, ...suites].join(':') }),
    ...(curves.length > 0 && { curves: curves.join(':') }),
  }
}

/** Those that the format allows, and their values; undefined for any. */
const HEADERS: Readonly<Record<string, readonly string[] | undefined>> = {
  'Strict-Transport-Security': undefined,
  'X-Content-Type-Options': ['nosniff'],
  'X-Frame-Options': ['deny', 'sameorigin'],
  'X-XSS-Protection': undefined,
  'Content-Security-Policy': undefined,
}
const HEADER_VALUE = /^[\t\x20-\x7e]*$/

const headersOf = (root: Fields): Record<string, string> => {
  const http = root.section('http_server_config')
  http?.knowsOnly(['http2', 'headers'])
  if (http?.flag('http2') === true)
    http.warn('http2', 'has no effect: the endpoint is served over HTTP/1.1')
  const headers = http?.section('headers')
  headers?.knowsOnly(Object.keys(HEADERS))
  const entries = headers?.keys.flatMap(name => {
    const value = headers.text(name)
    if (value === undefined) return []
    const allowed = HEADERS[name]
    if (allowed !== undefined && !allowed.includes(value))
      throw headers.error(name, `takes ${allowed.join(' or ')}, not '${value}'`)
    if (!HEADER_VALUE.test(value)) throw headers.error(name, 'has a value that no header can have')
    return [[name.toLowerCase(), value]]
  })
  return Object.fromEntries(entries ?? [])
}

interface FieldsFile {
  readonly file: string
  readonly yaml: YamlText
  readonly warnings: string[]
}

/** As Go's YAML reads what is to be a boolean. */
const FLAGS: Readonly<Record<string, boolean>> = {
  true: true,
  yes: true,
  on: true,
  false: false,
  no: false,
  off: false,
}

/** A mapping of the file. An empty field is none. */
class Fields {
  readonly file: FieldsFile
  readonly #path: readonly string[]
  readonly #fields: Readonly<Record<string, unknown>>

  constructor(
    file: FieldsFile,
    path: readonly string[],
    fields: Readonly<Record<string, unknown>>,
  ) {
    this.file = file
    this.#path = path
    this.#fields = fields
  }

  get keys(): string[] {
    return Object.keys(this.#fields)
  }
  get isEmpty(): boolean {
    return this.keys.length === 0
  }

  text(key: string): string | undefined {
    const value = this.#fields[key] ?? ''
    if (!isScalar(value)) throw this.error(key, 'must be a text')
    return value === '' ? undefined : String(value)
  }

  flag(key: string): boolean | undefined {
    const text = this.text(key)
    if (text === undefined) return undefined
    const flag = FLAGS[text.toLowerCase()]
    if (flag === undefined) throw this.error(key, 'must be true or false')
    return flag
  }

  texts(key: string): string[] {
    const value = this.#fields[key] ?? []
    if (Array.isArray(value) && value.every(isScalar)) return value.map(String)
    throw this.error(key, 'must be a list of texts')
  }

  oneOf<T>(key: string, known: Readonly<Record<string, T>>): T | undefined {
    const text = this.text(key)
    return text === undefined ? undefined : this.#meaning(key, text, known)
  }

  eachOf<T>(key: string, known: Readonly<Record<string, T>>): T[] {
    return this.texts(key).map(text => this.#meaning(key, text, known))
  }

  section(key: string): Fields | undefined {
    const value = this.#fields[key] ?? undefined
    if (value === undefined) return undefined
    if (!isMapping(value)) throw this.error(key, 'must be a mapping')
    return new Fields(this.file, [...this.#path, key], value)
  }

  knowsOnly(known: readonly string[]): void {
    const strange = this.keys.find(key => !known.includes(key))
    if (strange !== undefined) throw this.error(strange, 'is no field of a web configuration')
  }

  /** `FILE:LINE: KEY WHY`; '' is the mapping itself. */
  error(key: string, why: string): Error {
    return new Error(this.#sentence(key, why))
  }

  warn(key: string, why: string): void {
    this.file.warnings.push(this.#sentence(key, why))
  }

  #sentence(key: string, why: string): string {
    const { file, yaml } = this.file
    const path = key === '' ? this.#path : [...this.#path, key]
    const name = path.at(-1)
    return name === undefined ? `${file} ${why}` : `${file}:${yaml.lineOf(path)}: ${name} ${why}`
  }

  #meaning<T>(key: string, text: string, known: Readonly<Record<string, T>>): T {
    const value = Object.hasOwn(known, text) ? known[text] : undefined
    if (value !== undefined) return value
    throw this.error(key, `'${text}' is none of ${Object.keys(known).join(', ')}`)
  }
}
