// Zone files as `shardns check` looks at them: every problem at its own place, nothing kept.

import { messageOf } from '../chain/errors.ts'
import type { InspectScope } from '../chain/plugin/inspect-scope.ts'
import { CorefileError } from '../corefile/diagnostics/diagnostic.ts'
import { foldName, nameFromText } from '../wire/name.ts'
import { ZoneLoader } from '../zone/load-zone.ts'
import type { ZoneProblem } from '../zone/zone-problem.ts'
import { OpenFailure, ZoneFiles } from './zone-files.ts'
import { parseText, problemsText, unwantedText } from './zone-texts.ts'

/**
 * Makes errors of what is wrong with the file; gives why it cannot be opened, which may be none.
 */
export const checkZoneFile = async (
  path: string,
  origin: string,
  scope: Pick<InspectScope, 'attempt'>,
): Promise<string | undefined> => {
  const files = new ZoneFiles()
  try {
    const text = await files.read(path)
    for (const error of errorsOf(path, origin, text, files))
      await scope.attempt(() => {
        throw error
      })
  } catch (error) {
    if (error instanceof OpenFailure) return error.message
    const message = parseText(path, origin, messageOf(error))
    await scope.attempt(() => {
      throw new Error(message)
    })
  }
  return undefined
}

/** What is wrong with a zone file, in one sentence; undefined: nothing. */
export const zoneFileText = async (path: string, origin: string): Promise<string | undefined> => {
  const files = new ZoneFiles()
  try {
    const text = await files.read(path)
    const loader = loaderOf(path, origin, text, files)
    if (loader.isUnwanted) return unwantedText(path, origin, loader.serial)
    return loader.problems.length === 0 ? undefined : problemsText(path, origin, loader.problems)
  } catch (error) {
    return messageOf(error)
  }
}

const loaderOf = (path: string, origin: string, text: Uint8Array, files: ZoneFiles): ZoneLoader => {
  const loader = new ZoneLoader({
    file: path,
    origin: foldName(nameFromText(origin) ?? Uint8Array.of(0)),
    text,
    readFile: included => files.include(included),
    isWanted: serial => serial !== 0,
  })
  while (!loader.isParsed && !loader.isUnwanted && !loader.slice());
  return loader
}

const errorsOf = (path: string, origin: string, text: Uint8Array, files: ZoneFiles): Error[] => {
  const loader = loaderOf(path, origin, text, files)
  if (loader.isUnwanted) return [new Error(unwantedText(path, origin, loader.serial))]
  const { problems } = loader
  if (problems[0]?.line === 0) return [new Error(problemsText(path, origin, problems))]
  return problems.map(placed)
}

const placed = ({ file, line, column, message }: ZoneProblem): CorefileError =>
  new CorefileError(message, { code: 'zone-file', span: { file, line, column, length: 1 } })
