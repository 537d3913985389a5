// The rules as they are applied to questions, compiled once. A rule that applies returns what is to
// be done with the reply.

import { compileRegexp } from '../../base/text/regexp.ts'
import { applyEdns } from './edns-rule.ts'
import { mapBack, nameTest, patternRename, type Rename, renameOf, swapSuffix } from './renames.ts'
import type { Apply, ReplyRule } from './reply-rules.ts'
import type { NameRule, Rule } from './rule.ts'

const NOTHING: readonly ReplyRule[] = []

export const compileRule = (rule: Rule): Apply => {
  switch (rule.kind) {
    case 'name':
      return applyName(rule)
    case 'type':
    case 'class': {
      const { kind, from, to } = rule
      return draft => {
        if (draft[kind] !== from) return undefined
        draft[kind] = to
        return NOTHING
      }
    }
    case 'edns0':
      return applyEdns(rule)
    case 'ttl':
    case 'rcode': {
      const matches = nameTest(rule.match)
      const replies: readonly ReplyRule[] = [rule]
      return draft => (matches(draft.name) ? replies : undefined)
    }
    case 'cname': {
      const replies: readonly ReplyRule[] = [
        { kind: 'cname', rename: renameOf(rule.match, rule.to) },
      ]
      return () => replies
    }
  }
}

const applyName = (rule: NameRule): Apply => {
  const rename = renameOf(rule.match, rule.to)
  const replies = repliesOf(rule)
  return draft => {
    const { name } = draft
    const other = rename(name)
    if (other === undefined) return undefined
    draft.rename(other)
    return replies(other, name)
  }
}

/** What is done with the reply to `other`, the question that was asked in place of `name`. */
const repliesOf = ({ match, to, isAuto, answers }: NameRule) => {
  const written = answers.map(
    ({ part, pattern, to: written }): ReplyRule => ({
      kind: part,
      rename: patternRename(compileRegexp(pattern), written),
    }),
  )
  if (isAuto && match.how === 'suffix') {
    const all = [...both(swapSuffix(to, match.text)), ...written]
    return () => all
  }
  if (!isAuto) return () => written
  return (other: string, name: string) => [...both(mapBack(other, name)), ...written]
}

const both = (rename: Rename): readonly ReplyRule[] => [
  { kind: 'owner', rename },
  { kind: 'value', rename },
]
