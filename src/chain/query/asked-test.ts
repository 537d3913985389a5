// Hot path. Expressions that need only the numbers and bytes that both paths have:
// `incidr(client_ip(), '10.0.0.0/8') && type() in ['A', 'AAAA']`. Such tests give the same result
// as the expression, without allocation. Other expressions must be run.

import { CidrSet, parseCidr } from '../../base/ip.ts'
import type { Node } from '../../expression/node.ts'
import { opcodeOf } from '../../wire/header.ts'
import { foldName, type NameView, nameFromText, nameToText } from '../../wire/name.ts'
import { classFromText, classToText, typeFromText, typeToText } from '../../wire/rrtypes.ts'
import type { Asked } from './asked.ts'
import { protoOf } from './transport.ts'

export type AskedTest = (asked: Asked) => boolean

/** The test that all expressions are true. Undefined if one of them needs more. */
export const askedTests = (
  nodes: readonly Node[],
): ((asked: Asked) => boolean | undefined) | undefined => {
  const tests = nodes.map(askedTest)
  if (!tests.every(test => test !== undefined)) return undefined
  return asked => {
    // An expression on an address that cannot be parsed fails: the expressions must be run.
    if (asked.address.bytes.length === 0) return undefined
    for (let k = 0; k < tests.length; k++) if (!tests[k]!(asked)) return false
    return true
  }
}

/** The test of one boolean expression; undefined if it needs more. */
export const askedTest = (node: Node): AskedTest | undefined => {
  switch (node.kind) {
    case 'constant':
      return typeof node.value === 'boolean' ? constantTest(node.value) : undefined
    case 'unary':
      return node.operator === 'not' || node.operator === '!'
        ? negated(askedTest(node.operand))
        : undefined
    case 'comparison': {
      const [second] = node.rest
      if (second === undefined || node.rest.length > 1) return undefined
      return numberTest(node.first, second.operator, second.operand)
    }
    case 'binary':
      return binaryTest(node)
    case 'call':
      return callTest(node)
    default:
      return undefined
  }
}

const constantTest =
  (value: boolean): AskedTest =>
  () =>
    value

const negated = (test: AskedTest | undefined): AskedTest | undefined =>
  test && (asked => !test(asked))

const binaryTest = (node: Extract<Node, { kind: 'binary' }>): AskedTest | undefined => {
  const { operator, left, right } = node
  switch (operator) {
    case 'and':
    case '&&':
    case 'or':
    case '||': {
      const [one, other] = [askedTest(left), askedTest(right)]
      if (one === undefined || other === undefined) return undefined
      return operator === 'and' || operator === '&&'
        ? asked => one(asked) && other(asked)
        : asked => one(asked) || other(asked)
    }
    case '==':
      return equalTest(left, right) ?? numberTest(left, '==', right)
    case '!=':
      return negated(equalTest(left, right) ?? numberTest(left, '==', right))
    case 'in':
      return right.kind === 'array' ? memberTest(left, right.items) : undefined
    default:
      return undefined
  }
}

/** `do()`, and an address in a prefix that stands in the text. */
const callTest = ({ callee, args }: Extract<Node, { kind: 'call' }>): AskedTest | undefined => {
  if (callee.kind !== 'identifier') return undefined
  if (callee.name === 'do') return asked => asked.do
  const [address, prefix] = args
  if (callee.name !== 'incidr' || address === undefined || nameOfCall(address) !== 'client_ip')
    return undefined
  if (prefix?.kind !== 'constant' || typeof prefix.value !== 'string') return undefined
  const cidr = parseCidr(prefix.value)
  if (cidr === undefined) return undefined
  const set = new CidrSet([cidr])
  return asked => set.has(asked.address)
}

/** The name of a called function without arguments. */
const nameOfCall = (node: Node): string | undefined =>
  node.kind === 'call' && node.args.length === 0 && node.callee.kind === 'identifier'
    ? node.callee.name
    : undefined

const equalTest = (left: Node, right: Node): AskedTest | undefined => {
  if (left.kind === 'constant' && right.kind !== 'constant') return equalTest(right, left)
  if (right.kind !== 'constant') return undefined
  if (typeof right.value === 'string') return memberTest(left, [right])
  if (typeof right.value !== 'boolean') return undefined
  const test = askedTest(left)
  return right.value ? test : negated(test)
}

/** Whether the value is one of the texts. */
const memberTest = (of: Node, items: readonly Node[]): AskedTest | undefined => {
  const texts: string[] = []
  for (const item of items) {
    if (item.kind !== 'constant' || typeof item.value !== 'string') return undefined
    texts.push(item.value)
  }
  switch (nameOfCall(of)) {
    case 'type':
      return codeTest(texts, typeFromText, typeToText, asked => asked.qtype)
    case 'class':
      return codeTest(texts, classFromText, classToText, asked => asked.qclass)
    case 'proto':
      return asked => texts.includes(protoOf(asked.transport))
    case 'name':
      return nameTest(texts)
    default:
      return undefined
  }
}

/** A text counts only if it is the code's canonical name, not an alias. */
const codeTest = (
  texts: readonly string[],
  fromText: (text: string) => number | undefined,
  toText: (code: number) => string,
  of: (asked: Asked) => number,
): AskedTest => {
  const codes = texts.flatMap(text => {
    const code = fromText(text)
    return code === undefined || toText(code) !== text ? [] : [code]
  })
  return asked => codes.includes(of(asked))
}

/** Likewise: in lower case, with a dot at the end, and escaped as names are shown. */
const nameTest = (texts: readonly string[]): AskedTest => {
  const names = texts.flatMap(text => {
    const wire = nameFromText(text)
    const folded = wire && foldName(wire)
    return folded === undefined || nameToText(folded) !== text ? [] : [folded]
  })
  return ({ name }) => {
    for (let k = 0; k < names.length; k++) if (isSame(name, names[k]!)) return true
    return false
  }
}

const isSame = ({ bytes, length }: NameView, name: Uint8Array): boolean => {
  if (length !== name.length) return false
  for (let k = 0; k < length; k++) if (bytes[k] !== name[k]) return false
  return true
}

const MOST_BYTES = 65_535
const LEAST_UDP_BYTES = 512

const numberOf = (node: Node): ((asked: Asked) => number) | undefined => {
  switch (nameOfCall(node)) {
    case 'bufsize':
      return ({ transport, udpSize }) =>
        protoOf(transport) === 'udp' ? Math.max(LEAST_UDP_BYTES, udpSize) : MOST_BYTES
    case 'opcode':
      return ({ flags }) => opcodeOf(flags)
    default:
      return undefined
  }
}

/** Compares a number of the query with a constant. */
const numberTest = (left: Node, operator: string, right: Node): AskedTest | undefined => {
  const number = numberOf(left)
  if (number === undefined || right.kind !== 'constant') return undefined
  if (typeof right.value !== 'bigint' && typeof right.value !== 'number') return undefined
  const bound = Number(right.value)
  switch (operator) {
    case '==':
      return asked => number(asked) === bound
    case '<':
      return asked => number(asked) < bound
    case '<=':
      return asked => number(asked) <= bound
    case '>':
      return asked => number(asked) > bound
    case '>=':
      return asked => number(asked) >= bound
    default:
      return undefined
  }
}
