// `tls CERT KEY [CA] { client_auth MODE; keylog FILE }`. Without files CoreDNS gets a certificate
// by ACME, whose options are refused. The last occurrence counts.

import type { ClientAuth } from '../../chain/listening.ts'
import type { Directive } from '../../corefile/options/directive.ts'
import { argumentFacts, optionFacts } from '../../corefile/options/option-rows.ts'
import type { OptionTable } from '../../corefile/options/option-table.ts'
import { Argument, oneOf } from '../../corefile/options/values.ts'
import { goQuote } from '../../corefile/words/strconv.ts'

/** Of one `tls`. Files as they are written. */
export interface TlsFiles {
  /** CERT, KEY, and perhaps CA. */
  readonly files: readonly string[]
  readonly clientAuth: ClientAuth
  /** '' for none. */
  readonly keylog: string
}

/** CoreDNS doubles the prefix for this error. */
const PREFIX = 'plugin/tls: '

const clientAuth = oneOf<ClientAuth>(
  ['nocert', 'request', 'require', 'verify_if_given', 'require_and_verify'],
  word => word.err(`unknown authentication type '${word.text}'`),
)

const KNOWN = ['client_auth', 'keylog']
const ACME_SYNTAX = {
  acme: 'DOMAIN...',
  email: 'ADDRESS',
  ca: 'URL',
  storage: 'FOLDER',
  ca_root: 'FILE',
  resolver: 'HOST:PORT',
}
const ACME = Object.keys(ACME_SYNTAX)

const refused = { support: 'refused', does: 'a certificate by ACME' } as const

export const options: OptionTable<TlsFiles> = {
  facts: [
    argumentFacts('CERT', 'CERT', {
      does: 'file of the certificate, with those between it and its authority behind it',
    }),
    argumentFacts('KEY', 'KEY', { does: 'file of its private key' }),
    argumentFacts('CA', '[CA]', {
      otherwise: "the system's authorities",
      does: 'file of the authorities that certificates of clients are checked with',
    }),
    optionFacts('client_auth', clientAuth.word, {
      otherwise: 'nocert',
      does: "what is asked of clients' certificates",
    }),
    optionFacts('keylog', 'FILE', {
      does: 'file that the secrets of sessions are appended to: for debugging only',
    }),
    ...Object.entries(ACME_SYNTAX).map(([name, syntax]) => optionFacts(name, syntax, refused)),
  ],
  parse(directive) {
    let found: TlsFiles | undefined
    while (directive.next()) found = readOne(directive)
    if (found === undefined) throw directive.argErr()
    return found
  },
}

const readOne = (directive: Directive): TlsFiles => {
  const files = directive.remainingTokens().map(({ text }) => text)
  if (files.length === 0) throw refuseAcme(directive)
  if (files.length === 1 || files.length > 3) throw directive.argErr().prefixed(PREFIX)
  const found = { files, clientAuth: 'nocert' as ClientAuth, keylog: '' }
  while (directive.nextBlock()) {
    const name = directive.val()
    if (name === 'client_auth') found.clientAuth = clientAuth.read(onlyWord(directive))
    else if (name === 'keylog') found.keylog = onlyWord(directive).text
    else throw directive.unknownOption(`unknown option '${name}'`, KNOWN)
  }
  return found
}

const onlyWord = (directive: Directive): Argument => {
  const [word, more] = directive.remainingTokens()
  if (word === undefined || more !== undefined) throw directive.argErr()
  return new Argument(directive, word)
}

/** The error for a `tls` without files. */
const refuseAcme = (directive: Directive): Error => {
  const start = directive.token
  while (directive.nextBlock()) {
    const name = directive.val()
    if (!ACME.includes(name))
      return directive.plainErr(`unknown ACME option ${goQuote(name)}`, directive.optionHelp(ACME))
    const token = directive.token
    if (name === 'acme' && directive.remainingTokens().length > 0)
      return directive.plainErr(
        'acme is not supported by shardns yet: name the files of a certificate',
        { code: 'unsupported-option', token },
      )
    directive.remainingTokens()
  }
  return directive.plainErr('ACME requires at least one domain', { token: start })
}
