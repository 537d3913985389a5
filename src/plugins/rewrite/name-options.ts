// `name [exact|prefix|suffix|substring|regex] FROM TO [answer ...]`.

import { CorefileError } from '../../corefile/diagnostics/diagnostic.ts'
import type { Argument } from '../../corefile/options/values.ts'
import { goQuote } from '../../corefile/words/strconv.ts'
import { checkGroups, howOf, normalName, readPattern } from './match-options.ts'
import type { AnswerRule, NameMatch, NameRule } from './rule.ts'

export const readNameRule = (field: Argument, words: readonly Argument[]): NameRule => {
  const [first, second, third, ...answers] = words
  if (first === undefined || second === undefined)
    throw field.plainErr('too few arguments for a name rule')
  if (third === undefined) return exact(first, second, { isAuto: true, answers: [] })
  const read = answers.length === 0 ? NO_ANSWERS : readAnswers(first, answers)
  const how = howOf(first)
  if (how === undefined)
    throw first.plainErr(
      `name rule supports only exact, prefix, suffix, substring, and regex name matching, received: ${first.text.toLowerCase()}`,
    )
  if (how === 'exact') return exact(second, third, { ...read, isAuto: true })
  const to = normalName(third.text)
  return { kind: 'name', match: readFrom(how, second, third), to, ...read }
}

type Answers = Pick<NameRule, 'isAuto' | 'answers'>

const NO_ANSWERS: Answers = { isAuto: false, answers: [] }

/** An exact rule. Names in its reply are always mapped back. */
const exact = (from: Argument, to: Argument, answers: Answers): NameRule => {
  const name = normalName(to.text)
  // CoreDNS compiles the new name as a pattern, and refuses one that does not compile.
  const as = to.withText(name)
  checkGroups(as, from.withText(normalName(from.text)), readPattern(as))
  return {
    kind: 'name',
    match: { how: 'exact', text: normalName(from.text) },
    to: name,
    ...answers,
  }
}

const readFrom = (how: NameMatch['how'], from: Argument, to: Argument): NameMatch => {
  if (how !== 'regex') return { how, text: normalName(from.text) }
  checkGroups(from, to, readPattern(from))
  return { how, text: from.text }
}

const readAnswers = (how: Argument, words: readonly Argument[]): Answers => {
  const name = how.text.toLowerCase()
  const [first] = words
  if (first === undefined || words.length < 2)
    throw (first ?? how).plainErr(`invalid arguments for ${name} rule`)
  if (first.text !== 'answer')
    throw first.plainErr(
      `exceeded the number of arguments for a non-answer rule argument for ${name} rule`,
    )
  const rest = [...words]
  const answers: AnswerRule[] = []
  let isAuto = false
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    const kind = word.text === 'answer' ? rest.shift() : word
    if (kind === undefined) throw word.plainErr(`type missing for answer rule for ${name} rule`)
    if (kind.text === 'auto') isAuto = true
    else answers.push(readAnswer(name, kind, rest.splice(0, 2)))
  }
  // The text is in CoreDNS's spelling.
  if (isAuto && answers.some(({ part }) => part === 'owner'))
    throw how.plainErr('auto name answer rule cannot be combined with explicit name anwer rules')
  return { isAuto, answers }
}

const readAnswer = (name: string, kind: Argument, [from, to]: readonly Argument[]): AnswerRule => {
  const { text } = kind
  if (text !== 'name' && text !== 'value')
    throw kind.plainErr(`invalid type ${goQuote(text)} for answer rule for ${name} rule`)
  const place = `${text} answer rule for ${name} rule`
  if (from === undefined || to === undefined) throw kind.plainErr(`${place}: 2 arguments required`)
  const prefix = `${place}: `
  try {
    checkGroups(from, to, readPattern(from))
  } catch (error) {
    throw error instanceof CorefileError ? error.prefixed(prefix) : error
  }
  return { part: text === 'name' ? 'owner' : 'value', pattern: from.text, to: normalName(to.text) }
}
