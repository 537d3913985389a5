// Tokens -> tree: the grammar and precedences of expr-lang 1.17. The first fault is thrown, with
// its place.

import { BUILTIN_NAMES, LEFT_OUT, PREDICATES } from './builtin-names.ts'
import { ExpressionError } from './expression-error.ts'
import { isIdentifier, Lexer, type Token, type TokenKind } from './lexer.ts'
import type { BinaryOperator, Compared, Node, OrderOperator } from './node.ts'
import { parseNumber } from './number-text.ts'

/** Operators and brackets within each other. */
const MOST_NESTED = 200
/** In the tree. */
const MOST_NODES = 10_000
/** Nodes below each other: `a || b || c …` stand so. */
const MOST_DEPTH = 1000

const UNARY: Readonly<Record<string, number>> = { not: 50, '!': 50, '-': 90, '+': 90 }
const BINARY: Readonly<Record<BinaryOperator | OrderOperator, number>> = {
  '|': 0,
  or: 10,
  '||': 10,
  and: 15,
  '&&': 15,
  '==': 20,
  '!=': 20,
  '<': 20,
  '>': 20,
  '>=': 20,
  '<=': 20,
  in: 20,
  matches: 20,
  contains: 20,
  startsWith: 20,
  endsWith: 20,
  '..': 25,
  '+': 30,
  '-': 30,
  '*': 60,
  '/': 60,
  '%': 60,
  '**': 100,
  '^': 100,
  '??': 500,
}
const BINARY_BY_WORD = new Map(Object.entries(BINARY)) as ReadonlyMap<string, number>
const RIGHT_ASSOCIATIVE = new Set(['**', '^'])
const COMPARISONS = new Set(['<', '>', '>=', '<='])
const NEGATABLE = new Set(['contains', 'matches', 'startsWith', 'endsWith', 'in'])

/** `Omit` over each kind by itself. */
type Without<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never
type NewNode = Without<Node, 'offset' | 'depth' | 'size'>

export class Parser {
  readonly #lexer: Lexer
  /** Functions of the plugin that embeds the language: they hide builtins of the same name. */
  readonly #own: ReadonlySet<string>
  #current: Token
  #stashed: Token | undefined
  #predicates = 0
  #nested = 0
  #nodes = 0

  constructor(text: string, own: ReadonlySet<string>) {
    this.#lexer = new Lexer(text)
    this.#own = own
    this.#current = this.#lexer.next()
  }

  parse(): Node {
    const node = this.#sequence()
    if (!this.#is('EOF')) this.#unexpected()
    return node
  }

  #is(kind: TokenKind, value?: string): boolean {
    return this.#current.kind === kind && (value === undefined || this.#current.value === value)
  }

  #next(): Token {
    const token = this.#current
    this.#current = this.#stashed ?? this.#lexer.next()
    this.#stashed = undefined
    return token
  }

  #expect(kind: TokenKind, value?: string): Token {
    return this.#is(kind, value) ? this.#next() : this.#unexpected()
  }

  #unexpected(token = this.#current): never {
    const { kind, value } = token
    const shown = value === '' ? kind : `${kind}(${JSON.stringify(value)})`
    throw new ExpressionError(`unexpected token ${shown}`, token.offset)
  }

  #node(offset: number, node: NewNode, ...below: readonly (Node | undefined)[]): Node {
    let depth = 0
    let size = 1
    for (const child of below) {
      depth = Math.max(depth, child?.depth ?? 0)
      size += child?.size ?? 0
    }
    depth++
    if (++this.#nodes > MOST_NODES)
      throw new ExpressionError('expression exceeds maximum allowed nodes', offset)
    if (depth > MOST_DEPTH) throw new ExpressionError('expression is nested too deeply', offset)
    return { ...node, offset, depth, size }
  }

  #sequence(): Node {
    const first = this.#expression(0)
    const items = [first]
    while (this.#is('Operator', ';')) {
      this.#next()
      if (this.#is('EOF')) break
      items.push(this.#expression(0))
    }
    return items.length === 1
      ? first
      : this.#node(first.offset, { kind: 'sequence', items }, ...items)
  }

  #expression(precedence: number): Node {
    if (++this.#nested > MOST_NESTED)
      throw new ExpressionError('expression is nested too deeply', this.#current.offset)
    const node = this.#anyExpression(precedence)
    this.#nested--
    return node
  }

  #anyExpression(precedence: number): Node {
    if (precedence === 0 && this.#is('Operator', 'let')) return this.#declaration()
    if (precedence === 0 && this.#is('Operator', 'if')) return this.#if()
    let left = this.#primary()
    let previous = ''
    for (;;) {
      const operator = this.#binaryOperator(precedence)
      if (operator === undefined) break
      left = this.#binary(left, operator, previous)
      previous = operator.value
    }
    return precedence === 0 ? this.#ternaries(left) : left
  }

  /** The operator that stands here, taken, if it binds as tightly; `not` before it. */
  #binaryOperator(least: number): (Token & { isNegated: boolean }) | undefined {
    const first = this.#current
    if (first.kind !== 'Operator') return undefined
    if (first.value !== 'not') {
      if ((BINARY_BY_WORD.get(first.value) ?? -1) < least) return undefined
      return { ...this.#next(), isNegated: false }
    }
    this.#next()
    const token = this.#current
    if (!NEGATABLE.has(token.value)) this.#unexpected()
    if ((BINARY_BY_WORD.get(token.value) ?? -1) >= least)
      return { ...this.#next(), isNegated: true }
    this.#stashed = token
    this.#current = first
    return undefined
  }

  #binary(left: Node, token: Token & { isNegated: boolean }, previous: string): Node {
    const { offset } = token
    if (token.value === '|') return this.#call(this.#expect('Identifier'), [left], true)
    if (previous === '??' && token.value !== '??') {
      const text = `Operator (${token.value}) and coalesce expressions (??) cannot be mixed. Wrap either by parentheses.`
      throw new ExpressionError(text, offset)
    }
    if (COMPARISONS.has(token.value)) return this.#comparison(left, token)
    const operator = token.value as BinaryOperator
    const isRight = RIGHT_ASSOCIATIVE.has(operator)
    const right = this.#expression(BINARY[operator] + (isRight ? 0 : 1))
    const node = this.#node(offset, { kind: 'binary', operator, left, right }, left, right)
    if (!token.isNegated) return node
    return this.#node(offset, { kind: 'unary', operator: 'not', operand: node }, node)
  }

  /** `token` is the first of its operators. */
  #comparison(first: Node, token: Token): Node {
    const rest: Compared[] = []
    for (let next = token; ; next = this.#next()) {
      const operator = next.value as OrderOperator
      const operand = this.#expression(BINARY[operator] + 1)
      rest.push({ operator, operand, offset: next.offset })
      if (!this.#is('Operator') || !COMPARISONS.has(this.#current.value)) break
    }
    const below = [first, ...rest.map(({ operand }) => operand)]
    return this.#node(token.offset, { kind: 'comparison', first, rest }, ...below)
  }

  #declaration(): Node {
    this.#next()
    const { value: name, offset } = this.#expect('Identifier')
    this.#expect('Operator', '=')
    const value = this.#expression(0)
    this.#expect('Operator', ';')
    const body = this.#sequence()
    return this.#node(offset, { kind: 'let', name, value, body }, value, body)
  }

  #if(): Node {
    const { offset } = this.#next()
    const condition = this.#expression(0)
    const then = this.#braced()
    this.#expect('Operator', 'else')
    const otherwise = this.#is('Operator', 'if') ? this.#expression(0) : this.#braced()
    const below = [condition, then, otherwise]
    return this.#node(offset, { kind: 'conditional', condition, then, otherwise }, ...below)
  }

  #braced(): Node {
    this.#expect('Bracket', '{')
    const node = this.#sequence()
    this.#expect('Bracket', '}')
    return node
  }

  #ternaries(first: Node): Node {
    let condition = first
    while (this.#is('Operator', '?')) {
      const { offset } = this.#next()
      let then: Node | undefined
      if (!this.#is('Operator', ':')) then = this.#expression(0)
      this.#expect('Operator', ':')
      const otherwise = this.#expression(0)
      const below = [condition, then, otherwise]
      condition = this.#node(offset, { kind: 'conditional', condition, then, otherwise }, ...below)
    }
    return condition
  }

  #primary(): Node {
    const token = this.#current
    const { offset, value } = token
    const precedence = token.kind === 'Operator' ? UNARY[value] : undefined
    if (precedence !== undefined) {
      this.#next()
      const operand = this.#expression(precedence)
      return this.#postfix(this.#node(offset, { kind: 'unary', operator: value, operand }, operand))
    }
    if (this.#is('Bracket', '(')) {
      this.#next()
      const node = this.#sequence()
      this.#expect('Bracket', ')')
      return this.#postfix(node)
    }
    if (this.#predicates > 0 && (this.#is('Operator', '#') || this.#is('Operator', '.')))
      return this.#pointer()
    if (this.#is('Operator', '::')) {
      this.#next()
      return this.#postfix(this.#call(this.#expect('Identifier'), [], false))
    }
    return this.#secondary()
  }

  /** `#`, `#acc`; a lone `.` before a name stands for `#.`. */
  #pointer(): Node {
    const { offset } = this.#current
    let name = ''
    if (this.#is('Operator', '#')) {
      this.#next()
      if (this.#is('Identifier')) name = this.#next().value
    }
    return this.#postfix(this.#node(offset, { kind: 'pointer', name }))
  }

  #secondary(): Node {
    const token = this.#current
    const { offset, value } = token
    switch (token.kind) {
      case 'Identifier':
        this.#next()
        if (value === 'true' || value === 'false')
          return this.#node(offset, { kind: 'constant', value: value === 'true' })
        if (value === 'nil') return this.#node(offset, { kind: 'constant', value: null })
        return this.#postfix(
          this.#is('Bracket', '(')
            ? this.#call(token, [], true)
            : this.#node(offset, { kind: 'identifier', name: value }),
        )
      case 'Number':
        this.#next()
        return this.#node(offset, {
          kind: 'constant',
          value: parseNumber(value, this.#current.offset),
        })
      case 'String':
        this.#next()
        return this.#postfix(this.#node(offset, { kind: 'constant', value }))
      default:
        if (this.#is('Bracket', '[')) return this.#postfix(this.#array())
        if (this.#is('Bracket', '{')) return this.#postfix(this.#map())
        return this.#unexpected()
    }
  }

  /** `given` is what stands before a pipe. */
  #call(token: Token, given: readonly Node[], mayBeOwn: boolean): Node {
    const { value: name, offset } = token
    const isOwn = mayBeOwn && this.#own.has(name)
    if (!isOwn && LEFT_OUT.has(name))
      throw new ExpressionError(`function ${name}() is not supported`, offset)
    const predicate = isOwn ? undefined : PREDICATES.get(name)
    if (predicate !== undefined) {
      const args = this.#predicateArguments(predicate, given)
      return this.#node(offset, { kind: 'builtin', name, args }, ...args)
    }
    const args = this.#arguments(given)
    if (!isOwn && BUILTIN_NAMES.has(name))
      return this.#node(offset, { kind: 'builtin', name, args }, ...args)
    const callee = this.#node(offset, { kind: 'identifier', name })
    return this.#node(offset, { kind: 'call', callee, args }, callee, ...args)
  }

  #arguments(given: readonly Node[]): Node[] {
    this.#expect('Bracket', '(')
    return [...given, ...this.#list(')')]
  }

  /** Up to the bracket, which is taken; a comma may stand before it. */
  #list(end: string): Node[] {
    const items: Node[] = []
    while (!this.#is('Bracket', end)) {
      if (items.length > 0) this.#expect('Operator', ',')
      if (this.#is('Bracket', end)) break
      items.push(this.#expression(0))
    }
    this.#expect('Bracket', end)
    return items
  }

  #predicateArguments(
    {
      required,
      optional,
      predicateAt,
    }: { required: number; optional: number; predicateAt: number },
    given: readonly Node[],
  ): Node[] {
    this.#expect('Bracket', '(')
    const args = [...given]
    const most = required + optional
    for (let index = given.length; index < most; index++) {
      if (this.#is('Bracket', ')')) {
        if (index >= required) break
        const text = `expected at least ${most - given.length} arguments`
        throw new ExpressionError(text, this.#current.offset)
      }
      if (index > given.length) this.#expect('Operator', ',')
      args.push(index === predicateAt ? this.#predicate() : this.#expression(0))
    }
    if (this.#is('Operator', ',')) this.#next()
    this.#expect('Bracket', ')')
    return args
  }

  #predicate(): Node {
    const { offset } = this.#current
    this.#predicates++
    let body: Node
    if (this.#is('Bracket', '{')) body = this.#braced()
    else {
      body = this.#expression(0)
      if (this.#is('Operator', ';')) {
        const text = 'wrap predicate with brackets { and }'
        throw new ExpressionError(text, this.#current.offset)
      }
    }
    this.#predicates--
    return this.#node(offset, { kind: 'predicate', body }, body)
  }

  #array(): Node {
    const { offset } = this.#next()
    const items = this.#list(']')
    return this.#node(offset, { kind: 'array', items }, ...items)
  }

  #map(): Node {
    const { offset } = this.#next()
    const pairs: [Node, Node][] = []
    while (!this.#is('Bracket', '}')) {
      if (pairs.length > 0) this.#expect('Operator', ',')
      if (this.#is('Bracket', '}')) break
      const key = this.#mapKey()
      this.#expect('Operator', ':')
      pairs.push([key, this.#expression(0)])
    }
    this.#expect('Bracket', '}')
    return this.#node(offset, { kind: 'map', pairs }, ...pairs.flat())
  }

  #mapKey(): Node {
    const { kind, offset } = this.#current
    if (kind === 'Number' || kind === 'String' || kind === 'Identifier')
      return this.#node(offset, { kind: 'constant', value: this.#next().value })
    if (this.#is('Bracket', '(')) return this.#expression(0)
    const text =
      'a map key must be a quoted string, a number, a identifier, or an expression enclosed in parentheses'
    throw new ExpressionError(text, offset)
  }

  #postfix(first: Node): Node {
    let node = first
    for (;;) {
      const { offset } = this.#current
      if (this.#is('Operator', '.') || this.#is('Operator', '?.')) {
        const isOptional = this.#next().value === '?.'
        node =
          isOptional && this.#is('Bracket', '[')
            ? this.#indexed(node, true)
            : this.#field(node, isOptional)
      } else if (this.#is('Bracket', '[')) node = this.#indexed(node, false, offset)
      else return node
    }
  }

  #field(of: Node, isOptional: boolean): Node {
    const token = this.#next()
    const { value, offset } = token
    const isName = token.kind === 'Identifier' || (token.kind === 'Operator' && isIdentifier(value))
    if (!isName) throw new ExpressionError('expected name', this.#current.offset)
    const isChain = of.kind === 'chain'
    const base = isChain ? of.inner : of
    const property = this.#node(offset, { kind: 'constant', value })
    const isMethod = this.#is('Bracket', '(')
    let node = this.#node(
      offset,
      { kind: 'member', base, property, isOptional, isMethod },
      base,
      property,
    )
    if (isMethod) {
      const args = this.#arguments([])
      node = this.#node(offset, { kind: 'call', callee: node, args }, node, ...args)
    }
    return isChain || isOptional ? this.#node(offset, { kind: 'chain', inner: node }, node) : node
  }

  #indexed(base: Node, isOptional: boolean, offset = this.#current.offset): Node {
    this.#next()
    let from: Node | undefined
    if (!this.#is('Operator', ':')) from = this.#expression(0)
    if (this.#is('Operator', ':')) {
      this.#next()
      const to = this.#is('Bracket', ']') ? undefined : this.#expression(0)
      this.#expect('Bracket', ']')
      return this.#node(offset, { kind: 'slice', base, from, to }, base, from, to)
    }
    this.#expect('Bracket', ']')
    if (from === undefined) return this.#unexpected()
    const member = { kind: 'member', base, property: from, isOptional, isMethod: false } as const
    const node = this.#node(offset, member, base, from)
    return isOptional ? this.#node(offset, { kind: 'chain', inner: node }, node) : node
  }
}
