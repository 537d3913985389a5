// How an `edns0` rule changes the options of a question.

import { parseIp, withoutZone } from '../../base/ip.ts'
import { fromHex } from '../../base/text/byte-text.ts'
import type { Query } from '../../chain/query/query.ts'
import type { Draft, Option } from './draft.ts'
import type { Apply, ReplyRule } from './reply-rules.ts'
import type { EdnsData, EdnsRule } from './rule.ts'

const NOTHING: readonly ReplyRule[] = []

/** Gives the data of an option. Undefined if there are none. */
type Tell = (draft: Draft) => Uint8Array | undefined

export const applyEdns = ({ action, code, data, isReverted }: EdnsRule): Apply => {
  const tell = tellOf(data)
  /** As in CoreDNS, `append` adds a second option only for data from the Corefile. */
  const addsBeside = data.of === 'literal'
  return draft => {
    if (action === 'unset') {
      draft.options = draft.options.filter(option => option.code !== code)
      return NOTHING
    }
    const told = tell(draft)
    if (told === undefined) return undefined
    const { options } = draft
    const there = options.find(option => option.code === code)
    if (there === undefined ? action === 'replace' : action === 'append' && !addsBeside)
      return undefined
    const replies = isReverted ? restoring(code, options) : NOTHING
    if (there !== undefined && action !== 'append') there.data = told
    else options.push({ code, data: told })
    return replies
  }
}

const restoring = (code: number, options: readonly Option[]): readonly ReplyRule[] => {
  const sent = options.filter(option => option.code === code).map(({ data }) => data)
  return [{ kind: 'option', code, sent }]
}

const tellOf = (data: EdnsData): Tell => {
  switch (data.of) {
    case 'literal': {
      const bytes = fromHex(data.hex)
      return () => bytes
    }
    case 'variable':
      return variable(data.name)
    case 'subnet': {
      const { bits4, bits6 } = data
      return ({ query }) => subnet(query, bits4, bits6)
    }
  }
}

const UTF8 = new TextEncoder()

const VARIABLES: Readonly<Record<string, Tell>> = {
  qname: ({ spelling }) => UTF8.encode(spelling),
  qtype: ({ type }) => twoBytes(type),
  client_ip: ({ query }) => ipBytes(query.client.address),
  client_port: ({ query }) => twoBytes(query.client.port),
  protocol: ({ query }) => UTF8.encode(query.proto),
  server_ip: ({ query }) => ipBytes(query.local.address),
  server_port: ({ query }) => twoBytes(query.local.port),
}

/** Any other name is a label of metadata. Without a value the rule does not apply. */
const variable = (name: string): Tell =>
  VARIABLES[name] ??
  (({ query }) => {
    const value = query.metadata?.get(name)
    return value === undefined || value === '' ? undefined : UTF8.encode(value)
  })

const twoBytes = (number: number): Uint8Array => Uint8Array.of(number >> 8, number)

const ipBytes = (address: string): Uint8Array | undefined => parseIp(withoutZone(address))?.bytes

/** RFC 7871 section 6: the client's address, cut to that many bits. */
const subnet = ({ address }: Query, bits4: number, bits6: number): Uint8Array | undefined => {
  const { bytes, family } = address
  if (bytes.length === 0) return undefined
  const bits = family === 4 ? bits4 : bits6
  const told = bytes.slice(0, (bits + 7) >> 3)
  if (bits % 8 > 0) told[told.length - 1]! &= 0xff << (8 - (bits % 8))
  return Uint8Array.of(0, family === 4 ? 1 : 2, bits, 0, ...told)
}
