// Renders the tree of a template with data, as Go's text/template does, within bounds.

import { type Fn, FUNCTIONS, type Parameter } from './functions.ts'
import { Budget, MAX_CALLS, MAX_OUTPUT_BYTES, TemplateError } from './limits.ts'
import {
  type CallNode,
  type CommandNode,
  type ControlNode,
  type Node,
  nodeText,
  type Operand,
  type PipeNode,
  type Tree,
  type VariableNode,
} from './nodes.ts'
import { Printer } from './printing.ts'
import { Dict, Int, isTrue, List, Struct, typeName, type Value } from './values.ts'

/** The command is the first of its pipeline, so there is no value to take. */
const MISSING = Symbol('missing')
type Final = Value | typeof MISSING

/** What a list of nodes ends with, if it does not run to its end. */
type Jump = 'break' | 'continue' | undefined

interface Variable {
  readonly name: string
  value: Value
}

/** The text of a template for these data. Throws TemplateError. */
export const render = (tree: Tree, name: string, source: string, data: Value): string =>
  new Run(tree, name, source).render(data)

class Run {
  readonly #tree: Tree
  readonly #name: string
  readonly #source: string
  readonly #budget = new Budget()
  readonly #printer = new Printer(this.#budget)
  /** The variables in scope, the innermost last. */
  #variables: Variable[] = []
  /** The name of the running template, and how deep its call is nested. */
  #running: string
  #calls = 0
  /** Nesting depth of lists and pipelines. */
  #depth = 0
  #output = ''
  #outputBytes = 0

  constructor(tree: Tree, name: string, source: string) {
    this.#tree = tree
    this.#name = name
    this.#running = name
    this.#source = source
  }

  render(data: Value): string {
    this.#variables = [{ name: '$', value: data }]
    this.#walk(this.#tree.root, data)
    return this.#output
  }

  /** `template: answer:1:3: executing "answer" at <.X>: TEXT`. */
  #error(node: Node | CommandNode | Operand, text: string): TemplateError {
    const before = this.#source.slice(0, node.offset).split('\n')
    const place = `${before.length}:${before.at(-1)?.length ?? 0}`
    return new TemplateError(
      `template: ${this.#name}:${place}: executing "${this.#running}" at <${nodeText(node)}>: ${text}`,
    )
  }

  /** Runs the task. An error of a limit or of a function gets the place in front of its text. */
  #at<T>(node: Node | CommandNode | Operand, prefix: string, task: () => T): T {
    try {
      return task()
    } catch (error) {
      if (!(error instanceof TemplateError) || error.message.startsWith('template: ')) throw error
      throw this.#error(node, prefix + error.message)
    }
  }

  #walk(nodes: readonly Node[], dot: Value): Jump {
    let jump: Jump
    this.#depth++
    for (const node of nodes) {
      this.#step(node)
      jump = this.#node(node, dot)
      if (jump !== undefined) break
    }
    this.#depth--
    return jump
  }

  #step(node: Node | Operand): void {
    this.#at(node, '', () => this.#budget.step(this.#depth))
  }

  #node(node: Node, dot: Value): Jump {
    switch (node.kind) {
      case 'text':
        this.#write(node, node.text)
        return undefined
      case 'action': {
        const value = this.#pipe(node.pipe, dot)
        if (node.pipe.variables.length === 0) this.#write(node, this.#printed(node, value))
        return undefined
      }
      case 'if':
      case 'with':
        return this.#branch(node, dot)
      case 'range':
        this.#range(node, dot)
        return undefined
      case 'template':
        this.#call(node, dot)
        return undefined
      default:
        return node.kind
    }
  }

  #printed(node: Node, value: Value): string {
    if (typeof value === 'string') return value
    if (value === undefined || value === null) return '<no value>'
    return this.#at(node, '', () => this.#printer.print([value]))
  }

  #write(node: Node, text: string): void {
    this.#at(node, '', () => this.#budget.text(text.length))
    this.#outputBytes += Buffer.byteLength(text)
    if (this.#outputBytes > MAX_OUTPUT_BYTES)
      throw this.#error(node, `more than ${MAX_OUTPUT_BYTES} bytes of output`)
    this.#output += text
  }

  #branch({ kind, pipe, body, otherwise }: ControlNode, dot: Value): Jump {
    const scope = this.#variables.length
    const value = this.#pipe(pipe, dot)
    const jump = isTrue(value)
      ? this.#walk(body, kind === 'with' ? value : dot)
      : this.#walk(otherwise ?? [], dot)
    this.#variables.length = scope
    return jump
  }

  #range(node: ControlNode, dot: Value): void {
    const scope = this.#variables.length
    const value = this.#pipe(node.pipe, dot)
    const inner = this.#variables.length
    let isEmpty = true
    for (const [index, item] of this.#items(node, value)) {
      isEmpty = false
      this.#step(node)
      this.#bind(node.pipe, index, item)
      const jump = this.#walk(node.body, item)
      this.#variables.length = inner
      if (jump === 'break') break
    }
    if (isEmpty) this.#walk(node.otherwise ?? [], dot)
    this.#variables.length = scope
  }

  *#items(node: ControlNode, value: Value): Generator<readonly [Value, Value]> {
    if (value === undefined || value === null) return
    if (value instanceof List)
      for (const [index, item] of value.items.entries()) yield [new Int(index), item]
    else if (value instanceof Dict) yield* value.sorted()
    else if (value instanceof Int) {
      if (node.pipe.variables.length > 1)
        throw this.#error(
          iterated(node),
          `can't use ${value.value} to iterate over more than one variable`,
        )
      for (let n = 0n; n < value.value; n++) yield [undefined, new Int(n, value.type)]
    } else
      throw this.#error(iterated(node), `range can't iterate over ${this.#printed(node, value)}`)
  }

  /**
   * Sets the variables of a `range`. A single variable is the item. Of two variables the first is
   * the index.
   */
  #bind({ variables, isAssignment }: PipeNode, index: Value, item: Value): void {
    const values = variables.length > 1 ? [index, item] : [item]
    for (const [place, variable] of variables.entries()) {
      if (isAssignment) this.#assign(variable, values[place])
      else this.#variables[this.#variables.length - variables.length + place]!.value = values[place]
    }
  }

  #call(node: CallNode, dot: Value): void {
    const nodes = this.#tree.defined.get(node.name)
    if (nodes === undefined) throw this.#error(node, `template "${node.name}" not defined`)
    if (++this.#calls > MAX_CALLS)
      throw this.#error(node, `more than ${MAX_CALLS} templates inside each other`)
    const value = node.pipe === undefined ? undefined : this.#pipe(node.pipe, dot)
    const variables = this.#variables
    const running = this.#running
    this.#variables = [{ name: '$', value }]
    this.#running = node.name
    this.#walk(nodes, value)
    this.#variables = variables
    this.#running = running
    this.#calls--
  }

  #assign(node: VariableNode, value: Value): void {
    const variable = this.#variables.findLast(({ name }) => name === node.name)
    if (variable === undefined) throw this.#error(node, `undefined variable: ${node.name}`)
    variable.value = value
  }

  #pipe({ variables, commands, isAssignment }: PipeNode, dot: Value): Value {
    let value: Final = MISSING
    this.#depth++
    for (const command of commands) value = this.#command(command, dot, value)
    this.#depth--
    const result = value === MISSING ? undefined : value
    for (const variable of variables) {
      if (isAssignment) this.#assign(variable, result)
      else this.#variables.push({ name: variable.name, value: result })
    }
    return result
  }

  #command(command: CommandNode, dot: Value, final: Final): Value {
    const [first, ...args] = command.operands
    this.#step(first)
    if (first.kind === 'identifier') return this.#function(first, command, args, dot, final)
    if (first.kind === 'nil') throw this.#error(first, 'nil is not a command')
    const fields = fieldsOf(first)
    if (fields.length === 0) {
      if (args.length > 0 || final !== MISSING)
        throw this.#error(first, `can't give argument to non-function ${nodeText(first)}`)
      return this.#operand(first, dot)
    }
    return this.#fields(first, fields, this.#receiver(first, dot), dot, args, final)
  }

  /** The value that the fields of an operand belong to. */
  #receiver(node: Operand, dot: Value): Value {
    if (node.kind === 'variable') return this.#variable(node.name)
    return node.kind === 'chain' ? this.#operand(node.operand, dot) : dot
  }

  #variable(name: string): Value {
    return this.#variables.findLast(variable => variable.name === name)?.value
  }

  /** The value of an operand that is not a call with arguments. */
  #operand(node: Operand, dot: Value): Value {
    switch (node.kind) {
      case 'constant':
        return node.value
      case 'dot':
        return dot
      case 'nil':
        return null
      case 'identifier':
        return this.#function(node, node, [], dot, MISSING)
      case 'pipe':
        return this.#pipe(node, dot)
      default:
        return this.#fields(node, fieldsOf(node), this.#receiver(node, dot), dot, [], MISSING)
    }
  }

  /** The arguments belong to the last field. */
  #fields(
    node: Operand,
    names: readonly string[],
    receiver: Value,
    dot: Value,
    args: readonly Operand[],
    final: Final,
  ): Value {
    let value = receiver
    for (const [index, name] of names.entries()) {
      const isLast = index === names.length - 1
      value = this.#field(node, name, value, dot, isLast ? args : [], isLast ? final : MISSING)
    }
    return value
  }

  #field(
    node: Operand,
    name: string,
    receiver: Value,
    dot: Value,
    args: readonly Operand[],
    final: Final,
  ): Value {
    if (receiver === undefined) return undefined
    if (receiver === null) throw this.#error(node, `nil data; no entry for key "${name}"`)
    const hasArguments = args.length > 0 || final !== MISSING
    if (receiver instanceof Struct) {
      const method = Object.hasOwn(receiver.methods, name) ? receiver.methods[name] : undefined
      if (method !== undefined) {
        const parameters = Array.from({ length: method.arity }, (): Parameter => 'string')
        const call = (values: readonly Value[]): Value => method.call(...(values as string[]))
        return this.#invoke(node, name, { parameters, call }, args, dot, final)
      }
      if (Object.hasOwn(receiver.fields, name)) {
        if (hasArguments)
          throw this.#error(node, `${name} has arguments but cannot be invoked as function`)
        return receiver.fields[name]?.()
      }
    }
    if (receiver instanceof Dict) {
      if (hasArguments) throw this.#error(node, `${name} is not a method but has arguments`)
      return receiver.entries.get(name)
    }
    throw this.#error(node, `can't evaluate field ${name} in type ${typeName(receiver)}`)
  }

  #function(
    node: Operand & { kind: 'identifier' },
    shown: CommandNode | Operand,
    args: readonly Operand[],
    dot: Value,
    final: Final,
  ): Value {
    const fn = FUNCTIONS.get(node.name)
    if (fn === undefined) throw this.#error(node, `"${node.name}" is not a defined function`)
    return this.#invoke(shown, node.name, fn, args, dot, final)
  }

  #invoke(
    node: CommandNode | Operand,
    name: string,
    fn: Fn,
    args: readonly Operand[],
    dot: Value,
    final: Final,
  ): Value {
    const count = args.length + (final === MISSING ? 0 : 1)
    const { parameters, isVariadic } = fn
    const least = isVariadic ? parameters.length - 1 : parameters.length
    if (count < least || (!isVariadic && count > least))
      throw this.#error(
        node,
        `wrong number of args for ${name}: want ${isVariadic ? 'at least ' : ''}${least} got ${count}`,
      )
    const values: Value[] = []
    for (const [index, arg] of args.entries()) {
      const value = this.#argument(arg, parameters[Math.min(index, parameters.length - 1)]!, dot)
      values.push(value)
      if (fn.isLazy && isTrue(value) === (name === 'or')) return value
    }
    if (final !== MISSING) {
      const kind = parameters[Math.min(args.length, parameters.length - 1)]!
      values.push(this.#checked(node, final, kind))
    }
    return this.#at(node, `error calling ${name}: `, () => fn.call(values, this.#budget))
  }

  #argument(node: Operand, kind: Parameter, dot: Value): Value {
    this.#step(node)
    const value = this.#operand(node, dot)
    if (node.kind !== 'constant' && node.kind !== 'nil') return this.#checked(node, value, kind)
    if (kind === 'any') return value
    if (kind === 'int' && typeof value === 'number' && Number.isSafeInteger(value))
      return new Int(value)
    if (kind === 'int' ? value instanceof Int : typeof value === 'string') return value
    if (node.kind === 'nil') throw this.#error(node, `cannot assign nil to ${kind}`)
    throw this.#error(
      node,
      `expected ${kind === 'int' ? 'integer' : kind}; found ${nodeText(node)}`,
    )
  }

  #checked(node: CommandNode | Operand, value: Value, kind: Parameter): Value {
    if (kind === 'any') return value
    if (value === undefined || value === null)
      throw this.#error(node, `invalid value; expected ${kind}`)
    if (typeName(value) === kind) return value
    throw this.#error(node, `wrong type for value; expected ${kind}; got ${typeName(value)}`)
  }
}

/** The operand that a `range` iterates over, for error texts. */
const iterated = ({ pipe }: ControlNode): Operand => pipe.commands.at(-1)?.operands[0] ?? pipe

const fieldsOf = (node: Operand): readonly string[] => {
  if (node.kind === 'field') return node.names
  return node.kind === 'variable' || node.kind === 'chain' ? node.fields : []
}
