// What a builtin function is to the checker: which arguments it takes, and what it makes of them.

import type { Budget } from './budget.ts'
import { goName, isAssignable, isNumber, type Type } from './types.ts'
import type { Value } from './value.ts'

export interface Builtin {
  /**
   * The type of the result. Throws a CallFault for arguments that it does not take.
   */
  readonly check: (args: readonly Type[], name: string) => Type
  readonly run: (args: readonly Value[], budget: Budget) => Value
}

/** A wrong call; `argument` is the place of what is wrong, if it is not the call as a whole. */
export class CallFault extends Error {
  readonly argument: number | undefined

  constructor(message: string, argument?: number) {
    super(message)
    this.argument = argument
  }
}

export interface Signature {
  /** 'unknown' takes anything. */
  readonly takes: readonly Type[]
  readonly gives: Type
}

/** The first signature that fits; else what is wrong with the last. */
export const oneOf =
  (...signatures: readonly Signature[]): Builtin['check'] =>
  (args, name) => {
    let fault: CallFault | undefined
    for (const signature of signatures) {
      fault = faultOf(signature, args, name)
      if (fault === undefined) return signature.gives
    }
    throw fault ?? new CallFault(`no matching overload for ${name}`)
  }

export const checkCall = (signature: Signature, args: readonly Type[], name: string): Type => {
  const fault = faultOf(signature, args, name)
  if (fault !== undefined) throw fault
  return signature.gives
}

const faultOf = (
  { takes }: Signature,
  args: readonly Type[],
  name: string,
): CallFault | undefined => {
  if (args.length > takes.length) return new CallFault(`too many arguments to call ${name}`)
  if (args.length < takes.length) return new CallFault(`not enough arguments to call ${name}`)
  for (const [index, wanted] of takes.entries()) {
    const arg = args[index]
    if (wanted.kind === 'unknown' || arg === undefined) continue
    const isRight = arg.kind !== 'nil' && isAssignable(arg, wanted)
    if (arg.kind === 'unknown' || isRight) continue
    // An integer will do for a float.
    if (wanted.kind === 'float' && isNumber(arg)) continue
    const given = arg.kind === 'nil' ? 'nil' : goName(arg)
    return new CallFault(
      `cannot use ${given} as argument (type ${goName(wanted)}) to call ${name}`,
      index,
    )
  }
  return undefined
}

/** So many arguments, each of one of the kinds; `any` is taken by all. */
export const argumentCount = (args: readonly Type[], count: number): void => {
  if (args.length !== count)
    throw new CallFault(`invalid number of arguments (expected ${count}, got ${args.length})`)
}

export const mustBe = (
  type: Type | undefined,
  kinds: readonly Type['kind'][],
  text: (given: string) => string,
): void => {
  if (type === undefined || type.kind === 'unknown' || kinds.includes(type.kind)) return
  throw new CallFault(text(type.kind === 'nil' ? 'nil' : goName(type)))
}
