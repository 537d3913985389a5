// Tree -> code, with a type check. Errors that expr-lang reports before an expression runs are
// reported here, with its text.

import { negate } from './arithmetic.ts'
import { CallFault, checkCall } from './builtin.ts'
import { fetch, slice } from './collections.ts'
import { type Code, type Compiled, constantOf } from './compiled.ts'
import { ExpressionError } from './expression-error.ts'
import { LIST_BUILTINS } from './list-functions.ts'
import type { Node } from './node.ts'
import { NUMBER_BUILTINS } from './number-functions.ts'
import { compileBinary, compileComparison } from './operators.ts'
import { itemsOf, PREDICATE_KINDS } from './predicates.ts'
import type { Run } from './run.ts'
import { TEXT_BUILTINS } from './text-functions.ts'
import {
  ARRAY,
  arrayOf,
  BOOL,
  FLOAT,
  goName,
  INT,
  isAssignable,
  isNumber,
  MAP,
  NIL,
  STRING,
  type Type,
  UNKNOWN,
} from './types.ts'
import { asBool, asText, TextMap, type Value } from './value.ts'

/** A function of the plugin that embeds the language. */
export interface OwnFunction<Env> {
  readonly takes: readonly Type[]
  readonly gives: Type
  /**
   * Throws an Error for arguments that it cannot use. A number stands for an integer if it gives
   * one.
   */
  readonly call: (env: Env, args: readonly Value[]) => Value
}

type Of<K extends Node['kind']> = Extract<Node, { kind: K }>

interface Scope {
  readonly items: Type
  readonly pointers: Readonly<Record<string, Type>>
  readonly itemSlot: number
}

const BUILTINS = { ...NUMBER_BUILTINS, ...TEXT_BUILTINS, ...LIST_BUILTINS }

/** In `a?.b.c`: what stands before has nothing; the whole is nil. */
const NOTHING = Symbol('nothing') as unknown as Value

/** An item, its index and what is gathered. */
const SLOTS_OF_LOOP = 3

export class Compiler {
  readonly #functions: ReadonlyMap<string, OwnFunction<unknown>>
  readonly #variables: ReadonlyMap<string, Type>
  readonly #lets: { name: string; type: Type; slot: number }[] = []
  readonly #scopes: Scope[] = []
  #slots = 0
  /** Which of the functions are called. */
  readonly called = new Set<string>()

  constructor(
    functions: ReadonlyMap<string, OwnFunction<unknown>>,
    variables: ReadonlyMap<string, Type>,
  ) {
    this.#functions = functions
    this.#variables = variables
  }

  compile(node: Node): Compiled {
    switch (node.kind) {
      case 'constant':
        return constantOf(typeOfConstant(node.value), node.value)
      case 'identifier':
        return this.#identifier(node)
      case 'unary':
        return this.#unary(node)
      case 'binary':
        return compileBinary(
          node.operator,
          this.compile(node.left),
          this.compile(node.right),
          node.offset,
        )
      case 'comparison': {
        const first = this.compile(node.first)
        const rest = node.rest.map(one => ({ ...one, operand: this.compile(one.operand) }))
        return compileComparison(first, rest)
      }
      case 'array':
        return this.#array(node)
      case 'map':
        return this.#map(node)
      case 'member':
        return this.#member(node)
      case 'chain':
        return this.#chain(node)
      case 'slice':
        return this.#slice(node)
      case 'call':
        return this.#call(node)
      case 'builtin':
        return this.#builtin(node)
      case 'predicate':
        return this.compile(node.body)
      case 'pointer':
        return this.#pointer(node)
      case 'conditional':
        return this.#conditional(node)
      case 'let':
        return this.#let(node)
      case 'sequence':
        return this.#sequence(node)
    }
  }

  #identifier({ name, offset }: Of<'identifier'>): Compiled {
    const local = this.#lets.findLast(one => one.name === name)
    if (local !== undefined) {
      const { type, slot } = local
      return { type, code: run => run.locals[slot] ?? null }
    }
    const variable = this.#variables.get(name)
    if (variable !== undefined)
      return { type: variable, code: run => run.variables.get(name) ?? null }
    const own = this.#functions.get(name)
    if (own === undefined) {
      const text = name === '$env' ? '$env is not supported' : `unknown name ${name}`
      throw new ExpressionError(text, offset)
    }
    return {
      type: { kind: 'function', takes: own.takes, gives: own.gives },
      code: () => {
        throw new TypeError(`${name} is a function, to be called as ${name}()`)
      },
    }
  }

  #unary({ operator, operand, offset }: Of<'unary'>): Compiled {
    const { type, code, constant } = this.compile(operand)
    const fail = (): never => {
      const text = `invalid operation: ${operator} (mismatched type ${goName(type)})`
      throw new ExpressionError(text, offset)
    }
    if (operator === '!' || operator === 'not') {
      if (type.kind !== 'bool' && type.kind !== 'unknown') return fail()
      return { type: BOOL, code: behind(code, offset, value => !asBool(value)) }
    }
    if (!isNumber(type) && type.kind !== 'unknown') return fail()
    if (operator === '+') return { type, code }
    if (constant !== undefined) return constantOf(type, negate(constant))
    return { type, code: behind(code, offset, negate) }
  }

  #array({ items }: Of<'array'>): Compiled {
    const compiled = items.map(item => this.compile(item))
    const last = compiled.at(-1)?.type ?? UNKNOWN
    const isUniform = compiled.every(({ type }) => sameKind(type, last))
    const type = isUniform ? arrayOf(last) : ARRAY
    const constants = compiled.flatMap(({ constant }) => (constant === undefined ? [] : [constant]))
    if (constants.length === compiled.length) return constantOf(type, constants)
    const code: Code = run => {
      run.spend(compiled.length)
      return compiled.map(item => item.code(run))
    }
    return { type, code }
  }

  #map({ pairs, offset }: Of<'map'>): Compiled {
    const compiled = pairs.map(pair => pair.map(node => this.compile(node).code))
    const code: Code = run => {
      const map = new TextMap()
      for (const [key, value] of compiled) {
        const name = key?.(run) ?? null
        run.place = offset
        map.set(asText(name), value?.(run) ?? null)
      }
      return map
    }
    return { type: MAP, code }
  }

  #member(node: Of<'member'>): Compiled {
    const { isOptional, property, offset } = node
    const base = this.compile(node.base)
    const key = this.compile(property)
    const code: Code = run => {
      const from = base.code(run)
      if (from === NOTHING || (isOptional && from === null)) return NOTHING
      const name = key.code(run)
      run.place = offset
      return fetch(from, name)
    }
    return { type: memberType(node, base.type, key), code }
  }

  #chain({ inner }: Of<'chain'>): Compiled {
    const { type, code } = this.compile(inner)
    return {
      type,
      code: run => {
        const value = code(run)
        return value === NOTHING ? null : value
      },
    }
  }

  #slice({ base, from, to, offset }: Of<'slice'>): Compiled {
    const { type, code } = this.compile(base)
    if (!['unknown', 'string', 'array'].includes(type.kind))
      throw new ExpressionError(`cannot slice ${goName(type)}`, offset)
    const end = (node: Node | undefined): Code => {
      if (node === undefined) return () => null
      const compiled = this.compile(node)
      const { kind } = compiled.type
      // As expr-lang: of what is not known before it runs, the ends are not looked at.
      if (type.kind !== 'unknown' && kind !== 'int' && kind !== 'unknown') {
        const text = `non-integer slice index ${goName(compiled.type)}`
        throw new ExpressionError(text, node.offset)
      }
      return compiled.code
    }
    const start = end(from)
    const stop = end(to)
    return {
      type,
      code: run => {
        const value = code(run)
        if (value === NOTHING) return NOTHING
        const ends = [start(run), stop(run)] as const
        run.place = offset
        return slice(value, ...ends, run)
      },
    }
  }

  #call({ callee, args, offset }: Of<'call'>): Compiled {
    const type = this.#calleeType(callee)
    if (type.kind !== 'function') {
      const text =
        type.kind === 'unknown' ? 'methods are not supported' : `${goName(type)} is not callable`
      throw new ExpressionError(text, offset)
    }
    const name = callee.kind === 'identifier' ? callee.name : ''
    const own = this.#functions.get(name)
    if (own === undefined) throw new ExpressionError(`unknown name ${name}`, offset)
    const compiled = args.map(arg => this.compile(arg))
    this.#checked(() => checkCall(own, typesOf(compiled), name), offset, args)
    this.called.add(name)
    return { type: own.gives, code: callCode(own, compiled, offset) }
  }

  #calleeType(callee: Node): Type {
    if (callee.kind === 'identifier' && this.#functions.has(callee.name)) {
      const isHidden = this.#lets.some(({ name }) => name === callee.name)
      if (!isHidden) return this.#identifier(callee).type
    }
    return this.compile(callee).type
  }

  /** Gives a wrong call its place. */
  #checked(check: () => Type, offset: number, args: readonly Node[]): Type {
    try {
      return check()
    } catch (error) {
      if (!(error instanceof CallFault)) throw error
      const place = error.argument === undefined ? offset : args[error.argument]?.offset
      throw new ExpressionError(error.message, place ?? offset)
    }
  }

  #builtin(node: Of<'builtin'>): Compiled {
    const { name, args, offset } = node
    if (Object.hasOwn(PREDICATE_KINDS, name)) return this.#loop(node)
    const builtin = BUILTINS[name as keyof typeof BUILTINS]
    const compiled = args.map(arg => this.compile(arg))
    const type = this.#checked(() => builtin.check(typesOf(compiled), name), offset, args)
    const code: Code = run => {
      const values = compiled.map(arg => arg.code(run))
      run.place = offset
      return builtin.run(values, run)
    }
    return { type, code }
  }

  #loop({ name, args, offset }: Of<'builtin'>): Compiled {
    const [collectionNode, predicateNode, extraNode] = args
    const kind = PREDICATE_KINDS[name]
    if (kind === undefined || collectionNode === undefined)
      throw new ExpressionError(`not enough arguments to call ${name}`, offset)
    const collection = this.compile(collectionNode)
    const items = itemsOf(name, collection.type)
    if (typeof items === 'string') throw new ExpressionError(items, collectionNode.offset)
    const itemSlot = this.#slots
    this.#slots += SLOTS_OF_LOOP
    this.#scopes.push({ items, pointers: kind.pointers, itemSlot })
    const predicate = predicateNode === undefined ? undefined : this.compile(predicateNode)
    this.#scopes.pop()
    const said = predicate?.type ?? items
    if (predicateNode !== undefined) {
      if (said.kind === 'nil') {
        const text = 'predicate should has one input and one output param'
        throw new ExpressionError(text, predicateNode.offset)
      }
      if (kind.mustBeBool && said.kind !== 'bool' && said.kind !== 'unknown') {
        const text = `predicate should return boolean (got ${goName(said)})`
        throw new ExpressionError(text, predicateNode.offset)
      }
    }
    const extra = extraNode === undefined ? undefined : this.compile(extraNode)
    if (name === 'sortBy' && extra && !['string', 'unknown'].includes(extra.type.kind)) {
      const text = `sortBy order argument must be a string (got ${goName(extra.type)})`
      throw new ExpressionError(text, extraNode?.offset ?? offset)
    }
    const cost = predicateNode?.size ?? 1
    const code = kind.code({ collection, predicate, extra, itemSlot, cost, offset })
    return { type: kind.gives(items, said), code }
  }

  #pointer({ name, offset }: Of<'pointer'>): Compiled {
    const scope = this.#scopes.at(-1)
    if (scope === undefined)
      throw new ExpressionError('cannot use pointer accessor outside predicate', offset)
    const { items, pointers, itemSlot } = scope
    const type = name === '' ? items : pointers[name]
    if (type === undefined || (name !== '' && !Object.hasOwn(pointers, name)))
      throw new ExpressionError(`unknown pointer #${name}`, offset)
    const slot = itemSlot + (name === '' ? 0 : name === 'index' ? 1 : 2)
    return { type, code: run => run.locals[slot] ?? null }
  }

  #conditional(node: Of<'conditional'>): Compiled {
    const condition = this.compile(node.condition)
    const { kind } = condition.type
    if (kind !== 'bool' && kind !== 'unknown') {
      const text = `non-bool expression (type ${goName(condition.type)}) used as condition`
      throw new ExpressionError(text, node.condition.offset)
    }
    const then = node.then === undefined ? undefined : this.compile(node.then)
    const otherwise = this.compile(node.otherwise)
    const { offset } = node.condition
    return {
      type: eitherType(then?.type ?? condition.type, otherwise.type),
      code: run => {
        const value = condition.code(run)
        run.place = offset
        if (!asBool(value)) return otherwise.code(run)
        return then === undefined ? value : then.code(run)
      },
    }
  }

  #let({ name, value, body, offset }: Of<'let'>): Compiled {
    const what = this.#whatIs(name)
    if (what !== undefined) throw new ExpressionError(`cannot redeclare ${what}${name}`, offset)
    const bound = this.compile(value)
    if (bound.type.kind === 'function') {
      const text = 'functions are not values: call it with ()'
      throw new ExpressionError(text, value.offset)
    }
    const slot = this.#slots++
    this.#lets.push({ name, type: bound.type, slot })
    const { type, code } = this.compile(body)
    this.#lets.pop()
    return {
      type,
      code: run => {
        run.locals[slot] = bound.code(run)
        return code(run)
      },
    }
  }

  /** What has the name already. */
  #whatIs(name: string): string | undefined {
    if (this.#functions.has(name) || this.#variables.has(name)) return ''
    if (Object.hasOwn(BUILTINS, name) || Object.hasOwn(PREDICATE_KINDS, name)) return 'builtin '
    return this.#lets.some(one => one.name === name) ? 'variable ' : undefined
  }

  #sequence({ items }: Of<'sequence'>): Compiled {
    const compiled = items.map(item => this.compile(item))
    return {
      type: compiled.at(-1)?.type ?? UNKNOWN,
      code: run => {
        let value: Value = null
        for (const item of compiled) value = item.code(run)
        return value
      },
    }
  }
}

/** What fails behind the operand fails at `offset`. */
const behind =
  (operand: Code, offset: number, operate: (value: Value) => Value): Code =>
  run => {
    const value = operand(run)
    run.place = offset
    return operate(value)
  }

const typesOf = (compiled: readonly Compiled[]): Type[] => compiled.map(({ type }) => type)

const typeOfConstant = (value: Value): Type => {
  switch (typeof value) {
    case 'boolean':
      return BOOL
    case 'bigint':
      return INT
    case 'number':
      return FLOAT
    case 'string':
      return STRING
    default:
      return NIL
  }
}

const sameKind = (one: Type, other: Type): boolean => {
  const isNone = ({ kind }: Type): boolean => kind === 'nil' || kind === 'unknown'
  return one.kind === other.kind || (isNone(one) && isNone(other))
}

const memberType = (
  { property, isMethod, offset }: Of<'member'>,
  base: Type,
  key: Compiled,
): Type => {
  const given = goName(key.type)
  switch (base.kind) {
    case 'unknown':
      return UNKNOWN
    case 'map':
      if (base.keys === 'string' && key.type.kind !== 'unknown' && key.type.kind !== 'string') {
        const text = `cannot use ${given} to get an element from ${goName(base)}`
        throw new ExpressionError(text, property.offset)
      }
      return base.of
    case 'array':
      if (key.type.kind !== 'int' && key.type.kind !== 'unknown') {
        const text = `array elements can only be selected using an integer (got ${given})`
        throw new ExpressionError(text, property.offset)
      }
      return base.of
    default: {
      const shown = base.kind === 'nil' ? 'nil' : goName(base)
      const text =
        typeof key.constant === 'string'
          ? `type ${shown} has no ${isMethod ? 'method' : 'field'} ${key.constant}`
          : `type ${shown}[${given}] is undefined`
      throw new ExpressionError(text, offset)
    }
  }
}

const eitherType = (then: Type, otherwise: Type): Type => {
  if (then.kind === 'nil') return otherwise
  if (otherwise.kind === 'nil') return then
  if (!isAssignable(then, otherwise)) return UNKNOWN
  if (then.kind !== 'array' || otherwise.kind !== 'array') return then
  return isAssignable(then.of, otherwise.of) ? then : ARRAY
}

const NO_ARGUMENTS: readonly Value[] = []

const callCode = (
  { takes, gives, call }: OwnFunction<unknown>,
  args: readonly Compiled[],
  offset: number,
): Code => {
  const given = (run: Run<unknown>): readonly Value[] =>
    args.map(({ code }, index) => {
      const value = code(run)
      return takes[index]?.kind === 'float' && typeof value === 'bigint' ? Number(value) : value
    })
  const isInteger = gives.kind === 'int'
  return run => {
    const values = args.length === 0 ? NO_ARGUMENTS : given(run)
    run.place = offset
    for (const [index, type] of takes.entries())
      if (type.kind === 'string') asText(values[index] ?? null)
    const value = call(run.env, values)
    return isInteger && typeof value === 'number' ? BigInt(value) : value
  }
}
