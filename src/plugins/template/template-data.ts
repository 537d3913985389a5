// The data for a template: the question, the matched parts of its name, and the query's message.

import { recordAt } from '../../chain/answer/record-copy.ts'
import type { Query } from '../../chain/query/query.ts'
import type { Value as ExpressionValue } from '../../expression/value.ts'
import {
  FLAG_AA,
  FLAG_AD,
  FLAG_CD,
  FLAG_QR,
  FLAG_RA,
  FLAG_RD,
  FLAG_TC,
  FLAG_Z,
  MASK_RCODE,
  opcodeOf,
} from '../../wire/header.ts'
import { readLayout } from '../../wire/layout.ts'
import { nameToText } from '../../wire/name.ts'
import {
  CLASS_ANY,
  CLASS_IN,
  classToText,
  TYPE_ANY,
  TYPE_OPT,
  typeToText,
} from '../../wire/rrtypes.ts'
import { recordText } from '../../zone/record-text.ts'
import { Dict, Int, List, Struct, type Value } from './engine/values.ts'
import { templateValue } from './expressions.ts'

/** The match of a name by a rule. */
export interface Match {
  readonly zone: string
  readonly regex: string
  /** The whole match, then each group. */
  readonly parts: readonly string[]
  /** The same by number and by name. */
  readonly groups: ReadonlyMap<string, string>
}

const uint16 = (value: number): Int => new Int(value, 'uint16')

const questionData = (query: Query): Struct => {
  const { wire, type, class: cls } = query.question
  const name = nameToText(wire)
  return new Struct(
    '*dns.Question',
    { Name: () => name, Qtype: () => uint16(type), Qclass: () => uint16(cls) },
    { text: () => `;${name}\t${classToText(cls)}\t ${typeToText(type)}` },
  )
}

type Fields = Struct['fields']

const headerFields = (query: Query): Fields => {
  const { flags } = query
  const flag = (bit: number) => (): boolean => (flags & bit) !== 0
  return {
    Id: () => uint16(query.id),
    Response: flag(FLAG_QR),
    Opcode: () => new Int(opcodeOf(flags)),
    Authoritative: flag(FLAG_AA),
    Truncated: flag(FLAG_TC),
    RecursionDesired: flag(FLAG_RD),
    RecursionAvailable: flag(FLAG_RA),
    Zero: flag(FLAG_Z),
    AuthenticatedData: flag(FLAG_AD),
    CheckingDisabled: flag(FLAG_CD),
    Rcode: () => new Int(flags & MASK_RCODE),
  }
}

/** The records of the request. Of an OPT record only the header is shown. */
const sections = (query: Query): readonly [List, List, List] => {
  const found: [Value[], Value[], Value[]] = [[], [], []]
  const layout = readLayout(query.bytes)
  for (let index = 0; index < (layout?.count ?? 0); index++) {
    const record = layout && recordAt(query.bytes, layout, index, new Map())
    if (layout === undefined || record === undefined) continue
    const { owner, type, class: cls = CLASS_IN, ttlSeconds, rdata } = record
    const header = new Struct('dns.RR_Header', {
      Name: () => nameToText(owner),
      Rrtype: () => uint16(type),
      Class: () => uint16(cls),
      Ttl: () => new Int(ttlSeconds, 'uint32'),
      Rdlength: () => uint16(rdata.length),
    })
    const text = { text: () => recordText({ owner, type, class: cls, ttlSeconds, rdata }) }
    found[layout.sectionOf(index)].push(
      new Struct(
        `*dns.${typeToText(type)}`,
        { Hdr: () => header },
        {
          methods: { Header: { arity: 0, call: () => header } },
          ...(type === TYPE_OPT ? {} : text),
        },
      ),
    )
  }
  const [answer, authority, additional] = found.map(items => new List(items, '[]dns.RR'))
  return [answer!, authority!, additional!]
}

const messageData = (query: Query, question: Struct): Struct => {
  const header = headerFields(query)
  let found: ReturnType<typeof sections> | undefined
  const section = (place: 0 | 1 | 2) => (): List => (found ??= sections(query))[place]
  return new Struct('*dns.Msg', {
    ...header,
    MsgHdr: () => new Struct('dns.MsgHdr', header),
    Compress: () => false,
    Question: () => new List([question], '[]dns.Question'),
    Answer: section(0),
    Ns: section(1),
    Extra: section(2),
  })
}

/** The text of a known type or class. CoreDNS has none for the others. */
const mnemonic = (text: string): string => (/^(?:TYPE|CLASS)\d+$/.test(text) ? '' : text)

/** `kind` is the class and type of the rule. They are shown in place of type ANY of a question. */
export const templateData = (
  query: Query,
  match: Match,
  kind: { readonly qclass: number; readonly qtype: number },
  variables: ReadonlyMap<string, ExpressionValue>,
): Struct => {
  const question = questionData(query)
  const qclass = query.qclass === CLASS_ANY ? kind.qclass : query.qclass
  const qtype = query.qtype === TYPE_ANY ? kind.qtype : query.qtype
  return new Struct(
    '*template.templateData',
    {
      Zone: () => match.zone,
      Name: () => query.question.name,
      Regex: () => match.regex,
      Match: () => new List(match.parts, '[]string'),
      Group: () => new Dict(match.groups, 'map[string]string', ''),
      Class: () => mnemonic(classToText(qclass)),
      Type: () => mnemonic(typeToText(qtype)),
      Message: () => messageData(query, question),
      Question: () => question,
      Remote: () => query.client.address,
      Var: () => templateValue(variables),
    },
    { methods: { Meta: { arity: 1, call: label => query.metadata?.get(label ?? '') ?? '' } } },
  )
}
