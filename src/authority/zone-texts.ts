// Log messages about zone files, in CoreDNS's words.

import { goQuote } from '../corefile/words/strconv.ts'
import { MAX_PROBLEMS } from '../zone/master-file.ts'
import { problemText, type ZoneProblem } from '../zone/zone-problem.ts'

export const parseText = (path: string, origin: string, why: string): string =>
  `failed to parse file ${goQuote(path)} for origin ${origin} with error ${why}`

export const problemsText = (
  path: string,
  origin: string,
  problems: readonly ZoneProblem[],
): string => {
  const [first] = problems
  // Of the file as a whole there is one thing to say.
  if (first === undefined || first.line === 0)
    return `file ${goQuote(path)} has no SOA record for origin ${origin}`
  const others =
    problems.length < MAX_PROBLEMS ? `${problems.length - 1}` : `${MAX_PROBLEMS - 1} or`
  const more = problems.length > 1 ? `, and ${others} more` : ''
  return parseText(path, origin, `${problemText(first)}${more}`)
}

export const unwantedText = (path: string, origin: string, serial: number | undefined): string =>
  `no change in SOA serial for origin ${origin} in file ${path}, with ${serial} SOA serial`
