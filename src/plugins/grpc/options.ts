// Corefile to options of grpc.

import { isIP } from '../../base/ip-text.ts'
import type { Directive } from '../../corefile/options/directive.ts'
import { argumentsOf, option, words, zoneList } from '../../corefile/options/option-rows.ts'
import { finishedTable, type OptionTable } from '../../corefile/options/option-table.ts'
import { type Argument, text } from '../../corefile/options/values.ts'
import type { PolicyName } from '../../upstream/policy.ts'
import { except, from, policy, single, TO_LIMIT } from '../../upstream/relay-options.ts'
import { splitHostPort } from '../../upstream/written-address.ts'

export type To =
  | { readonly kind: 'address'; readonly address: string; readonly port: number }
  | { readonly kind: 'socket'; readonly path: string }
  /** Like resolv.conf. */
  | { readonly kind: 'file'; readonly path: string }

export interface GrpcOptions {
  /** Normalised zone. */
  readonly from: string
  readonly except: readonly string[]
  readonly to: readonly To[]
  /** Arguments of `tls`; undefined without it. */
  readonly tlsFiles: readonly string[] | undefined
  readonly tlsServerName: string
  readonly policy: PolicyName
  /** Zones of `fallthrough`; empty without it. */
  readonly fall: readonly string[]
}

type Read = Omit<GrpcOptions, 'to'> & { readonly places: readonly Argument[] }

const DEFAULT_PORT = 53

const places = argumentsOf<readonly Argument[]>('TO', 'TO...', {
  does: 'the upstreams, 15 at most: IP:PORT, unix://PATH, files like resolv.conf',
  start: () => [],
  read(left, _, directive) {
    if (left.length === 0) throw directive.argErr()
    return left.splice(0)
  },
})

const tlsFiles = words<readonly string[] | undefined>('tls', '[CERT KEY] [CA]', {
  most: 3,
  otherwise: 'clear text',
  does: 'ask over TLS, with these files, below root if they are relative',
  start: () => undefined,
  read: found => found.map(({ text: file }) => file),
})

export const options: OptionTable<GrpcOptions> = finishedTable<Read, GrpcOptions>(
  'once',
  {
    rows: {
      from,
      places,
      except,
      tlsFiles,
      tlsServerName: option('tls_servername', text('NAME'), {
        ...single,
        unset: '',
        otherwise: 'the address in TO',
        does: 'ask over TLS, and check certificates for this name',
      }),
      policy,
      fall: zoneList('fallthrough', {
        unset: [],
        does: 'pass on what does not exist, or cannot be asked for: in ZONES, or all',
      }),
    },
  },
  ({ places: found, ...others }, directive) => ({ ...others, to: readPlaces(directive, found) }),
)

const readPlaces = (directive: Directive, found: readonly Argument[]): To[] => {
  if (found.length > TO_LIMIT)
    throw directive.plainErr(`more than ${TO_LIMIT} TOs configured: ${found.length}`)
  return found.map(toOf)
}

const toOf = (word: Argument): To => {
  const scheme = /^(\w+):\/\/(.*)$/s.exec(word.text)
  if (scheme?.[1] === 'unix') return { kind: 'socket', path: scheme[2]! }
  if (scheme !== null)
    throw word.plainErr(
      `'${word.text}' is no address: grpc takes IP, IP:PORT, unix://PATH and files`,
    )
  const { host, port = String(DEFAULT_PORT) } = splitHostPort(word.text)
  if (isIP(host) === 0) return { kind: 'file', path: word.text }
  const number = /^\d{1,5}$/.test(port) ? Number(port) : 0
  if (number < 1 || number > 65535) throw word.plainErr(`invalid address: "${word.text}"`)
  return { kind: 'address', address: host, port: number }
}
