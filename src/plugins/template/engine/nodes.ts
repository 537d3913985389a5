// The tree of a template, plain data, and how Go writes it: error texts and the `template` label of
// metrics show it so.

import { goQuote } from '../../../corefile/words/strconv.ts'
import type { Value } from './values.ts'

interface Place {
  /** UTF-16 units from the beginning of the template. */
  readonly offset: number
}

export interface FieldNode extends Place {
  readonly kind: 'field'
  /** `.A.B` is A and B. */
  readonly names: readonly string[]
}

export interface VariableNode extends Place {
  readonly kind: 'variable'
  /** `$x`. */
  readonly name: string
  readonly fields: readonly string[]
}

export interface ChainNode extends Place {
  readonly kind: 'chain'
  readonly operand: Operand
  readonly fields: readonly string[]
}

export interface IdentifierNode extends Place {
  readonly kind: 'identifier'
  readonly name: string
}

/** A string, a number or a bool. */
export interface ConstantNode extends Place {
  readonly kind: 'constant'
  readonly value: Value
  /** As written. */
  readonly text: string
}

export interface DotNode extends Place {
  readonly kind: 'dot'
}

export interface NilNode extends Place {
  readonly kind: 'nil'
}

export interface PipeNode extends Place {
  readonly kind: 'pipe'
  readonly isAssignment: boolean
  readonly variables: readonly VariableNode[]
  readonly commands: readonly CommandNode[]
}

export type Operand =
  | FieldNode
  | VariableNode
  | ChainNode
  | IdentifierNode
  | ConstantNode
  | DotNode
  | NilNode
  | PipeNode

export interface CommandNode extends Place {
  readonly kind: 'command'
  readonly operands: readonly [Operand, ...Operand[]]
}

export interface TextNode extends Place {
  readonly kind: 'text'
  readonly text: string
}

export interface ActionNode extends Place {
  readonly kind: 'action'
  readonly pipe: PipeNode
}

export interface ControlNode extends Place {
  readonly kind: 'if' | 'range' | 'with'
  readonly pipe: PipeNode
  readonly body: readonly Node[]
  readonly otherwise: readonly Node[] | undefined
}

export interface JumpNode extends Place {
  readonly kind: 'break' | 'continue'
}

/** Calls a template by its name. */
export interface CallNode extends Place {
  readonly kind: 'template'
  readonly name: string
  readonly pipe: PipeNode | undefined
}

export type Node = TextNode | ActionNode | ControlNode | JumpNode | CallNode

/** A template and the templates that it defines. */
export interface Tree {
  readonly root: readonly Node[]
  readonly defined: ReadonlyMap<string, readonly Node[]>
}

const fieldsText = (names: readonly string[]): string => names.map(name => `.${name}`).join('')

const pipeText = ({ variables, isAssignment, commands }: PipeNode): string => {
  const names = variables.map(operandText).join(', ')
  const head = names === '' ? '' : `${names} ${isAssignment ? '=' : ':='} `
  return head + commands.map(commandText).join(' | ')
}

const commandText = ({ operands }: CommandNode): string => operands.map(operandText).join(' ')

const operandText = (operand: Operand): string => {
  switch (operand.kind) {
    case 'field':
      return fieldsText(operand.names)
    case 'variable':
      return operand.name + fieldsText(operand.fields)
    case 'chain':
      return operandText(operand.operand) + fieldsText(operand.fields)
    case 'identifier':
      return operand.name
    case 'constant':
      return operand.text
    case 'dot':
      return '.'
    case 'nil':
      return 'nil'
    case 'pipe':
      return `(${pipeText(operand)})`
  }
}

const controlText = ({ kind, pipe, body, otherwise }: ControlNode): string => {
  const tail = otherwise === undefined ? '' : `{{else}}${nodesText(otherwise)}`
  return `{{${kind} ${pipeText(pipe)}}}${nodesText(body)}${tail}{{end}}`
}

const callText = ({ name, pipe }: CallNode): string =>
  `{{template ${goQuote(name)}${pipe === undefined ? '' : ` ${pipeText(pipe)}`}}}`

export const nodesText = (nodes: readonly Node[]): string => nodes.map(nodeText).join('')

/** The node as Go writes it: with as few blanks as possible and without comments. */
export const nodeText = (node: Node | CommandNode | Operand): string => {
  switch (node.kind) {
    case 'text':
      return node.text
    case 'action':
      return `{{${pipeText(node.pipe)}}}`
    case 'if':
    case 'range':
    case 'with':
      return controlText(node)
    case 'break':
    case 'continue':
      return `{{${node.kind}}}`
    case 'template':
      return callText(node)
    case 'command':
      return commandText(node)
    case 'pipe':
      return pipeText(node)
    default:
      return operandText(node)
  }
}
