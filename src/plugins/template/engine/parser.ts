// Tokens to the tree of a template, as Go's text/template/parse does, with its words for what is
// wrong.

import { goQuote } from '../../../corefile/words/strconv.ts'
import { constantOf, unquote } from './constants.ts'
import { FUNCTIONS } from './functions.ts'
import { Lexer } from './lexer.ts'
import {
  type CallNode,
  type CommandNode,
  type Node,
  nodeText,
  type Operand,
  type PipeNode,
  type Tree,
  type VariableNode,
} from './nodes.ts'
import { TemplateSyntaxError, type Token, type TokenKind } from './tokens.ts'

/**
 * Nested actions and parentheses. The parser calls itself for each, so without a limit its stack
 * would overflow.
 */
const MAX_DEPTH = 100

/** What a list of nodes ends with. */
type ListEnd = { readonly kind: 'end' | 'else'; readonly offset: number }

/**
 * Methods of a DNS message that Go's templates could call and that are not supported: they take the
 * message apart or change it.
 */
const LEFT_OUT: ReadonlySet<string> = new Set([
  ...['Copy', 'CopyTo', 'Insert', 'IsEdns0', 'IsTsig', 'Len', 'NameNotUsed', 'NameUsed', 'Pack'],
  ...['PackBuffer', 'RRsetNotUsed', 'RRsetUsed', 'Remove', 'RemoveName', 'RemoveRRset'],
  ...['SetAxfr', 'SetEdns0', 'SetIxfr', 'SetNotify', 'SetQuestion', 'SetRcode'],
  ...['SetRcodeFormatError', 'SetReply', 'SetTsig', 'SetUpdate', 'String', 'Truncate', 'Unpack'],
  ...['Used', 'MsgHdr', 'Compress'],
])

const MESSAGES: ReadonlySet<string> = new Set(['Message', 'Question'])

/** The tree of a template of this name. Throws TemplateSyntaxError. */
export const parseTemplate = (name: string, text: string): Tree => new Parser(name, text).parse()

class Parser {
  readonly #name: string
  readonly #lexer: Lexer
  /** Tokens that were read and put back. The next one is last. */
  readonly #back: Token[] = []
  readonly #defined = new Map<string, readonly Node[]>()
  /** Variables in scope, the innermost last. */
  #variables: string[] = ['$']
  #ranges = 0
  #depth = 0

  constructor(name: string, text: string) {
    this.#name = name
    this.#lexer = new Lexer(text)
  }

  parse(): Tree {
    const root: Node[] = []
    while (this.#peek().kind !== 'end of text') {
      const delimiter = this.#next()
      const token = delimiter.kind === 'left delimiter' ? this.#nextWord() : undefined
      if (token?.kind === 'keyword' && token.text === 'define') {
        this.#definition()
        continue
      }
      if (token !== undefined) this.#giveBack(token)
      this.#giveBack(delimiter)
      const node = this.#textOrAction()
      if (isListEnd(node)) throw this.#error(`unexpected {{${node.kind}}}`, node.offset)
      root.push(node)
    }
    this.#define(this.#name, root, 0)
    return { root: this.#defined.get(this.#name) ?? root, defined: this.#defined }
  }

  // Tokens.

  #next(): Token {
    return this.#back.pop() ?? this.#lexer.next()
  }

  #peek(): Token {
    const token = this.#next()
    this.#giveBack(token)
    return token
  }

  #giveBack(token: Token): void {
    this.#back.push(token)
  }

  #nextWord(): Token {
    for (;;) {
      const token = this.#next()
      if (token.kind !== 'space') return token
    }
  }

  #peekWord(): Token {
    const token = this.#nextWord()
    this.#giveBack(token)
    return token
  }

  #expect(kind: TokenKind, context: string): Token {
    const token = this.#nextWord()
    if (token.kind !== kind) throw this.#unexpected(token, context)
    return token
  }

  #error(message: string, offset: number): TemplateSyntaxError {
    return new TemplateSyntaxError(message, offset)
  }

  #unexpected(token: Token, context: string): TemplateSyntaxError {
    return this.#error(`unexpected ${tokenText(token)} in ${context}`, token.offset)
  }

  // Lists and actions.

  /** Nodes up to `end` or `else`. */
  #list(): { nodes: Node[]; end: ListEnd } {
    const nodes: Node[] = []
    for (let token = this.#peekWord(); token.kind !== 'end of text'; token = this.#peekWord()) {
      const node = this.#textOrAction()
      if (isListEnd(node)) return { nodes, end: node }
      nodes.push(node)
    }
    throw this.#error('unexpected EOF', this.#peek().offset)
  }

  #textOrAction(): Node | ListEnd {
    const token = this.#nextWord()
    if (token.kind === 'text') return { kind: 'text', text: token.text, offset: token.offset }
    if (token.kind !== 'left delimiter') throw this.#unexpected(token, 'input')
    return this.#within(token.offset, () => this.#action())
  }

  #within<T>(offset: number, read: () => T): T {
    if (++this.#depth > MAX_DEPTH)
      throw this.#error(`more than ${MAX_DEPTH} actions and parentheses inside each other`, offset)
    const node = read()
    this.#depth--
    return node
  }

  #action(): Node | ListEnd {
    const token = this.#nextWord()
    const { offset } = token
    if (token.kind === 'keyword') {
      switch (token.text) {
        case 'block':
          return this.#block()
        case 'break':
        case 'continue':
          return this.#jump(token.text, offset)
        case 'else':
          return this.#else(offset)
        case 'end':
          this.#expect('right delimiter', 'end')
          return { kind: 'end', offset }
        case 'if':
        case 'range':
        case 'with':
          return this.#control(token.text, offset)
        case 'template':
          return this.#call()
      }
    }
    this.#giveBack(token)
    return { kind: 'action', pipe: this.#pipeline('command', 'right delimiter'), offset }
  }

  #jump(kind: 'break' | 'continue', offset: number): Node {
    const token = this.#nextWord()
    if (token.kind !== 'right delimiter') throw this.#unexpected(token, `{{${kind}}}`)
    if (this.#ranges === 0) throw this.#error(`{{${kind}}} outside {{range}}`, offset)
    return { kind, offset }
  }

  /** Reads `else`. The second word of `{{else if` and `{{else with` is left for the caller. */
  #else(offset: number): ListEnd {
    const { kind, text } = this.#peekWord()
    if (kind !== 'keyword' || (text !== 'if' && text !== 'with'))
      this.#expect('right delimiter', 'else')
    return { kind: 'else', offset }
  }

  #control(kind: 'if' | 'range' | 'with', offset: number): Node {
    const scope = this.#variables.length
    const pipe = this.#pipeline(kind, 'right delimiter')
    if (kind === 'range') this.#ranges++
    const { nodes: body, end } = this.#list()
    if (kind === 'range') this.#ranges--
    const otherwise = end.kind === 'else' ? this.#otherwise(kind) : undefined
    this.#variables.length = scope
    return { kind, pipe, body, otherwise, offset }
  }

  #otherwise(kind: 'if' | 'range' | 'with'): readonly Node[] {
    const token = this.#peekWord()
    if (kind !== 'range' && token.kind === 'keyword' && token.text === kind) {
      this.#nextWord()
      return [this.#within(token.offset, () => this.#control(kind, token.offset))]
    }
    const { nodes, end } = this.#list()
    if (end.kind !== 'end') throw this.#error('expected end; found {{else}}', end.offset)
    return nodes
  }

  // Templates by name.

  #definition(): void {
    const token = this.#nextWord()
    const name = this.#templateName(token, 'define clause')
    this.#expect('right delimiter', 'define clause')
    this.#define(name, this.#bodyOf('define clause'), token.offset)
  }

  #block(): CallNode {
    const token = this.#nextWord()
    const name = this.#templateName(token, 'block clause')
    const pipe = this.#pipeline('block clause', 'right delimiter')
    this.#define(name, this.#bodyOf('block clause'), token.offset)
    return { kind: 'template', name, pipe, offset: token.offset }
  }

  /** The nodes up to `end`. They have variables of their own. */
  #bodyOf(context: string): Node[] {
    const variables = this.#variables
    const ranges = this.#ranges
    this.#variables = ['$']
    this.#ranges = 0
    const { nodes, end } = this.#list()
    if (end.kind !== 'end') throw this.#error(`unexpected {{else}} in ${context}`, end.offset)
    this.#variables = variables
    this.#ranges = ranges
    return nodes
  }

  /** Adds a template. An empty one is replaced by another of the same name. */
  #define(name: string, nodes: readonly Node[], offset: number): void {
    const before = this.#defined.get(name)
    if (before === undefined || isEmpty(before)) this.#defined.set(name, nodes)
    else if (!isEmpty(nodes))
      throw this.#error(`multiple definition of template ${goQuote(name)}`, offset)
  }

  #call(): CallNode {
    const token = this.#nextWord()
    const { offset } = token
    const name = this.#templateName(token, 'template clause')
    const after = this.#nextWord()
    if (after.kind === 'right delimiter') return { kind: 'template', name, pipe: undefined, offset }
    this.#giveBack(after)
    const pipe = this.#pipeline('template clause', 'right delimiter')
    return { kind: 'template', name, pipe, offset }
  }

  #templateName(token: Token, context: string): string {
    if (token.kind !== 'string') throw this.#unexpected(token, context)
    return unquote(token)
  }

  // Pipelines.

  #pipeline(context: string, end: 'right delimiter' | ')'): PipeNode {
    const { offset } = this.#peekWord()
    const { variables, isAssignment } = this.#declarations(context)
    const commands: CommandNode[] = []
    for (let token = this.#nextWord(); token.kind !== end; token = this.#nextWord()) {
      if (!STARTS_OPERAND.has(token.kind)) throw this.#unexpected(token, context)
      this.#giveBack(token)
      commands.push(this.#command())
    }
    if (commands.length === 0) throw this.#error(`missing value for ${context}`, offset)
    for (const [index, { operands }] of commands.entries())
      if (index > 0 && NOT_EXECUTABLE.has(operands[0].kind))
        throw this.#error(
          `non executable command in pipeline stage ${index + 1}`,
          operands[0].offset,
        )
    return { kind: 'pipe', isAssignment, variables, commands, offset }
  }

  #declarations(context: string): Pick<PipeNode, 'variables' | 'isAssignment'> {
    const variables: VariableNode[] = []
    for (;;) {
      const variable = this.#peekWord()
      if (variable.kind !== 'variable') return { variables, isAssignment: false }
      this.#nextWord()
      const behind = this.#peek()
      const next = this.#nextWord()
      const isLast = next.kind === '=' || next.kind === ':='
      if (!isLast && !(next.kind === 'character' && next.text === ',')) {
        this.#giveBack(next)
        if (behind.kind === 'space') this.#giveBack(behind)
        this.#giveBack(variable)
        return { variables, isAssignment: false }
      }
      variables.push({ kind: 'variable', name: variable.text, fields: [], offset: variable.offset })
      this.#variables.push(variable.text)
      if (isLast) return { variables, isAssignment: next.kind === '=' }
      if (context !== 'range' || variables.length > 1)
        throw this.#error(`too many declarations in ${context}`, next.offset)
      const { kind, offset } = this.#peekWord()
      if (kind !== 'variable') throw this.#error('range can only initialize variables', offset)
    }
  }

  #command(): CommandNode {
    const { offset } = this.#peekWord()
    const operands: Operand[] = []
    for (;;) {
      this.#peekWord()
      const operand = this.#operand()
      if (operand !== undefined) operands.push(operand)
      const token = this.#next()
      if (token.kind === 'space') continue
      if (token.kind === 'right delimiter' || token.kind === ')') this.#giveBack(token)
      else if (token.kind !== '|') throw this.#unexpected(token, 'operand')
      break
    }
    const [first, ...others] = operands
    if (first === undefined) throw this.#error('empty command', offset)
    return { kind: 'command', operands: [first, ...others], offset }
  }

  #operand(): Operand | undefined {
    const node = this.#term()
    if (node === undefined || this.#peek().kind !== 'field') return node
    const { offset } = this.#peek()
    const fields: string[] = []
    while (this.#peek().kind === 'field') fields.push(this.#next().text.slice(1))
    switch (node.kind) {
      case 'field':
        this.#checkFields([...node.names, ...fields], offset)
        return { ...node, names: [...node.names, ...fields], offset }
      case 'variable':
        this.#checkFields(fields, offset)
        return { ...node, fields, offset }
      case 'identifier':
      case 'pipe':
        return { kind: 'chain', operand: node, fields, offset }
      default:
        throw this.#error(`unexpected . after term ${goQuote(nodeText(node))}`, offset)
    }
  }

  #term(): Operand | undefined {
    const token = this.#nextWord()
    const { kind, text, offset } = token
    switch (kind) {
      case 'identifier':
        if (!FUNCTIONS.has(text)) throw this.#error(`function ${goQuote(text)} not defined`, offset)
        return { kind, name: text, offset }
      case 'dot':
      case 'nil':
        return { kind, offset }
      case 'variable':
        if (!this.#variables.includes(text))
          throw this.#error(`undefined variable ${goQuote(text)}`, offset)
        return { kind, name: text, fields: [], offset }
      case 'field':
        return { kind, names: [text.slice(1)], offset }
      case 'bool':
      case 'number':
      case 'character constant':
      case 'string':
        return { kind: 'constant', value: constantOf(token), text, offset }
      case '(':
        return this.#within(offset, () => this.#pipeline('parenthesized pipeline', ')'))
    }
    this.#giveBack(token)
    return undefined
  }

  #checkFields(names: readonly string[], offset: number): void {
    for (const [index, name] of names.entries())
      if (LEFT_OUT.has(name) && MESSAGES.has(names[index - 1] ?? ''))
        throw this.#error(`.${name} of a DNS message is not supported by shardns`, offset)
  }
}

const STARTS_OPERAND: ReadonlySet<TokenKind> = new Set([
  'bool',
  'character constant',
  'dot',
  'field',
  'identifier',
  'number',
  'nil',
  'string',
  'variable',
  '(',
])

/** Operands that cannot take a value from the command before them. */
const NOT_EXECUTABLE: ReadonlySet<string> = new Set(['constant', 'dot', 'nil'])

const isListEnd = (node: Node | ListEnd): node is ListEnd =>
  node.kind === 'end' || node.kind === 'else'

/** Whether the nodes are nothing but blanks. */
const isEmpty = (nodes: readonly Node[]): boolean =>
  nodes.every(node => node.kind === 'text' && node.text.trim() === '')

const SHOWN_LENGTH = 10

/**
 * A token as Go shows it: a keyword in brackets, any other token quoted, and a long one shortened.
 */
const tokenText = ({ kind, text }: Token): string => {
  if (kind === 'end of text') return 'EOF'
  if (kind === 'keyword') return `<${text}>`
  return text.length > SHOWN_LENGTH ? `${goQuote(text.slice(0, SHOWN_LENGTH))}...` : goQuote(text)
}
