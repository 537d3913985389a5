// One complete list, page by page, into a sink. Read item by item as the bytes come, in whichever
// of its languages the server answers.

import { type AskParts, ask, takeTurn, yieldToLoop } from './get.ts'
import { KubeError } from './kube-error.ts'
import { type ListHead, type ListReader, ListSplitter } from './list-splitter.ts'
import { ListRuns } from './protobuf/list-runs.ts'
import type { GuardedSink } from './sink.ts'

const PAGE_ITEMS = 500
const HEAD_LIMIT_MS = 60_000
const IDLE_LIMIT_MS = 60_000
/**
 * Pages may expire while a list is read, when the API server compacts its history; the last attempt
 * asks for all in one page, which cannot.
 */
const ATTEMPTS = [PAGE_ITEMS, PAGE_ITEMS, 0]

export interface ListParts extends AskParts {
  readonly takesProtobuf: boolean
}

/**
 * Resolves with the resourceVersion to watch from. Rejects with a KubeError; then the sink has seen
 * no listEnds.
 */
export const list = async (
  parts: ListParts,
  sink: GuardedSink,
  stop: AbortSignal,
): Promise<string> => {
  // One turn for all pages: they come one after the other anyhow, and a large list would wait for
  // seconds.
  const giveBack = await takeTurn(parts, stop)
  try {
    for (const pageItems of ATTEMPTS) {
      const version = await listOnce(parts, sink, pageItems, stop)
      if (version !== undefined) return version
    }
  } finally {
    giveBack()
  }
  throw new KubeError(
    'status',
    `${parts.connection.url.origin} lets each list expire before it is read (410)`,
    { status: 410 },
  )
}

/** Undefined if a page was no longer to be had. */
const listOnce = async (
  parts: ListParts,
  sink: GuardedSink,
  pageItems: number,
  stop: AbortSignal,
): Promise<string | undefined> => {
  // A list that is refused has not begun: what is known stays as it is, and goes on to be
  // published.
  const begin = (): void => sink.listBegins()
  let continueToken = ''
  for (;;) {
    let head: ListHead
    try {
      const onHead = continueToken === '' ? begin : undefined
      head = await readPage(parts, sink, pageQuery(pageItems, continueToken), onHead, stop)
    } catch (error) {
      if (error instanceof KubeError && error.status === 410 && continueToken !== '')
        return undefined
      throw error
    }
    continueToken = head.continueToken
    if (continueToken !== '') continue
    sink.listEnds()
    sink.flush()
    return head.resourceVersion
  }
}

const readPage = async (
  parts: ListParts,
  sink: GuardedSink,
  query: Record<string, string>,
  onHead: (() => void) | undefined,
  stop: AbortSignal,
): Promise<ListHead> => {
  let reader: ListReader | undefined
  const options = {
    verb: 'LIST',
    query,
    takesProtobuf: parts.takesProtobuf,
    headMs: HEAD_LIMIT_MS,
    idleMs: () => IDLE_LIMIT_MS,
    onHead: (isProtobuf: boolean) => {
      reader = isProtobuf ? new ListRuns(item => sink.put(item)) : jsonReader(sink)
      onHead?.()
    },
  } as const
  for await (const chunk of ask(parts, options, stop)) {
    reader?.push(chunk)
    sink.flush()
    await yieldToLoop()
  }
  return (reader ?? jsonReader(sink)).end()
}

const jsonReader = (sink: GuardedSink): ListReader =>
  new ListSplitter(text => {
    let item: unknown
    try {
      item = JSON.parse(text)
    } catch {
      sink.complain('item', 'left out an item of a list that is no JSON', text)
      return
    }
    sink.put(item)
  })

/**
 * No resourceVersion: the newest state there is, so that a list is never older than what we had.
 */
const pageQuery = (pageItems: number, continueToken: string): Record<string, string> => ({
  ...(pageItems === 0 ? {} : { limit: String(pageItems) }),
  ...(continueToken === '' ? {} : { continue: continueToken }),
})
